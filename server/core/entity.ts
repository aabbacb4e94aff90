import type { ColumnType } from 'kysely';

/** How a value is stored and read back; every dialect maps each kind to its own column type. */
export type ColumnKind = 'id' | 'integer' | 'text' | 'longtext' | 'path' | 'boolean' | 'datetime' | 'json' | 'bytes';

/** What is known of a column at run time. `default` is a literal; columns with one may be left out of an insert. */
export interface ColumnOptions {
  readonly kind: ColumnKind;
  readonly length?: number;
  readonly nullable?: boolean;
  readonly primary?: boolean;
  readonly autoincrement?: boolean;
  readonly unique?: boolean;
  readonly index?: boolean;
  readonly default?: string | number | boolean;
  readonly references?: { readonly table: string; readonly onDelete: 'restrict' | 'cascade' | 'set null' };
}

/**
 * A column under construction. `T` is the value in TypeScript, `Optional` says whether an insert may leave it out.
 * Every method returns a new column; none changes the one it is called on.
 */
export interface Column<T, Optional extends boolean = false> {
  readonly options: ColumnOptions;
  /** Only a type: never set at run time. */
  readonly '~types'?: { value: T; optional: Optional };
  nullable(): Column<T | null, true>;
  unique(): Column<T, Optional>;
  index(): Column<T, Optional>;
  primary(): Column<T, Optional>;
  default(value: T & (string | number | boolean)): Column<T, true>;
}

function column<T, Optional extends boolean = false>(options: ColumnOptions): Column<T, Optional> {
  const change = (more: Partial<ColumnOptions>): Column<any, any> => column({ ...options, ...more });
  return {
    options,
    nullable: () => change({ nullable: true }),
    unique: () => change({ unique: true }),
    index: () => change({ index: true }),
    primary: () => change({ primary: true }),
    default: (value) => change({ default: value }),
  };
}

/** The column types that survive SQLite, MySQL / MariaDB and PostgreSQL unchanged. */
export const col = {
  /** Auto-incremented integer key. */
  id: () => column<number, true>({ kind: 'id', primary: true, autoincrement: true }),
  /** Whole number within ±2^31. */
  integer: () => column<number>({ kind: 'integer' }),
  /** Text of at most `length` characters, compared byte by byte on every database. */
  text: (length: number) => column<string>({ kind: 'text', length }),
  /** Text without a useful limit; cannot be indexed. */
  longtext: () => column<string>({ kind: 'longtext' }),
  /** Materialised path in ASCII digits and slashes, sorted in byte order so that a subtree is one range. */
  path: (length = 255) => column<string>({ kind: 'path', length }),
  boolean: () => column<boolean>({ kind: 'boolean' }),
  /** A moment in UTC with milliseconds. */
  datetime: () => column<Date>({ kind: 'datetime' }),
  /** A moment that `rows` fills in by itself: `created_at`, `updated_at`. */
  stamp: () => column<Date, true>({ kind: 'datetime' }),
  json: <T = unknown>() => column<T>({ kind: 'json' }),
  /** Bytes, at most 16 MB in one row: larger contents are kept in parts. Given and read as Uint8Array. */
  bytes: () => column<Uint8Array>({ kind: 'bytes' }),
  /** Foreign key to the `id` of another table, named by its table so that entities never import each other. Indexed. */
  ref: (table: string, onDelete: 'restrict' | 'cascade' | 'set null' = 'restrict') =>
    column<number>({ kind: 'id', index: true, references: { table, onDelete } }),
  /** The `id` of a row elsewhere that may be gone by now: no foreign key, no index. */
  idOf: () => column<number>({ kind: 'id' }),
  /** Foreign key to a table whose `id` is text of `length` characters. Indexed. */
  textRef: (table: string, length: number, onDelete: 'restrict' | 'cascade' | 'set null' = 'restrict') =>
    column<string>({ kind: 'text', length, index: true, references: { table, onDelete } }),
} as const;

/**
 * What decides who may see a row: columns of the row itself. `dept` holds the department it belongs to (`path` that department's
 * path where the row is the department), `owner` the user or users who own it. A row that is part of another is seen `through` it.
 * An entity whose rows belong to nobody says `none` and why.
 */
export type ScopeDeclaration =
  | { readonly dept?: string; readonly path?: string; readonly owner?: readonly string[] }
  | { readonly through: { readonly column: string; readonly table: string } }
  | { readonly none: string };

/**
 * What is kept of the writes of a table (audit-capture.ts). `label` is the column that names a row, left out where a row is named by what it is
 * seen through. Of `masked` columns only that they changed is kept, of `ignored` ones nothing, and nothing of `quiet` ones when the
 * program itself changes them (`updateQuietly`). A row that only ties a `value` to a row of the table `of` is kept as the relation `as`
 * of that row. A table whose writes are not kept says `none` and why.
 */
export type AuditDeclaration<ColumnName extends string = string> =
  | {
      readonly label?: ColumnName;
      readonly masked?: readonly ColumnName[];
      readonly ignored?: readonly ColumnName[];
      readonly quiet?: readonly ColumnName[];
    }
  | {
      readonly of: string;
      readonly by: ColumnName;
      readonly as: string;
      readonly value: ColumnName;
      readonly masked?: true;
      readonly ignored?: readonly ColumnName[];
    }
  | { readonly none: string };

type Columns = Record<string, Column<any, any>>;

/** What is known of a table at run time. Composite keys and indexes are said here, single-column ones on the column. */
export interface Entity {
  readonly table: string;
  readonly columns: Readonly<Columns>;
  readonly scope: ScopeDeclaration;
  readonly audit: AuditDeclaration;
  readonly uniques?: readonly (readonly string[])[];
  readonly indexes?: readonly (readonly string[])[];
}

type TypedEntity<Name, C> = Omit<Entity, 'table' | 'columns' | 'audit'> & {
  readonly table: Name;
  readonly columns: C;
  readonly audit: AuditDeclaration<keyof C & string>;
};

/**
 * Declares a table once: from it come the migrations of every dialect, the drift check, the type of its rows,
 * the conversion of values, the names of constraints in error answers, the data scope, and what is kept of its writes.
 */
export function defineEntity<const Name extends string, const C extends Columns>(
  declaration: TypedEntity<Name, C>,
): TypedEntity<Name, C> {
  return declaration;
}

/** The Kysely table type of an entity. */
export type TableOf<E> = E extends { readonly columns: infer C }
  ? {
      [K in keyof C]: C[K] extends Column<infer T, infer Optional>
        ? Optional extends true
          ? ColumnType<T, T | undefined, T>
          : ColumnType<T, T, T>
        : never;
    }
  : never;

/**
 * All tables by name. Each entity file adds its own by declaration merging:
 * `declare module '#core/entity.ts' { interface Tables { users: TableOf<typeof userEntity> } }`
 */
// biome-ignore lint/suspicious/noEmptyInterface: filled by the features through declaration merging
export interface Tables {}

export type TableName = keyof Tables & string;

/** The name of a constraint, the same in every dialect that reports names. */
export function constraintName(
  table: string,
  columns: readonly string[],
  kind: 'unique' | 'index' | 'foreign',
): string {
  return `${table}_${columns.join('_')}_${kind}`;
}

/** Lists every unique rule of an entity as its columns. */
export function uniquesOf(entity: Entity): string[][] {
  const single = Object.entries(entity.columns)
    .filter(([, column]) => column.options.unique)
    .map(([name]) => [name]);
  return [...single, ...(entity.uniques ?? []).map((columns) => [...columns])];
}

/** Lists every foreign key of an entity: its column and the table it points to. */
export function referencesOf(entity: Entity): { column: string; table: string }[] {
  return Object.entries(entity.columns).flatMap(([name, column]) =>
    column.options.references ? [{ column: name, table: column.options.references.table }] : [],
  );
}
