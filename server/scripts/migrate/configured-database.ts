import { existsSync } from 'node:fs';
import { type Database, type Dialect, openDatabase } from '#extensions/database/index.ts';
import { MigrationError } from '#extensions/database/migration-error.ts';
import { parseDatabaseUrl } from '#extensions/database/url.ts';
import { entities } from '#modules/index.ts';
import { loadConfig } from '../../config.ts';

function configuredAddress() {
  const { DATABASE_URL, DATABASE_PASSWORD } = loadConfig();
  return parseDatabaseUrl(DATABASE_URL, DATABASE_PASSWORD);
}

export function configuredDialect(): Dialect {
  return configuredAddress().dialect;
}

/** Whether there may be a database to look at: an SQLite file would be created by opening it. */
export function databaseExists(): boolean {
  const address = configuredAddress();
  return address.dialect !== 'sqlite' || existsSync(address.file);
}

/**
 * Opens the database of the settings for one command, and closes it whatever happens.
 *
 * @throws {MigrationError} when it does not answer, without the trace that nobody needs for a wrong address
 */
export async function withDatabase<T>(work: (database: Database) => Promise<T>): Promise<T> {
  const config = loadConfig();
  const database = await openDatabase(
    {
      url: config.DATABASE_URL,
      password: config.DATABASE_PASSWORD,
      poolMin: config.DATABASE_POOL_MIN,
      poolMax: config.DATABASE_POOL_MAX,
      acquireTimeoutMs: config.DATABASE_TIMEOUT_MS,
    },
    entities,
  );
  try {
    await database.ping().catch((error: Error) => {
      throw new MigrationError(`The database does not answer. ${error.message}`, { cause: error });
    });
    return await work(database);
  } finally {
    await database.close();
  }
}
