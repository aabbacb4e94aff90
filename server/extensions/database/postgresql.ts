import {
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
  type Dialect as KyselyDialect,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
  type TransactionSettings,
} from 'kysely';
import type { Pool, PoolClient } from 'pg';
import { acquireInTime } from './acquire.ts';
import { noteFailure } from './errors.ts';
import type { ServerOptions } from './mysql.ts';
import { createPostgresPool } from './postgresql-pool.ts';
import { encodeParameters } from './values.ts';

/** Kysely on pg: timed waiting, values like on the other databases. */
export function postgresqlDialect(options: ServerOptions): KyselyDialect {
  return {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new PostgresqlDriver(options),
    createIntrospector: (database) => new PostgresIntrospector(database),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  };
}

class PostgresqlDriver implements Driver {
  readonly #options: ServerOptions;
  #pool!: Pool;

  constructor(options: ServerOptions) {
    this.#options = options;
  }

  async init(): Promise<void> {
    const { address, poolMin, poolMax, acquireTimeoutMs } = this.#options;
    this.#pool = createPostgresPool(address, poolMin, poolMax, acquireTimeoutMs);
    const { onPool } = this.#options;
    onPool?.(() => {
      const { totalCount: open, idleCount: idle, waitingCount: waiting } = this.#pool;
      return { open, idle, waiting };
    });
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    const { address, acquireTimeoutMs, onStatement } = this.#options;
    const pending = this.#pool.connect();
    const client = await acquireInTime(pending, (late) => late.release(), address, acquireTimeoutMs);
    return new PostgresqlSession(client, onStatement);
  }

  async releaseConnection(session: PostgresqlSession): Promise<void> {
    session.release();
  }

  async beginTransaction(
    session: PostgresqlSession,
    { isolationLevel, accessMode }: TransactionSettings,
  ): Promise<void> {
    const modes = [isolationLevel && `isolation level ${isolationLevel}`, accessMode].filter(Boolean);
    await session.send(['begin', ...modes].join(' '));
    session.isInTransaction = true;
  }

  async commitTransaction(session: PostgresqlSession): Promise<void> {
    await session.send('commit');
    session.isInTransaction = false;
  }

  async rollbackTransaction(session: PostgresqlSession): Promise<void> {
    try {
      await session.send('rollback');
      session.isInTransaction = false;
    } catch {
      // The connection is gone and the transaction with it; `release` throws it away. The caller wants the error that came first.
    }
  }

  async savepoint(session: PostgresqlSession, name: string): Promise<void> {
    await session.send(`savepoint ${quoted(name)}`);
  }

  async rollbackToSavepoint(session: PostgresqlSession, name: string): Promise<void> {
    await session.send(`rollback to savepoint ${quoted(name)}`);
  }

  async releaseSavepoint(session: PostgresqlSession, name: string): Promise<void> {
    await session.send(`release savepoint ${quoted(name)}`);
  }

  async destroy(): Promise<void> {
    await this.#pool.end();
  }
}

const CHANGING_COMMANDS = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE']);

class PostgresqlSession implements DatabaseConnection {
  readonly #client: PoolClient;
  readonly #onStatement: (() => void) | undefined;
  isInTransaction = false;

  constructor(client: PoolClient, onStatement: (() => void) | undefined) {
    this.#client = client;
    this.#onStatement = onStatement;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    this.#onStatement?.();
    try {
      const { command, rowCount, rows } = await this.#client.query(
        query.sql,
        encodeParameters.postgresql(query.parameters),
      );
      return CHANGING_COMMANDS.has(command) ? { numAffectedRows: BigInt(rowCount ?? 0), rows } : { rows: rows ?? [] };
    } catch (error) {
      noteFailure(error, query.query);
      throw error;
    }
  }

  // biome-ignore lint/correctness/useYield: it only says that there is no streaming
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('Statements are not streamed from PostgreSQL; read page by page.');
  }

  /** Sends a statement of the transaction itself, which is not counted. */
  async send(sql: string): Promise<void> {
    await this.#client.query(sql);
  }

  /** Back into the pool (which drops a lost connection), unless it is still inside a transaction that nobody will end. */
  release(): void {
    this.#client.release(this.isInTransaction);
  }
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
