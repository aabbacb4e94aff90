import { SchemaComparator, type TableDifference } from '@mikro-orm/sql';

/** A column that keeps its values under another name. */
export interface Rename {
  readonly table: string;
  readonly from: string;
  readonly to: string;
}

type Platform = ConstructorParameters<typeof SchemaComparator>[0];
type Table = Parameters<SchemaComparator['diffTable']>[0];

/**
 * A comparison that renames only what it was told to. MikroORM takes a column that went and one of the same type that
 * came for one that was renamed; that guess differs between dialects, and where it is wrong it mixes up values silently.
 * Collects on the way what the change destroys and what it cannot do on a table with rows.
 */
export class StatedRenamesComparator extends SchemaComparator {
  readonly losses: string[] = [];
  readonly refusals: string[] = [];
  /** Statements that give rows a value before their column stops taking null. */
  readonly fillNulls: string[] = [];
  readonly #renames: readonly Rename[];
  readonly #platform: Platform;

  constructor(platform: Platform, renames: readonly Rename[]) {
    super(platform);
    this.#platform = platform;
    this.#renames = renames;
  }

  override compare(...schemas: Parameters<SchemaComparator['compare']>): ReturnType<SchemaComparator['compare']> {
    const [before, after] = schemas;
    const difference = super.compare(before, after);
    for (const table of Object.keys(difference.removedTables))
      this.losses.push(`drops the table ${table} with its rows`);
    return difference;
  }

  override diffTable(before: Table, after: Table): TableDifference | false {
    const diff = super.diffTable(before, after);
    if (!diff) return false;
    this.#undoGuesses(diff);
    this.#rename(diff);
    this.#judge(diff);
    return diff;
  }

  #undoGuesses(diff: TableDifference): void {
    for (const [before, column] of Object.entries(diff.renamedColumns)) {
      diff.removedColumns[before] = diff.fromTable.getColumn(before)!;
      diff.addedColumns[column.name] = column;
    }
    diff.renamedColumns = {};
  }

  #rename(diff: TableDifference): void {
    for (const { table, from, to } of this.#renames) {
      if (table !== diff.toTable.name) continue;
      const removed = diff.removedColumns[from];
      const added = diff.addedColumns[to];
      if (!removed || !added) {
        this.refusals.push(
          `${table}.${from} cannot become ${to}: the first must be gone from the entity, the second new`,
        );
        continue;
      }
      if (this.diffColumn(removed, added, diff.fromTable).size > 0) {
        this.refusals.push(
          `${table}.${from} and ${to} differ in type, default or null: rename first, change in a second migration`,
        );
        continue;
      }
      diff.renamedColumns[from] = added;
      delete diff.removedColumns[from];
      delete diff.addedColumns[to];
    }
  }

  #judge(diff: TableDifference): void {
    const { name } = diff.toTable;
    const quote = (identifier: string): string => this.#platform.quoteIdentifier(identifier);
    for (const column of Object.keys(diff.removedColumns))
      this.losses.push(`drops the column ${name}.${column} with its values`);
    for (const column of Object.values(diff.addedColumns)) {
      if (!column.nullable && !column.default) this.refusals.push(withoutDefault(`${name}.${column.name} is new,`));
    }
    for (const { column, fromColumn, changedProperties } of Object.values(diff.changedColumns)) {
      if (!changedProperties.has('nullable') || column.nullable || !fromColumn.nullable) continue;
      if (!column.default) this.refusals.push(withoutDefault(`${name}.${column.name} took null until now,`));
      else {
        const target = quote(column.name);
        this.fillNulls.push(`update ${quote(name)} set ${target} = ${column.default} where ${target} is null`);
      }
    }
  }
}

const withoutDefault = (what: string): string =>
  `${what} takes no null and has no default, which fails on a table with rows: add .default(…) or .nullable()`;
