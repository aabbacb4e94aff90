import { type CompiledQuery, isExpression, type Kysely, type QueryResult } from 'kysely';
import type { TableName, Tables } from './entity.ts';

type Row = Readonly<Record<string, unknown>>;

export interface Insert {
  readonly dialect: 'sqlite' | 'mysql' | 'postgresql';
  readonly table: string;
  readonly rows: readonly Row[];
  /** Whether the key that the database makes is asked for. */
  readonly makesId?: boolean;
}

/** Statements of up to so many rows are kept; most inserts have one or two. */
const MOST_ROWS = 20;
const MOST_STATEMENTS = 1000;
const statements = new Map<string, CompiledQuery>();

/** Inserts rows. Those with the same columns are one statement with other parameters, which is compiled once. */
export async function insertRows(executor: Kysely<Tables>, insert: Insert): Promise<QueryResult<{ id: number }>> {
  const { rows } = insert;
  const columns = columnsOf(rows);
  const run = (query: CompiledQuery) => executor.executeQuery(query as CompiledQuery<{ id: number }>);
  const parameters = columns && rows.flatMap((row) => columns.map((column) => row[column]));
  if (!columns || !parameters || parameters.some(isExpression)) return run(compile(executor, insert));
  try {
    return await run({ ...statementOf(executor, insert, columns), parameters });
  } catch (error) {
    if (insert.dialect !== 'sqlite' || !isForeignKeyFailure(error)) throw error;
    // SQLite does not say which one; to find that out takes the statement that holds the values. The first try has changed nothing.
    return run(compile(executor, insert));
  }
}

const isForeignKeyFailure = (error: unknown) => error instanceof Error && error.message.includes('FOREIGN KEY');

/** The columns that all of the rows say; null when they differ, or when there are too many rows to keep their statement. */
function columnsOf(rows: readonly Row[]): string[] | null {
  if (rows.length > MOST_ROWS) return null;
  const [first = {}] = rows;
  const columns = Object.keys(first).filter((column) => first[column] !== undefined);
  const areAlike = rows.every(
    (row) =>
      columns.every((column) => row[column] !== undefined) &&
      (row === first || Object.keys(row).length === columns.length),
  );
  return areAlike ? columns : null;
}

function statementOf(executor: Kysely<Tables>, insert: Insert, columns: readonly string[]): CompiledQuery {
  const { dialect, table, rows, makesId = false } = insert;
  const key = `${dialect} ${table} ${rows.length} ${makesId} ${columns.join()}`;
  const known = statements.get(key);
  if (known) return known;
  const nothing = Object.fromEntries(columns.map((column) => [column, null]));
  const statement = compile(executor.withoutPlugins(), { ...insert, rows: rows.map(() => nothing) });
  if (statements.size < MOST_STATEMENTS) statements.set(key, statement);
  return statement;
}

function compile(executor: Kysely<Tables>, { dialect, table, rows, makesId }: Insert): CompiledQuery {
  const insert = executor.insertInto(table as TableName).values(rows as never);
  // MySQL cannot return the key, but tells it.
  return makesId && dialect !== 'mysql' ? insert.returning('id' as never).compile() : insert.compile();
}
