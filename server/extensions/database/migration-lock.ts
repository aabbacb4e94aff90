import { setTimeout as sleep } from 'node:timers/promises';
import { type Kysely, sql } from 'kysely';
import type { Database } from './index.ts';
import { MigrationError } from './migration-error.ts';
import type { MigrationSchema } from './migration-state.ts';

export interface ExclusiveOptions {
  /** How long to wait for another process that migrates, in milliseconds. */
  readonly lockTimeoutMs: number;
  readonly log: (message: string) => void;
}

/** One connection while nobody else migrates this database. */
export interface ExclusiveSession {
  readonly kysely: Kysely<MigrationSchema>;
  /** Whether all that is done here is undone together. */
  readonly isAtomic: boolean;
  /** Called once before the first change. */
  backUp(): void;
}

/**
 * Does `work` on one connection while no other process migrates this database, on this machine or another.
 *
 * @throws {MigrationError} when another process does not finish in time
 */
export async function onlyOne<T>(
  database: Database,
  options: ExclusiveOptions,
  work: (session: ExclusiveSession) => Promise<T>,
): Promise<T> {
  if (database.dialect === 'sqlite') {
    const { onlyOneSqlite } = await import('./migration-sqlite.ts');
    return onlyOneSqlite(database, options, work);
  }
  const lock = database.dialect === 'mysql' ? mysqlLock : postgresqlLock;
  return (database.kysely as unknown as Kysely<MigrationSchema>).connection().execute(async (kysely) => {
    const isLocked = await lock.acquire(kysely, options.lockTimeoutMs);
    if (!isLocked) {
      throw new MigrationError(
        `Another process has been migrating this database for ${options.lockTimeoutMs} ms. Look at its log, then start again.`,
      );
    }
    try {
      return await work({ kysely, isAtomic: database.dialect === 'postgresql', backUp: () => {} });
    } finally {
      // A lost connection has lost its lock too; the error that lost it is the one worth reporting.
      await lock.release(kysely).catch(() => undefined);
    }
  });
}

interface Lock {
  acquire(connection: Kysely<MigrationSchema>, timeoutMs: number): Promise<boolean>;
  release(connection: Kysely<MigrationSchema>): Promise<unknown>;
}

// Kysely's migrator has a lock as well, but its MySQL one does not look at the answer and is one for the whole server.
const mysqlLockName = sql`concat('schema_migrations:', sha1(database()))`;

const mysqlLock: Lock = {
  async acquire(connection, timeoutMs) {
    const seconds = Math.ceil(timeoutMs / 1000);
    const { rows } = await sql<{
      locked: unknown;
    }>`select get_lock(${mysqlLockName}, ${sql.lit(seconds)}) as locked`.execute(connection);
    return Number(rows[0]?.locked) === 1;
  },
  release: (connection) => sql`select release_lock(${mysqlLockName}) as released`.execute(connection),
};

/** Advisory locks of PostgreSQL are numbers, one space for each database. This one stands for "schema_migrations". */
const postgresqlLockKey = sql.lit(726_354_891);

const postgresqlLock: Lock = {
  async acquire(connection, timeoutMs) {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const { rows } = await sql<{
        locked: boolean;
      }>`select pg_try_advisory_lock(${postgresqlLockKey}) as locked`.execute(connection);
      if (rows[0]?.locked) return true;
      if (performance.now() > deadline) return false;
      await sleep(50);
    }
  },
  release: (connection) => sql`select pg_advisory_unlock(${postgresqlLockKey}) as released`.execute(connection),
};
