import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CompiledQuery, DatabaseConnection, Driver, QueryResult } from 'kysely';
import type { Entity } from '#core/entity.ts';
import { DatabaseUnavailableError, noteFailure } from './errors.ts';
import { columnKinds } from './kinds.ts';
import { isBusy, SqliteConnection } from './sqlite-connection.ts';
import { findForeignKeyViolation, isForeignKeyFailure } from './sqlite-foreign-key.ts';
import { changesSchema } from './sqlite-routing.ts';
import { SqliteSession } from './sqlite-session.ts';
import { Turn } from './turn.ts';
import type { SqliteAddress } from './url.ts';
import { WriterQueue } from './writer-queue.ts';

export interface SqliteOptions {
  readonly address: SqliteAddress;
  readonly entities: readonly Entity[];
  readonly acquireTimeoutMs: number;
  /** Called for every statement, not for begin, commit and savepoints. */
  readonly onStatement?: () => void;
}

/** The log is written back when it has 16 MB instead of 4: writing back, with its waits for the disk, was a third of what small writes cost. */
const PRAGMAS = 'pragma journal_mode = wal; pragma synchronous = normal; pragma wal_autocheckpoint = 4000';

/** One writer behind a queue, one reader beside it. */
export class SqliteDriver implements Driver {
  readonly turn = new Turn();
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
    const writer = new SqliteConnection(file, false, kinds);
    try {
      await this.persist(() => writer.exec(PRAGMAS));
      this.#reader = await this.persist(() => new SqliteConnection(file, true, kinds));
    } catch (error) {
      writer.close();
      throw error;
    }
    this.#writer = writer;
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    return this.#idle.pop() ?? new SqliteSession(this, this.#queue, this.#options.onStatement);
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
    // What was put off until this turn is over goes first.
    await this.turn.end();
    // A transaction that is still open gets the usual time to end; its changes are rolled back if it does not.
    await this.#queue.enter().catch(() => undefined);
    this.#reader.close();
    try {
      if (this.#writer.handle.isTransaction) this.#writer.exec('rollback');
      // Merges the write-ahead log, so that what is left is one file that can be copied.
      this.#writer.exec('pragma wal_checkpoint(truncate)');
    } finally {
      this.#writer.close();
    }
    if (this.#temporaryFolder) rmSync(this.#temporaryFolder, { recursive: true, force: true });
  }

  /** Runs on the writer inside the transaction that the caller has open. */
  writeInTransaction<R>(query: CompiledQuery): QueryResult<R> {
    // Otherwise the rest of a transaction that SQLite gave up by itself would be written for good, statement by statement.
    if (!this.#writer.handle.isTransaction) throw new Error('The transaction was rolled back after an earlier error.');
    return this.write(query);
  }

  /** Runs on the writer, whose turn the caller must have. */
  write<R>(query: CompiledQuery): QueryResult<R> {
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

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
