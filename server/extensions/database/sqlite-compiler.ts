import {
  ColumnNode,
  type OperationNode,
  ReferenceNode,
  type SelectionNode,
  type SelectModifierNode,
  SqliteQueryCompiler,
} from 'kysely';

/**
 * Kysely's compiler for SQLite with two changes: `for update` and its relatives are left out, because SQLite does not know them and a
 * transaction holds the only writer anyway; and plain columns, most of every statement, are written in one step instead of five
 * visits, which halves the time it takes to compile a list's select.
 */
export class SqliteCompiler extends SqliteQueryCompiler {
  /** Identifiers come from the source code, so they are few. */
  readonly #quoted = new Map<string, string>();

  protected override visitSelectModifier(node: SelectModifierNode): void {
    if (node.modifier === undefined || node.modifier === 'Distinct') super.visitSelectModifier(node);
  }

  protected override visitSelection(node: SelectionNode): void {
    const selection: OperationNode = node.selection;
    if (ReferenceNode.is(selection)) this.visitReference(selection);
    else super.visitSelection(node);
  }

  protected override visitReference(node: ReferenceNode): void {
    const { table, column } = node;
    if (!ColumnNode.is(column) || table?.table.schema) {
      super.visitReference(node);
      return;
    }
    if (table) this.append(`${this.#quote(table.table.identifier.name)}.`);
    this.append(this.#quote(column.column.name));
  }

  #quote(name: string): string {
    let quoted = this.#quoted.get(name);
    if (quoted === undefined) {
      quoted = `"${this.sanitizeIdentifier(name)}"`;
      if (this.#quoted.size < 10_000) this.#quoted.set(name, quoted);
    }
    return quoted;
  }
}
