import type { Kysely } from 'kysely';
import { MigrationError } from './migration-error.ts';

/** The tables of the migrations themselves: what was applied, Kysely's lock, and how far each one got. */
export const [appliedTable, lockTable, progressTable] = [
  'schema_migrations',
  'schema_migrations_lock',
  'schema_migrations_progress',
] as const;
export const migrationTables: readonly string[] = [appliedTable, lockTable, progressTable];

/** How far a migration got. */
export interface Progress {
  readonly direction: 'up' | 'down';
  /** Statements that ran. */
  readonly done: number;
  /** Of the statements that ran, to notice that the file was changed since. */
  readonly checksum: string;
  /** 1 while a statement runs; it stays so when the process is stopped inside of it. */
  readonly is_running: number;
}

/** The tables of the migrations as Kysely sees them. */
export interface MigrationSchema {
  schema_migrations: { name: string; timestamp: string };
  schema_migrations_progress: Progress & { name: string };
}

export interface Applied {
  readonly name: string;
  readonly timestamp: string;
  readonly direction: 'up' | 'down' | null;
  readonly checksum: string | null;
}

export interface State {
  /** Oldest first. */
  readonly applied: readonly Applied[];
  readonly pending: readonly string[];
}

/** Compares names as bytes, as the files are sorted, whatever the language of the machine. */
export const byteOrder = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * Compares what is recorded in the database with the names of the files; one select.
 *
 * @throws {MigrationError} when a recorded migration has no file, or a pending one is older than an applied one
 */
export async function readState(database: Kysely<MigrationSchema>, names: readonly string[]): Promise<State> {
  const applied = await readApplied(database);
  const missing = applied.map(({ name }) => name).filter((name) => !names.includes(name));
  if (missing.length > 0) {
    throw new MigrationError(
      `This database was migrated by another version of the program: ${missing.join(', ')} applied, but no such file here. ` +
        'Start the version that has it, or restore a backup from before.',
    );
  }
  const recorded = new Set(applied.map(({ name }) => name));
  const pending = names.filter((name) => !recorded.has(name));
  const newest = applied.at(-1)?.name ?? '';
  const late = pending.filter((name) => name < newest);
  if (late.length > 0) {
    throw new MigrationError(
      `${late.join(', ')} pending, although the newer ${newest} is applied. Migrations run in the order of their names: ` +
        'delete the late one with its change to snapshot.json and make it again.',
    );
  }
  return { applied, pending };
}

/** Reads what is recorded, oldest first; nothing when the tables are not there yet. */
export async function readApplied(database: Kysely<MigrationSchema>): Promise<Applied[]> {
  const query = database
    .selectFrom('schema_migrations as applied')
    .leftJoin('schema_migrations_progress as progress', 'progress.name', 'applied.name')
    .select(['applied.name', 'applied.timestamp', 'progress.direction', 'progress.checksum']);
  const rows = await orNothing(() => query.execute());
  return rows.sort((a, b) => byteOrder(a.name, b.name));
}

export async function readProgress(database: Kysely<MigrationSchema>): Promise<Map<string, Progress>> {
  const rows = await orNothing(() => database.selectFrom(progressTable).selectAll().execute());
  return new Map(rows.map(({ name, ...progress }) => [name, progress]));
}

/** Must run under the lock: two at once fail on PostgreSQL in spite of `if not exists`. */
export async function createProgressTable(database: Kysely<MigrationSchema>): Promise<void> {
  await database.schema
    .createTable(progressTable)
    .ifNotExists()
    .addColumn('name', 'varchar(255)', (column) => column.notNull().primaryKey())
    .addColumn('direction', 'varchar(4)', (column) => column.notNull())
    .addColumn('done', 'integer', (column) => column.notNull())
    .addColumn('checksum', 'varchar(64)', (column) => column.notNull())
    .addColumn('is_running', 'integer', (column) => column.notNull())
    .execute();
}

/** An empty list when the table does not exist; every other failure stays one. */
async function orNothing<T>(read: () => Promise<T[]>): Promise<T[]> {
  try {
    return await read();
  } catch (error) {
    if (isMissingTable(error)) return [];
    throw error;
  }
}

function isMissingTable(error: unknown): boolean {
  const { code, errno, message } = error as { code?: unknown; errno?: unknown; message?: unknown };
  return code === '42P01' || errno === 1146 || /^no such table: schema_migrations/.test(String(message));
}
