import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kysely, SqliteDialect, sql } from 'kysely';
import type { Database } from './index.ts';
import { type Backup, backUp, removeOldBackups } from './migration-backup.ts';
import { MigrationError } from './migration-error.ts';
import type { ExclusiveOptions, ExclusiveSession } from './migration-lock.ts';
import { type MigrationSchema, migrationTables } from './migration-state.ts';
import { isBusy } from './sqlite-connection.ts';

/**
 * Does `work` in one transaction on a connection of its own, with foreign keys off from before the transaction began:
 * only so does rebuilding a table leave the rows that point to it alone. They are checked before the commit instead.
 * `begin immediate` is the lock; a second process waits for it.
 *
 * @throws {MigrationError} when another process holds the file for too long, or rows point to nothing afterwards
 */
export async function onlyOneSqlite<T>(
  database: Database,
  options: ExclusiveOptions,
  work: (session: ExclusiveSession) => Promise<T>,
): Promise<T> {
  const { rows } = await sql<{ file: string }>`select file from pragma_database_list where name = 'main'`.execute(
    database.kysely,
  );
  const file = rows[0]?.file as string;
  const handle = new DatabaseSync(file, { timeout: 0, enableForeignKeyConstraints: false });
  const kysely = new Kysely<MigrationSchema>({ dialect: new SqliteDialect({ database: asKyselyDatabase(handle) }) });
  let backup: Backup | undefined;
  const saveFirst = (): void => {
    if (!holdsTables(handle)) return;
    backup = backUp(file);
    options.log(`saved the database as ${backup.path}`);
  };
  try {
    await persist(() => handle.exec('begin immediate'), file, options.lockTimeoutMs);
    const result = await work({ kysely, isAtomic: true, backUp: saveFirst });
    refuseDanglingRows(handle);
    await persist(() => handle.exec('commit'), file, options.lockTimeoutMs);
    removeOldBackups(file);
    return result;
  } catch (error) {
    if (handle.isTransaction) handle.exec('rollback');
    // The database is as it was. Were the copy kept, a service that restarts for ever would push out every older one.
    backup?.discard();
    throw error;
  } finally {
    handle.close();
  }
}

async function persist(attempt: () => void, file: string, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      return attempt();
    } catch (error) {
      if (!isBusy(error)) throw error;
      if (performance.now() > deadline) {
        throw new MigrationError(
          `Another process has been writing to ${file} for ${timeoutMs} ms, so it was not migrated. ` +
            'Stop that process, or let it finish, and start again.',
          { cause: error },
        );
      }
    }
    await sleep(20 + Math.random() * 30);
  }
}

function refuseDanglingRows(handle: DatabaseSync): void {
  const violations = handle.prepare('pragma foreign_key_check').all() as {
    table: string;
    rowid: number;
    parent: string;
  }[];
  if (violations.length === 0) return;
  const shown = violations.slice(0, 10).map(({ table, rowid, parent }) => `${table} row ${rowid} → ${parent}`);
  throw new MigrationError(
    `After the migration ${violations.length} rows would point to rows that do not exist (${shown.join(', ')}). ` +
      'Everything was rolled back: the database is as it was before.',
  );
}

/** Whether there is anything to lose. */
function holdsTables(handle: DatabaseSync): boolean {
  const tables = handle.prepare(`select name from sqlite_master where type = 'table'`).all() as { name: string }[];
  return tables.some(({ name }) => !name.startsWith('sqlite_') && !migrationTables.includes(name));
}

/** `node:sqlite` in the shape that Kysely's own SQLite dialect expects. */
function asKyselyDatabase(handle: DatabaseSync) {
  return {
    close: () => handle.close(),
    prepare(text: string) {
      const statement = handle.prepare(text);
      // What follows the first statement is not run by SQLite, and not reported either.
      if (bare(statement.sourceSQL) !== bare(text)) throw new Error('More than one statement in one entry.');
      return {
        reader: statement.columns().length > 0,
        all: (parameters: readonly unknown[]) => statement.all(...(parameters as SQLInputValue[])),
        run: (parameters: readonly unknown[]) => statement.run(...(parameters as SQLInputValue[])),
        iterate: (parameters: readonly unknown[]) => statement.iterate(...(parameters as SQLInputValue[])),
      };
    },
  };
}

const bare = (statement: string): string => statement.trim().replace(/;$/, '');
