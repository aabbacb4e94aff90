import { Kysely, type Dialect as KyselyDialect, sql } from 'kysely';
import type { Entity, Tables } from '#core/entity.ts';
import { answerInTime } from './acquire.ts';
import { sqliteDialect } from './sqlite.ts';
import { type DatabaseAddress, parseDatabaseUrl } from './url.ts';

/** `mysql` stands for MySQL and MariaDB alike: one folder of migrations, one driver, one set of value conversions. */
export type Dialect = 'sqlite' | 'mysql' | 'postgresql';

export interface DatabaseOptions {
  /** `sqlite:`, `mysql:`, `mariadb:` or `postgresql:`, also in SQLAlchemy's form (`mysql+pymysql:`, `sqlite:///./data/app.db`). */
  readonly url: string;
  /** Password that is not part of the URL, so that it can come from a secret. */
  readonly password?: string;
  /** How many idle connections PostgreSQL keeps; MySQL's driver keeps every one that it has opened, SQLite always has two. */
  readonly poolMin: number;
  readonly poolMax: number;
  /** How long a statement waits for a connection or for SQLite's single writer before it fails, in milliseconds. */
  readonly acquireTimeoutMs: number;
}

export interface Database {
  readonly dialect: Dialect;
  readonly kysely: Kysely<Tables>;
  /** How many statements were sent since it was opened; tests compare it before and after a request. */
  readonly statements: number;
  /** Rejects when the database does not answer within the time that a statement may wait for a connection. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the database that the URL names; connections are made as they are needed, so call `ping` to know that it answers.
 * `entities` tell how the columns of results are read. Throws when the URL cannot be read.
 */
export async function openDatabase(options: DatabaseOptions, entities: readonly Entity[]): Promise<Database> {
  const address = parseDatabaseUrl(options.url, options.password);
  let statements = 0;
  const dialect = await dialectFor(address, options, entities, () => {
    statements++;
  });
  const kysely = new Kysely<Tables>({ dialect });
  return {
    dialect: address.dialect,
    kysely,
    get statements() {
      return statements;
    },
    ping: () => answerInTime(sql`select 1 as answer`.execute(kysely), address, options.acquireTimeoutMs),
    close: () => kysely.destroy(),
  };
}

async function dialectFor(
  address: DatabaseAddress,
  options: DatabaseOptions,
  entities: readonly Entity[],
  onStatement: () => void,
): Promise<KyselyDialect> {
  const { acquireTimeoutMs } = options;
  if (address.dialect === 'sqlite') return sqliteDialect({ address, entities, acquireTimeoutMs, onStatement });
  const { poolMin, poolMax } = options;
  const server = { address, entities, poolMin, poolMax, acquireTimeoutMs, onStatement };
  // Loaded when needed: an installation on SQLite does not pay for two drivers it never uses.
  return address.dialect === 'mysql'
    ? (await import('./mysql.ts')).mysqlDialect(server)
    : (await import('./postgresql.ts')).postgresqlDialect(server);
}
