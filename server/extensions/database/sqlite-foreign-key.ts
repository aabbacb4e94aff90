import {
  ColumnNode,
  type ColumnUpdateNode,
  createQueryId,
  type DeleteQueryNode,
  type InsertQueryNode,
  type OperationNode,
  type RootOperationNode,
  SelectionNode,
  SelectQueryNode,
  SqliteQueryCompiler,
} from 'kysely';
import { type Entity, referencesOf } from '#core/entity.ts';
import type { ConstraintViolation } from './errors.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import { targetTable } from './statement.ts';

/** Whether SQLite refused a statement because of a foreign key. It never says which. */
export function isForeignKeyFailure(error: unknown): boolean {
  return error instanceof Error && error.message === 'FOREIGN KEY constraint failed';
}

/**
 * Finds out which foreign key a failed statement broke, by asking the database on the same connection: the failed statement changed
 * nothing, so what stopped it is still there. Answers with what is sure, at least that it was a foreign key; never throws.
 */
export function findForeignKeyViolation(
  connection: SqliteConnection,
  statement: RootOperationNode,
  entities: readonly Entity[],
): ConstraintViolation {
  try {
    const found =
      statement.kind === 'DeleteQueryNode'
        ? findUser(connection, statement, entities)
        : findMissing(connection, statement, entities);
    if (found) return found;
  } catch {
    // The search is a help; the error that made it necessary is what counts.
  }
  return { kind: 'foreign_key', columns: [] };
}

/** For an insert or update: the column whose value has no row to point to. */
function findMissing(
  connection: SqliteConnection,
  statement: RootOperationNode,
  entities: readonly Entity[],
): ConstraintViolation | undefined {
  const entity = entities.find(({ table }) => table === targetTable(statement));
  if (!entity) return undefined;
  const references = referencesOf(entity);
  const values = writtenValues(statement);
  const broken =
    references.find(({ column, table }) =>
      values.get(column)?.some((value) => !connection.finds(`select 1 from ${quoted(table)} where "id" = ?`, [value])),
    ) ?? (references.length === 1 ? references[0] : undefined);
  return broken && { kind: 'foreign_key', direction: 'missing', table: entity.table, columns: [broken.column] };
}

/** For a delete: the table whose rows still point to those that should go, also by way of rows that would go with them. */
function findUser(
  connection: SqliteConnection,
  statement: DeleteQueryNode,
  entities: readonly Entity[],
): ConstraintViolation | undefined {
  const target = targetTable(statement);
  if (target === undefined) return undefined;
  const doomed = new SqliteQueryCompiler().compileQuery(
    {
      ...SelectQueryNode.createFrom(statement.from.froms, statement.with),
      selections: [SelectionNode.create(ColumnNode.create('id'))],
      ...(statement.where && { where: statement.where }),
    },
    createQueryId(),
  );
  const search = (parent: string, ids: string, seen: readonly string[]): ConstraintViolation | undefined => {
    for (const entity of entities) {
      for (const { column, table } of referencesOf(entity)) {
        if (table !== parent) continue;
        const pointing = `from ${quoted(entity.table)} where ${quoted(column)} in (${ids})`;
        const rule = entity.columns[column]?.options.references?.onDelete;
        if (rule === 'restrict' && connection.finds(`select 1 ${pointing} limit 1`, doomed.parameters)) {
          return {
            kind: 'foreign_key',
            direction: 'in_use',
            table: parent,
            columns: [column],
            referencing: entity.table,
          };
        }
        if (rule !== 'cascade' || !entity.columns.id || seen.includes(entity.table)) continue;
        const deeper = search(entity.table, `select "id" ${pointing}`, [...seen, entity.table]);
        if (deeper) return deeper;
      }
    }
    return undefined;
  };
  return search(target, doomed.sql, [target]);
}

/** The values that a statement writes, by column, as far as they stand in it. */
function writtenValues(statement: RootOperationNode): Map<string, unknown[]> {
  const written = new Map<string, unknown[]>();
  const add = (column: string, value: unknown) => {
    if (value === null || value === undefined) return;
    const values = written.get(column);
    if (values) values.push(value);
    else written.set(column, [value]);
  };
  const addUpdates = (updates: readonly ColumnUpdateNode[] = []) => {
    for (const { column, value } of updates) if (ColumnNode.is(column)) add(column.column.name, writtenValue(value));
  };
  if (statement.kind === 'InsertQueryNode') {
    for (const [column, value] of insertedValues(statement)) add(column, value);
    addUpdates(statement.onConflict?.updates);
  } else if (statement.kind === 'UpdateQueryNode') {
    addUpdates(statement.updates);
  }
  return written;
}

function insertedValues({ columns = [], values }: InsertQueryNode): [string, unknown][] {
  if (values?.kind !== 'ValuesNode') return [];
  const rows = (values as OperationNode & { readonly values: readonly OperationNode[] }).values;
  return rows.flatMap((row) => {
    const items = (row as OperationNode & { readonly values: readonly unknown[] }).values;
    const isPrimitive = row.kind === 'PrimitiveValueListNode';
    return columns.map(({ column }, index): [string, unknown] => [
      column.name,
      isPrimitive ? items[index] : writtenValue(items[index] as OperationNode),
    ]);
  });
}

function writtenValue(node: OperationNode): unknown {
  return node.kind === 'ValueNode' ? (node as OperationNode & { readonly value: unknown }).value : undefined;
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
