import { Kysely, type Dialect as KyselyDialect, type Logger, sql } from 'kysely';
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
  /** Is told of every statement once it has ended. */
  readonly onStatement?: StatementListener;
}

/** A statement as it was sent: its values are not part of it. */
export interface EndedStatement {
  readonly sql: string;
  readonly durationMs: number;
  readonly error?: unknown;
}
export type StatementListener = (statement: EndedStatement) => void;

export interface PoolFigures {
  readonly open: number;
  readonly idle: number;
  readonly waiting: number;
}

export interface Database {
  readonly dialect: Dialect;
  readonly kysely: Kysely<Tables>;
  /** How many statements were sent since it was opened; tests compare it before and after a request. */
  readonly statements: number;
  /** Rejects when the database does not answer within the time that a statement may wait for a connection. */
  ping(): Promise<void>;
  /** Which version of which product answers, within the same time. */
  version(): Promise<string>;
  /** Connections now; null for SQLite, which has two for ever. */
  pool(): PoolFigures | null;
  close(): Promise<void>;
}

/**
 * Opens the database that the URL names; connections are made as they are needed, so call `ping` to know that it answers.
 * `entities` tell how the columns of results are read. Throws when the URL cannot be read.
 */
export async function openDatabase(options: DatabaseOptions, entities: readonly Entity[]): Promise<Database> {
  const address = parseDatabaseUrl(options.url, options.password);
  let statements = 0;
  let readPool: () => PoolFigures | null = () => null;
  const dialect = await dialectFor(address, options, entities, {
    onStatement: () => {
      statements++;
    },
    onPool: (read) => {
      readPool = read;
    },
  });
  const { onStatement } = options;
  const inTime = <T>(pending: Promise<T>) => answerInTime(pending, address, options.acquireTimeoutMs);
  const kysely = new Kysely<Tables>({ dialect, ...(onStatement && { log: tellOf(onStatement) }) });
  return {
    dialect: address.dialect,
    kysely,
    get statements() {
      return statements;
    },
    ping: async () => void (await inTime(sql`select 1 as answer`.execute(kysely))),
    version: () => inTime(versionOf(kysely, address.dialect)),
    pool: () => readPool(),
    close: () => kysely.destroy(),
  };
}

async function versionOf(kysely: Kysely<Tables>, dialect: Dialect): Promise<string> {
  const version = dialect === 'sqlite' ? sql`sqlite_version()` : sql`version()`;
  const { rows } = await sql<{ version: string }>`select ${version} as version`.execute(kysely);
  const text = rows[0]?.version ?? '';
  if (dialect === 'sqlite') return `SQLite ${text}`;
  return dialect === 'mysql' && !/mariadb/i.test(text) ? `MySQL ${text}` : text.replace(/ on .*/, '');
}

function tellOf(onStatement: StatementListener): Logger {
  return (event) => {
    const { sql } = event.query;
    const { queryDurationMillis: durationMs } = event;
    onStatement(event.level === 'error' ? { sql, durationMs, error: event.error } : { sql, durationMs });
  };
}

async function dialectFor(
  address: DatabaseAddress,
  options: DatabaseOptions,
  entities: readonly Entity[],
  told: { readonly onStatement: () => void; readonly onPool: (read: () => PoolFigures) => void },
): Promise<KyselyDialect> {
  const { acquireTimeoutMs } = options;
  if (address.dialect === 'sqlite') {
    const { onStatement } = told;
    return sqliteDialect({ address, entities, acquireTimeoutMs, onStatement });
  }
  const { poolMin, poolMax } = options;
  const server = { address, entities, poolMin, poolMax, acquireTimeoutMs, ...told };
  // Loaded when needed: an installation on SQLite does not pay for two drivers it never uses.
  return address.dialect === 'mysql'
    ? (await import('./mysql.ts')).mysqlDialect(server)
    : (await import('./postgresql.ts')).postgresqlDialect(server);
}
