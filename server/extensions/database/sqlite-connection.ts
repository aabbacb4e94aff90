import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import type { CompiledQuery, QueryResult, RootOperationNode } from 'kysely';
import { aliasKinds, type ColumnKinds } from './kinds.ts';
import { type ResultColumn, type Row, rowDecoder } from './row-decoder.ts';
import { decoderOf, encodeParameters, probableDecoderOf, unsafeInteger } from './values.ts';

interface PreparedStatement {
  readonly statement: StatementSync;
  /** How many columns it answers with; 0 for one that answers with none. */
  readonly width: number;
  readonly decode: (values: readonly unknown[]) => Row;
}

/** Two generations of this size are kept; a statement that is used moves to the young one. */
const CACHED_STATEMENTS = 500;

const SQLITE_BUSY = 5;

/** One connection to an SQLite file, with its prepared statements. Everything here is synchronous. */
export class SqliteConnection {
  readonly handle: DatabaseSync;
  readonly #kinds: ColumnKinds;
  #young = new Map<string, PreparedStatement>();
  #old = new Map<string, PreparedStatement>();

  constructor(file: string, readOnly: boolean, kinds: ColumnKinds) {
    // Timeout 0: SQLite's own wait would hold the event loop; ours is a timer.
    this.handle = new DatabaseSync(file, { readOnly, timeout: 0, enableForeignKeyConstraints: true });
    this.#kinds = kinds;
  }

  /** Runs a statement. Throws what SQLite throws, RangeError on a whole number beyond 2^53. */
  execute<R>(query: CompiledQuery): QueryResult<R> {
    const prepared = this.#prepare(query);
    const parameters = encodeParameters.sqlite(query.parameters) as SQLInputValue[];
    try {
      return prepared.width === 0
        ? change(query.query, prepared.statement.run(...parameters))
        : { rows: this.#read(query, prepared, parameters) as R[] };
    } catch (error) {
      throw isOutOfRange(error) ? unsafeInteger(error.message.match(/-?\d+/)?.[0] ?? '') : error;
    }
  }

  /** Runs statements that have neither parameters nor an answer. */
  exec(sql: string): void {
    this.handle.exec(sql);
  }

  /** Whether SQLite finds an answer; for questions beside the statements that are kept. */
  finds(sql: string, parameters: readonly unknown[]): boolean {
    const statement = this.handle.prepare(sql);
    try {
      return statement.get(...(encodeParameters.sqlite(parameters) as SQLInputValue[])) !== undefined;
    } finally {
      finish(statement);
    }
  }

  /** Forgets all prepared statements, after the schema changed. */
  forgetStatements(): void {
    this.#startGeneration();
    this.#startGeneration();
  }

  close(): void {
    this.forgetStatements();
    this.handle.close();
  }

  #read(query: CompiledQuery, prepared: PreparedStatement, parameters: SQLInputValue[]): Row[] {
    const rows = prepared.statement.all(...parameters) as unknown as unknown[][];
    if (rows.length === 0) return rows as never[];
    // Another process may have changed the table: SQLite then prepares `select *` anew on its own, with other columns.
    const { decode } = rows[0]?.length === prepared.width ? prepared : this.#replace(query, prepared);
    const decoded = new Array<Row>(rows.length);
    for (let index = 0; index < rows.length; index++) decoded[index] = decode(rows[index] as unknown[]);
    return decoded;
  }

  #prepare(query: CompiledQuery): PreparedStatement {
    const young = this.#young.get(query.sql);
    if (young !== undefined) return young;
    const old = this.#old.get(query.sql);
    if (old === undefined) return this.#prepareAnew(query);
    this.#old.delete(query.sql);
    this.#keep(query.sql, old);
    return old;
  }

  #replace(query: CompiledQuery, outdated: PreparedStatement): PreparedStatement {
    finish(outdated.statement);
    return this.#prepareAnew(query);
  }

  #prepareAnew(query: CompiledQuery): PreparedStatement {
    const statement = this.handle.prepare(query.sql);
    statement.setReturnArrays(true);
    const columns = this.#resultColumns(statement, query.query);
    const prepared = { statement, width: columns.length, decode: rowDecoder(columns) };
    this.#keep(query.sql, prepared);
    return prepared;
  }

  #keep(sql: string, prepared: PreparedStatement): void {
    if (this.#young.size >= CACHED_STATEMENTS) this.#startGeneration();
    this.#young.set(sql, prepared);
  }

  #startGeneration(): void {
    for (const { statement } of this.#old.values()) finish(statement);
    this.#old = this.#young;
    this.#young = new Map();
  }

  #resultColumns(statement: StatementSync, node: RootOperationNode): ResultColumn[] {
    const columns = statement.columns();
    // Expressions have no declared type; only for them the statement itself is looked at.
    const aliases = columns.some((column) => column.type === null) ? aliasKinds(node, this.#kinds) : undefined;
    return columns.map(({ name, type, table, column }) => {
      const declared = (table && column && this.#kinds.of(table, column)) || kindOfDeclaredType(type);
      if (declared !== undefined) return { name, decode: decoderOf(declared) };
      if (type !== null) return { name, decode: null };
      const computed = aliases?.get(name);
      return { name, decode: computed ? decoderOf(computed) : probableDecoderOf(this.#kinds.named(name)) };
    });
  }
}

/** Frees a statement at once where Node can (26 and later): a connection stays half open until its last statement is freed. */
function finish(statement: StatementSync): void {
  if ('close' in statement && typeof statement.close === 'function') statement.close();
}

/** Whether the error says that another connection holds the file's lock, so that trying again helps. */
export function isBusy(error: unknown): boolean {
  // Extended codes keep the primary one in their low byte.
  return error instanceof Error && 'errcode' in error && (Number(error.errcode) & 0xff) === SQLITE_BUSY;
}

function kindOfDeclaredType(type: string | null) {
  const name = type?.toLowerCase();
  return name === 'boolean' || name === 'datetime' || name === 'json' ? name : undefined;
}

function change<R>(
  node: RootOperationNode,
  { changes, lastInsertRowid }: ReturnType<StatementSync['run']>,
): QueryResult<R> {
  const numAffectedRows = BigInt(changes);
  // SQLite repeats the id of an earlier insert when this one inserted nothing.
  const insertId =
    node.kind === 'InsertQueryNode' && numAffectedRows > 0n ? { insertId: BigInt(lastInsertRowid) } : undefined;
  return { numAffectedRows, ...insertId, rows: [] };
}

function isOutOfRange(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && error.code === 'ERR_OUT_OF_RANGE';
}
