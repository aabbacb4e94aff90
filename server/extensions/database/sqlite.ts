import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type CompiledQuery,
  type DatabaseConnection,
  DialectAdapterBase,
  type Driver,
  type Dialect as KyselyDialect,
  type QueryResult,
  type RootOperationNode,
  type SelectModifierNode,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import type { Entity } from '#core/entity.ts';
import { DatabaseUnavailableError, noteFailure } from './errors.ts';
import { columnKinds } from './kinds.ts';
import { isBusy, SqliteConnection } from './sqlite-connection.ts';
import { findForeignKeyViolation, isForeignKeyFailure } from './sqlite-foreign-key.ts';
import type { SqliteAddress } from './url.ts';
import { WriterQueue } from './writer-queue.ts';

export interface SqliteOptions {
  readonly address: SqliteAddress;
  readonly entities: readonly Entity[];
  readonly acquireTimeoutMs: number;
  /** Called for every statement, not for begin, commit and savepoints. */
  readonly onStatement?: () => void;
}

/**
 * Kysely on the built-in `node:sqlite`: one writer behind a queue with a timeout, one read-only connection beside it (WAL), so that
 * a query next to an open transaction answers at once and a write next to it fails with a clear error instead of hanging.
 */
export function sqliteDialect(options: SqliteOptions): KyselyDialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new SqliteDriver(options),
    createIntrospector: (database) => new SqliteIntrospector(database),
    createQueryCompiler: () => new LockFreeQueryCompiler(),
  };
}

/** `begin immediate` already keeps every other writer out, so migrations need no lock of their own. */
class SqliteAdapter extends DialectAdapterBase {
  override get supportsMultipleConnections() {
    return true;
  }
  override get supportsTransactionalDdl() {
    return true;
  }
  override get supportsReturning() {
    return true;
  }
  override async acquireMigrationLock() {}
  override async releaseMigrationLock() {}
}

/** Drops `for update` and its relatives: SQLite does not know them, and a transaction holds the only writer anyway. */
class LockFreeQueryCompiler extends SqliteQueryCompiler {
  protected override visitSelectModifier(node: SelectModifierNode): void {
    if (node.modifier === undefined || node.modifier === 'Distinct') super.visitSelectModifier(node);
  }
}

class SqliteDriver implements Driver {
  readonly #options: SqliteOptions;
  readonly #queue: WriterQueue;
  readonly #idle: SqliteSession[] = [];
  #temporaryFolder: string | undefined;
  #writer!: SqliteConnection;
  #reader!: SqliteConnection;

  constructor(options: SqliteOptions) {
    this.#options = options;
    this.#queue = new WriterQueue(options.acquireTimeoutMs);
  }

  async init(): Promise<void> {
    const file = this.#prepareFile();
    const kinds = columnKinds(this.#options.entities);
    this.#writer = new SqliteConnection(file, false, kinds);
    await this.persist(() => this.#writer.exec('pragma journal_mode = wal; pragma synchronous = normal'));
    this.#reader = await this.persist(() => new SqliteConnection(file, true, kinds));
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    return this.#idle.pop() ?? new SqliteSession(this, this.#queue);
  }

  async releaseConnection(session: SqliteSession): Promise<void> {
    if (session.isInTransaction) await this.rollbackTransaction(session);
    this.#idle.push(session);
  }

  async beginTransaction(session: SqliteSession): Promise<void> {
    await this.#queue.enter();
    try {
      await this.persist(() => this.#writer.exec('begin immediate'));
    } catch (error) {
      this.#queue.leave();
      throw error;
    }
    session.isInTransaction = true;
  }

  async commitTransaction(session: SqliteSession): Promise<void> {
    await this.persist(() => this.#writer.exec('commit'));
    this.#endTransaction(session);
  }

  async rollbackTransaction(session: SqliteSession): Promise<void> {
    if (!session.isInTransaction) return;
    try {
      // On some errors, such as a full disk, SQLite has rolled back by itself.
      if (this.#writer.handle.isTransaction) this.#writer.exec('rollback');
    } finally {
      this.#endTransaction(session);
    }
  }

  async savepoint(_session: SqliteSession, name: string): Promise<void> {
    this.#writer.exec(`savepoint ${quoted(name)}`);
  }

  async rollbackToSavepoint(_session: SqliteSession, name: string): Promise<void> {
    this.#writer.exec(`rollback to ${quoted(name)}`);
  }

  async releaseSavepoint(_session: SqliteSession, name: string): Promise<void> {
    this.#writer.exec(`release ${quoted(name)}`);
  }

  async destroy(): Promise<void> {
    // A transaction that is still open gets the usual time to end; its changes are rolled back if it does not.
    await this.#queue.enter().catch(() => undefined);
    this.#reader?.close();
    this.#writer?.close();
    if (this.#temporaryFolder) rmSync(this.#temporaryFolder, { recursive: true, force: true });
  }

  /** Runs on the writer, whose turn the caller must have. */
  write<R>(query: CompiledQuery): QueryResult<R> {
    this.#options.onStatement?.();
    try {
      const result = this.#writer.execute<R>(query);
      if (changesSchema(query)) {
        this.#writer.forgetStatements();
        this.#reader.forgetStatements();
      }
      return result;
    } catch (error) {
      throw this.#explained(error, query);
    }
  }

  read<R>(query: CompiledQuery): QueryResult<R> {
    this.#options.onStatement?.();
    return this.#reader.execute(query);
  }

  /** Repeats `attempt` with pauses while another process holds the file, for as long as a statement may wait. */
  async persist<T>(attempt: () => T): Promise<T> {
    const deadline = performance.now() + this.#options.acquireTimeoutMs;
    for (let pause = 1; ; pause = Math.min(pause * 2, 25)) {
      try {
        return attempt();
      } catch (error) {
        if (!isBusy(error)) throw error;
        if (performance.now() >= deadline) {
          throw new DatabaseUnavailableError(
            `The database is busy: another process held the SQLite file for ${this.#options.acquireTimeoutMs} ms.`,
            { cause: error },
          );
        }
      }
      // Uneven pauses, so that two processes do not keep meeting.
      await sleep(pause * (0.5 + Math.random()));
    }
  }

  #endTransaction(session: SqliteSession): void {
    session.isInTransaction = false;
    this.#queue.leave();
  }

  #prepareFile(): string {
    if (this.#options.address.file === ':memory:') {
      // A real file, because two connections to ":memory:" would see two databases.
      this.#temporaryFolder = mkdtempSync(join(tmpdir(), 'database-'));
      return join(this.#temporaryFolder, 'app.db');
    }
    const file = resolve(this.#options.address.file);
    mkdirSync(dirname(file), { recursive: true });
    return file;
  }

  #explained(error: unknown, query: CompiledQuery): unknown {
    if (isBusy(error)) return error;
    const violation = isForeignKeyFailure(error)
      ? findForeignKeyViolation(this.#writer, query.query, this.#options.entities)
      : undefined;
    noteFailure(error, query.query, violation);
    return error;
  }
}

/** What Kysely takes for a connection: a place in the queue rather than a handle. Statements go where they belong one by one. */
class SqliteSession implements DatabaseConnection {
  readonly #driver: SqliteDriver;
  readonly #queue: WriterQueue;
  isInTransaction = false;

  constructor(driver: SqliteDriver, queue: WriterQueue) {
    this.#driver = driver;
    this.#queue = queue;
  }

  // Not `async`: the answer is there at once, and every promise on this path is paid by every statement.
  executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const driver = this.#driver;
    const queue = this.#queue;
    try {
      if (this.isInTransaction) return Promise.resolve(driver.write<R>(query));
      if (onlyReads(query)) {
        try {
          return Promise.resolve(driver.read<R>(query));
        } catch (error) {
          return isBusy(error) ? driver.persist(() => driver.read<R>(query)) : Promise.reject(error);
        }
      }
      refuseTransactionControl(query);
      if (!queue.tryEnter()) return this.#writeInTurn(query);
    } catch (error) {
      return Promise.reject(error);
    }
    try {
      const result = driver.write<R>(query);
      queue.leave();
      return Promise.resolve(result);
    } catch (error) {
      if (isBusy(error)) return driver.persist(() => driver.write<R>(query)).finally(() => queue.leave());
      queue.leave();
      return Promise.reject(error);
    }
  }

  async #writeInTurn<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    await this.#queue.enter();
    try {
      return await this.#driver.persist(() => this.#driver.write<R>(query));
    } finally {
      this.#queue.leave();
    }
  }

  // biome-ignore lint/correctness/useYield: it only says that there is no streaming
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('Statements are not streamed from SQLite; read page by page.');
  }
}

const WRITING_WORDS = /\b(insert|update|delete|replace)\b/i;
const READING_PRAGMAS =
  /^\s*pragma\s+(\w+\.)?(table_(x?info|list)|index_(list|x?info)|foreign_key_list|database_list)\b/i;

function onlyReads({ query, sql }: CompiledQuery): boolean {
  if (query.kind === 'SelectQueryNode') return query.endModifiers === undefined;
  if (query.kind !== 'RawNode') return false;
  if (/^\s*(select|values|explain)\b/i.test(sql)) return true;
  return /^\s*with\b/i.test(sql) ? !WRITING_WORDS.test(sql) : READING_PRAGMAS.test(sql);
}

const DATA_STATEMENTS = new Set<RootOperationNode['kind']>([
  'SelectQueryNode',
  'InsertQueryNode',
  'UpdateQueryNode',
  'DeleteQueryNode',
]);

function changesSchema({ query, sql }: CompiledQuery): boolean {
  if (query.kind === 'RawNode') return /^\s*(create|alter|drop|pragma|attach|detach)\b/i.test(sql);
  return !DATA_STATEMENTS.has(query.kind);
}

/** A transaction begun by hand would keep the writer without its place in the queue. */
function refuseTransactionControl({ query, sql }: CompiledQuery): void {
  if (query.kind === 'RawNode' && /^\s*(begin|commit|end|rollback|savepoint|release)\b/i.test(sql)) {
    throw new Error('Open a transaction through the query builder, not with a statement of its own.');
  }
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
