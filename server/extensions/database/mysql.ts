import {
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
  type Dialect as KyselyDialect,
  MysqlAdapter,
  MysqlIntrospector,
  MysqlQueryCompiler,
  type QueryResult,
  type TransactionSettings,
} from 'kysely';
import type { FieldPacket, Pool, PoolConnection, ResultSetHeader } from 'mysql2';
import type { Entity } from '#core/entity.ts';
import { acquireInTime } from './acquire.ts';
import { noteFailure } from './errors.ts';
import type { PoolFigures } from './index.ts';
import { type ColumnKinds, columnKinds } from './kinds.ts';
import { checkOutMysql, createMysqlPool, mysqlPoolFigures } from './mysql-pool.ts';
import { decodeMysqlRows } from './mysql-values.ts';
import type { ServerAddress } from './url.ts';
import { encodeParameters } from './values.ts';

export interface ServerOptions {
  readonly address: ServerAddress;
  readonly entities: readonly Entity[];
  readonly poolMin: number;
  readonly poolMax: number;
  readonly acquireTimeoutMs: number;
  /** Called for every statement, not for begin, commit and savepoints. */
  readonly onStatement?: () => void;
  /** Is given how to look at the pool, once there is one. */
  readonly onPool?: (read: () => PoolFigures) => void;
}

/** Kysely on mysql2, for MySQL 8 and MariaDB: pinned sessions, timed waiting, values like on the other databases. */
export function mysqlDialect(options: ServerOptions): KyselyDialect {
  return {
    createAdapter: () => new MysqlAdapter(),
    createDriver: () => new MysqlDriver(options),
    createIntrospector: (database) => new MysqlIntrospector(database),
    createQueryCompiler: () => new MysqlQueryCompiler(),
  };
}

class MysqlDriver implements Driver {
  readonly #options: ServerOptions;
  readonly #kinds: ColumnKinds;
  readonly #ready = new WeakSet<PoolConnection>();
  #pool!: Pool;

  constructor(options: ServerOptions) {
    this.#options = options;
    this.#kinds = columnKinds(options.entities);
  }

  async init(): Promise<void> {
    const { address, poolMax, acquireTimeoutMs } = this.#options;
    this.#pool = createMysqlPool(address, poolMax, acquireTimeoutMs);
    this.#options.onPool?.(() => mysqlPoolFigures(this.#pool));
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    const { address, acquireTimeoutMs, onStatement } = this.#options;
    const pending = checkOutMysql(this.#pool, this.#ready);
    const raw = await acquireInTime(pending, (connection) => connection.release(), address, acquireTimeoutMs);
    return new MysqlSession(raw, this.#kinds, onStatement);
  }

  async releaseConnection(session: MysqlSession): Promise<void> {
    session.release();
  }

  async beginTransaction(session: MysqlSession, { isolationLevel, accessMode }: TransactionSettings): Promise<void> {
    if (isolationLevel) await session.send(`set transaction isolation level ${isolationLevel}`);
    await session.send(accessMode ? `start transaction ${accessMode}` : 'begin');
    session.isInTransaction = true;
  }

  async commitTransaction(session: MysqlSession): Promise<void> {
    await session.send('commit');
    session.isInTransaction = false;
  }

  async rollbackTransaction(session: MysqlSession): Promise<void> {
    try {
      await session.send('rollback');
      session.isInTransaction = false;
    } catch {
      // The connection is gone and the transaction with it; `release` throws it away. The caller wants the error that came first.
    }
  }

  async savepoint(session: MysqlSession, name: string): Promise<void> {
    await session.send(`savepoint ${quoted(name)}`);
  }

  async rollbackToSavepoint(session: MysqlSession, name: string): Promise<void> {
    await session.send(`rollback to savepoint ${quoted(name)}`);
  }

  async releaseSavepoint(session: MysqlSession, name: string): Promise<void> {
    await session.send(`release savepoint ${quoted(name)}`);
  }

  async destroy(): Promise<void> {
    // A connection that fails while it says goodbye, or was still being made, is closed as well.
    await new Promise<void>((resolve) => {
      this.#pool.end(() => resolve());
    });
  }
}

type Answer = Record<string, unknown>[] | ResultSetHeader;

class MysqlSession implements DatabaseConnection {
  readonly #raw: PoolConnection;
  readonly #kinds: ColumnKinds;
  readonly #onStatement: (() => void) | undefined;
  #isLost = false;
  isInTransaction = false;

  constructor(raw: PoolConnection, kinds: ColumnKinds, onStatement: (() => void) | undefined) {
    this.#raw = raw;
    this.#kinds = kinds;
    this.#onStatement = onStatement;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    this.#onStatement?.();
    try {
      const [answer, fields] = await this.#query(query.sql, encodeParameters.mysql(query.parameters));
      if (!Array.isArray(answer)) return changed(answer);
      decodeMysqlRows(answer, fields, this.#kinds, query);
      return { rows: answer as R[] };
    } catch (error) {
      noteFailure(error, query.query);
      throw error;
    }
  }

  // biome-ignore lint/correctness/useYield: it only says that there is no streaming
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('Statements are not streamed from MySQL; read page by page.');
  }

  /** Sends a statement of the transaction itself, which is not counted. */
  async send(sql: string): Promise<void> {
    await this.#query(sql, []);
  }

  /** Back into the pool, unless the connection is lost or still inside a transaction that nobody will end. */
  release(): void {
    if (this.#isLost || this.isInTransaction) this.#raw.destroy();
    else this.#raw.release();
  }

  async #query(sql: string, parameters: unknown[]): Promise<[Answer, readonly FieldPacket[]]> {
    try {
      return await new Promise((resolve, reject) => {
        this.#raw.query<never>(sql, parameters, (error, answer, fields) => {
          if (error) reject(error);
          else resolve([answer, fields]);
        });
      });
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      if ('fatal' in error && error.fatal === true) this.#isLost = true;
      // The driver's own trace ends in the socket; this one names the caller.
      Error.captureStackTrace(error);
      throw error;
    }
  }
}

function changed<R>({ insertId, affectedRows, changedRows }: ResultSetHeader): QueryResult<R> {
  return {
    ...(insertId ? { insertId: BigInt(insertId) } : undefined),
    numAffectedRows: BigInt(affectedRows),
    numChangedRows: BigInt(changedRows),
    rows: [],
  };
}

function quoted(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}
