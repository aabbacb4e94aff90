import { type Kysely, sql } from 'kysely';
import { Migrator, NO_MIGRATIONS } from 'kysely/migration';
import { MigrationError } from './migration-error.ts';
import { checksum, type Migration } from './migration-files.ts';
import {
  appliedTable,
  byteOrder,
  createProgressTable,
  lockTable,
  type MigrationSchema,
  type Progress,
  progressTable,
  readProgress,
} from './migration-state.ts';

export interface Run {
  readonly migrations: readonly Migration[];
  /** The migration that shall be the newest applied one afterwards; undefined for none at all. */
  readonly target: string | undefined;
  /** Whether a failure undoes the statements before it. MySQL and MariaDB commit each one as it runs. */
  readonly isAtomic: boolean;
}

/**
 * Runs migrations on one connection that already holds the lock; answers with the names that ran, in that order.
 *
 * @throws {MigrationError} naming the migration, the statement, and the state in which the database is left
 */
export async function runMigrations(connection: Kysely<MigrationSchema>, run: Run): Promise<string[]> {
  await createProgressTable(connection);
  const steps = run.migrations.map((migration) => [
    migration.name,
    {
      up: (db: Kysely<MigrationSchema>) => execute(db, migration, 'up', run.isAtomic),
      down: (db: Kysely<MigrationSchema>) => execute(db, migration, 'down', run.isAtomic),
    },
  ]);
  const migrator = new Migrator({
    db: connection,
    provider: { getMigrations: async () => Object.fromEntries(steps) },
    migrationTableName: appliedTable,
    migrationLockTableName: lockTable,
    nameComparator: byteOrder,
  });
  const { error, results } = await migrator.migrateTo(run.target ?? NO_MIGRATIONS);
  if (error) throw error;
  return (results ?? []).filter(({ status }) => status === 'Success').map(({ migrationName }) => migrationName);
}

/**
 * Runs the statements of one migration and records how far it got. Where every statement commits by itself, a later
 * call goes on behind the last one that ran, so that a failure or a crash leaves nothing to be repaired by hand.
 */
async function execute(
  connection: Kysely<MigrationSchema>,
  migration: Migration,
  direction: 'up' | 'down',
  isAtomic: boolean,
): Promise<void> {
  const statements = migration[direction];
  const before = (await readProgress(connection)).get(migration.name);
  const resumed = !isAtomic && before?.direction === direction ? before : undefined;
  if (resumed && checksum(statements.slice(0, resumed.done)) !== resumed.checksum) {
    throw new MigrationError(
      `The first ${resumed.done} statements of ${migration.name} (${direction}) have already run, but the file holds others now. ` +
        'Restore them; only the statements behind them may change.',
    );
  }
  let isRecorded = before !== undefined;
  const record = async (done: number, isRunning: boolean): Promise<void> => {
    const progress = { direction, done, checksum: checksum(statements.slice(0, done)), is_running: isRunning ? 1 : 0 };
    await writeProgress(connection, migration.name, progress, isRecorded);
    isRecorded = true;
  };
  for (let done = resumed?.done ?? 0; done < statements.length; done++) {
    const statement = statements[done] as string;
    if (!isAtomic) await record(done, true);
    try {
      await sql.raw(statement).execute(connection);
    } catch (error) {
      const wasInterrupted = resumed?.is_running === 1 && resumed.done === done;
      if (wasInterrupted && saysAlreadyDone(error)) continue;
      if (!isAtomic) await record(done, false);
      throw failure(migration.name, direction, statements, done, isAtomic, error);
    }
  }
  await record(statements.length, false);
}

async function writeProgress(
  connection: Kysely<MigrationSchema>,
  name: string,
  progress: Progress,
  isRecorded: boolean,
): Promise<void> {
  if (isRecorded) await connection.updateTable(progressTable).set(progress).where('name', '=', name).execute();
  else
    await connection
      .insertInto(progressTable)
      .values({ name, ...progress })
      .execute();
}

/** MySQL's and MariaDB's ways to say that a table, column, index or key is already there, or already gone. */
const ALREADY_DONE = new Set([1050, 1051, 1060, 1061, 1091, 1826]);

function saysAlreadyDone(error: unknown): boolean {
  const { errno, message } = error as { errno?: number; message?: string };
  return ALREADY_DONE.has(errno ?? 0) || (errno === 1005 && /errno: 121/.test(message ?? ''));
}

function failure(
  name: string,
  direction: 'up' | 'down',
  statements: readonly string[],
  done: number,
  isAtomic: boolean,
  cause: unknown,
): MigrationError {
  const statement = (statements[done] as string).slice(0, 1000);
  const state = isAtomic
    ? 'Everything was rolled back: the database is as it was before.'
    : `MySQL and MariaDB cannot roll back: the ${done} statements before it stay done and are recorded. ` +
      `Remove the cause and run "npm run migrate -- ${direction}" again; it goes on with this statement.`;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new MigrationError(
    `The migration ${name} (${direction}) failed at statement ${done + 1} of ${statements.length}: ${reason}\n  ${statement}\n${state}`,
    { cause },
  );
}
