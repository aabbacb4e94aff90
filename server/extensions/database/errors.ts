import type { RootOperationNode } from 'kysely';
import { constraintName, type Entity, referencesOf, uniquesOf } from '#core/entity.ts';
import { targetTable } from './statement.ts';

/** No connection, or no turn to write, within the time that a statement may wait. Trying again later may help. */
export class DatabaseUnavailableError extends Error {
  override readonly name = 'DatabaseUnavailableError';
}

/**
 * Which rule of the schema a statement broke.
 * `unique`: `table` has a row with the same `columns`.
 * `foreign_key`, `missing`: `columns` of `table` point to a row that does not exist.
 * `foreign_key`, `in_use`: a row of `table` cannot go because `columns` of `referencing` point to it.
 */
export interface ConstraintViolation {
  readonly kind: 'unique' | 'foreign_key';
  readonly table?: string;
  /** Empty when the database did not tell. */
  readonly columns: readonly string[];
  readonly direction?: 'missing' | 'in_use';
  readonly referencing?: string;
}

interface Failure {
  readonly statement: RootOperationNode;
  readonly violation?: ConstraintViolation | undefined;
}

/** What was known when a statement failed, beside what the database's error says. */
const failures = new WeakMap<object, Failure>();

/** Remembers, for `toConstraintViolation`, which statement an error belongs to and what was found out about it. */
export function noteFailure(error: unknown, statement: RootOperationNode, violation?: ConstraintViolation): void {
  if (typeof error === 'object' && error !== null) failures.set(error, { statement, violation });
}

/** Says which constraint of `entities` an error of any of the databases is about; null when it is about something else. */
export function toConstraintViolation(error: unknown, entities: readonly Entity[]): ConstraintViolation | null {
  if (!(error instanceof Error)) return null;
  const failure = failures.get(error);
  if (failure?.violation) return failure.violation;
  const details = error as DatabaseError;
  if (details.code === 'ERR_SQLITE_ERROR') return sqliteViolation(details);
  if (typeof details.errno === 'number') return mysqlViolation(details, failure, entities);
  return postgresqlViolation(details, failure, entities);
}

/** MySQL's deadlock, lock wait timeout, changed record and nowait, PostgreSQL's deadlock, serialisation failure and lock timeout. */
const DEADLOCKS = new Set<unknown>([1213, 1205, 1020, 3572, '40P01', '40001', '55P03']);

/** Whether the database gave up a transaction because of another one, so that doing it again may succeed. */
export function isDeadlock(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { errno, code } = error as DatabaseError;
  return DEADLOCKS.has(errno) || DEADLOCKS.has(code);
}

/** The members of the drivers' errors that are looked at. */
interface DatabaseError extends Error {
  readonly code?: string;
  /** node:sqlite: SQLite's extended result code. */
  readonly errcode?: number;
  /** mysql2 */
  readonly errno?: number;
  /** pg */
  readonly table?: string;
  readonly constraint?: string;
}

/** SQLITE_CONSTRAINT_PRIMARYKEY, _UNIQUE and _ROWID; then _FOREIGNKEY and, for `on delete restrict`, _TRIGGER. */
const SQLITE_UNIQUE = [1555, 2067, 2579];
const SQLITE_FOREIGN_KEY = [787, 1811];

function sqliteViolation({ errcode = 0, message }: DatabaseError): ConstraintViolation | null {
  if (SQLITE_UNIQUE.includes(errcode)) {
    const columns = [...message.matchAll(/(\w+)\.(\w+)/g)];
    const table = columns[0]?.[1];
    return { kind: 'unique', ...(table && { table }), columns: columns.flatMap((match) => match[2] ?? []) };
  }
  return SQLITE_FOREIGN_KEY.includes(errcode) ? { kind: 'foreign_key', columns: [] } : null;
}

/** ER_DUP_ENTRY and its relative with the key's name; ER_ROW_IS_REFERENCED and ER_NO_REFERENCED_ROW, old and new. */
const MYSQL_UNIQUE = [1062, 1586];
const MYSQL_IN_USE = [1217, 1451];
const MYSQL_MISSING = [1216, 1452];

function mysqlViolation(
  { errno = 0, message }: DatabaseError,
  failure: Failure | undefined,
  entities: readonly Entity[],
): ConstraintViolation | null {
  if (MYSQL_UNIQUE.includes(errno)) {
    // The value comes first and may itself contain quotes. MySQL 8 writes `table.key`, MariaDB only the key.
    const name = message
      .match(/'([^']+)'\s*$/)?.[1]
      ?.split('.')
      .at(-1);
    return uniqueViolation(name, failure && targetTable(failure.statement), entities);
  }
  const direction = MYSQL_IN_USE.includes(errno) ? 'in_use' : MYSQL_MISSING.includes(errno) ? 'missing' : undefined;
  if (direction === undefined) return null;
  return foreignKeyViolation(message.match(/CONSTRAINT `([^`]+)`/)?.[1], direction, entities);
}

function postgresqlViolation(
  { code, table, constraint }: DatabaseError,
  failure: Failure | undefined,
  entities: readonly Entity[],
): ConstraintViolation | null {
  if (code === '23505') return uniqueViolation(constraint, table, entities);
  if (code !== '23503' && code !== '23001') return null;
  // `table` is the one that holds the key in both directions; only the statement tells which end was touched.
  const statement = failure?.statement;
  const isMissing = code === '23503' && statement?.kind !== 'DeleteQueryNode' && touches(statement, table);
  return foreignKeyViolation(constraint, isMissing ? 'missing' : 'in_use', entities);
}

function touches(statement: RootOperationNode | undefined, table: string | undefined): boolean {
  const target = statement && targetTable(statement);
  return target === undefined || target === table;
}

function uniqueViolation(
  name: string | undefined,
  table: string | undefined,
  entities: readonly Entity[],
): ConstraintViolation {
  for (const entity of entities) {
    const columns = uniquesOf(entity).find((unique) => isNamed(name, constraintName(entity.table, unique, 'unique')));
    if (columns) return { kind: 'unique', table: entity.table, columns };
  }
  // Primary keys have names of their own: PRIMARY, users_pkey.
  const entity = entities.find((candidate) => candidate.table === table);
  const columns = entity && (name === 'PRIMARY' || name === `${table}_pkey`) ? primaryKeyOf(entity) : [];
  return { kind: 'unique', ...(table && { table }), columns };
}

function foreignKeyViolation(
  name: string | undefined,
  direction: 'missing' | 'in_use',
  entities: readonly Entity[],
): ConstraintViolation {
  for (const entity of entities) {
    const reference = referencesOf(entity).find(({ column }) =>
      isNamed(name, constraintName(entity.table, [column], 'foreign')),
    );
    if (!reference) continue;
    const columns = [reference.column];
    return direction === 'missing'
      ? { kind: 'foreign_key', direction, table: entity.table, columns }
      : { kind: 'foreign_key', direction, table: reference.table, columns, referencing: entity.table };
  }
  return { kind: 'foreign_key', direction, columns: [] };
}

function primaryKeyOf(entity: Entity): string[] {
  return Object.keys(entity.columns).filter((name) => entity.columns[name]?.options.primary);
}

/** PostgreSQL cuts names at 63 bytes, MySQL refuses longer ones than 64. */
function isNamed(actual: string | undefined, expected: string): boolean {
  return actual === expected || actual === expected.slice(0, 63);
}
