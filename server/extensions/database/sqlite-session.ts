import type { CompiledQuery, DatabaseConnection, QueryResult } from 'kysely';
import { isBusy } from './sqlite-connection.ts';
import type { SqliteDriver } from './sqlite-driver.ts';
import { onlyReads, refuseTransactionControl } from './sqlite-routing.ts';
import type { WriterQueue } from './writer-queue.ts';

/** What Kysely takes for a connection: a place in the queue rather than a handle. Statements go where they belong one by one. */
export class SqliteSession implements DatabaseConnection {
  readonly #driver: SqliteDriver;
  readonly #queue: WriterQueue;
  readonly #onStatement: (() => void) | undefined;
  isInTransaction = false;

  constructor(driver: SqliteDriver, queue: WriterQueue, onStatement: (() => void) | undefined) {
    this.#driver = driver;
    this.#queue = queue;
    this.#onStatement = onStatement;
  }

  // Not `async`: the answer is there at once, and every promise on this path is paid by every statement.
  executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const { turn } = this.#driver;
    return turn.isOver ? turn.end().then(() => this.#execute<R>(query)) : this.#execute(query);
  }

  #execute<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const driver = this.#driver;
    const queue = this.#queue;
    this.#onStatement?.();
    try {
      if (this.isInTransaction) return Promise.resolve(driver.writeInTransaction<R>(query));
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
