import { type DatabaseTable, SqliteSchemaHelper, type TableDifference } from '@mikro-orm/sql';

const quote = (name: string): string => `\`${name}\``;

function foreignKeysOf(table: DatabaseTable): Map<string, string> {
  return new Map(
    Object.values(table.getForeignKeys()).map((key) => [
      key.columnNames.join(','),
      [key.constraintName, key.referencedTableName, key.deleteRule].join(' '),
    ]),
  );
}

/** Whether SQLite's `alter table` cannot express the change, so that the table has to be written anew. */
function needsRebuild(diff: TableDifference): boolean {
  const before = foreignKeysOf(diff.fromTable);
  const after = foreignKeysOf(diff.toTable);
  const keysChanged = [...before].some(([columns, key]) => after.get(columns) !== key);
  const keysAdded = [...after.keys()].some((columns) => !before.has(columns) && !(columns in diff.addedColumns));
  const primaryChanged = [diff.addedIndexes, diff.changedIndexes, diff.removedIndexes]
    .flatMap((indexes) => Object.values(indexes))
    .some((index) => index.primary);
  return keysChanged || keysAdded || primaryChanged || Object.keys(diff.changedColumns).length > 0;
}

/**
 * The statements that copy a table into its new form. MikroORM's own switch foreign keys off inside the transaction, where
 * SQLite ignores that and the drop then empties every table that points here by cascade; they write null into new columns
 * that have a default, lose renamed columns, and forget the highest id that was ever given, so that ids are used twice.
 * Foreign keys are off around the whole migration instead (`extensions/database/migrations.ts`).
 */
function rebuildStatements(diff: TableDifference, createTable: string[]): string[] {
  const { name } = diff.toTable;
  const temporary = `${name}__new`;
  const previousNames = new Map(Object.entries(diff.renamedColumns).map(([before, { name }]) => [name, before]));
  const targets: string[] = [];
  const sources: string[] = [];
  for (const column of diff.toTable.getColumns()) {
    const previous = diff.fromTable.getColumn(previousNames.get(column.name) ?? column.name);
    if (!previous) continue;
    targets.push(quote(column.name));
    const fallback = previous.nullable && !column.nullable && column.default;
    sources.push(fallback ? `coalesce(${quote(previous.name)}, ${column.default})` : quote(previous.name));
  }
  const [create, ...indexes] = createTable;
  const countsIds = [diff.fromTable, diff.toTable].every((table) => table.getColumns().some((c) => c.autoincrement));
  return [
    create!.replace(`create table ${quote(name)}`, `create table ${quote(temporary)}`),
    `insert into ${quote(temporary)} (${targets.join(', ')}) select ${sources.join(', ')} from ${quote(name)}`,
    ...(countsIds
      ? [
          `delete from sqlite_sequence where name = '${temporary}'`,
          `insert into sqlite_sequence (name, seq) select '${temporary}', seq from sqlite_sequence where name = '${name}'`,
        ]
      : []),
    `drop table ${quote(name)}`,
    `alter table ${quote(temporary)} rename to ${quote(name)}`,
    ...indexes,
  ];
}

export class SafeSqliteSchemaHelper extends SqliteSchemaHelper {
  override alterTable(diff: TableDifference, safe?: boolean): string[] {
    return needsRebuild(diff) ? rebuildStatements(diff, this.createTable(diff.toTable)) : super.alterTable(diff, safe);
  }
}
