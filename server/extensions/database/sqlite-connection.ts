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

  /** Forgets all prepared statements, after the schema changed. */
  forgetStatements(): void {
    this.#young = new Map();
    this.#old = new Map();
  }

  close(): void {
    this.forgetStatements();
    this.handle.close();
  }

  #read(query: CompiledQuery, prepared: PreparedStatement, parameters: SQLInputValue[]): Row[] {
    const rows = prepared.statement.all(...parameters) as unknown as unknown[][];
    if (rows.length === 0) return rows as never[];
    // Another process may have changed the table: SQLite then prepares `select *` anew on its own, with other columns.
    const current = rows[0]?.length === prepared.width ? prepared : this.#prepareAnew(query);
    const { decode } = current;
    const decoded = new Array<Row>(rows.length);
    for (let index = 0; index < rows.length; index++) decoded[index] = decode(rows[index] as unknown[]);
    return decoded;
  }

  #prepare(query: CompiledQuery): PreparedStatement {
    return this.#young.get(query.sql) ?? this.#old.get(query.sql) ?? this.#prepareAnew(query);
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
    if (this.#young.size >= CACHED_STATEMENTS) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(sql, prepared);
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
