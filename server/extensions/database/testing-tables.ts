import { type Kysely, sql } from 'kysely';
import { col, defineEntity, type TableOf } from '#core/entity.ts';
import type { Database, Dialect } from './index.ts';
import { openDatabase } from './index.ts';
import { createTestDatabase } from './testing.ts';

/** Tables with one column of every kind and foreign keys of every rule, for the tests of this folder. */
const shelfEntity = defineEntity({
  table: 'shelves',
  columns: { id: col.id(), code: col.text(50).unique(), parent_id: col.ref('shelves').nullable() },
  scope: { none: 'a test' },
  audit: { none: 'test' },
});

const bookEntity = defineEntity({
  table: 'books',
  columns: {
    id: col.id(),
    title: col.longtext(),
    pages: col.integer().nullable(),
    is_lent: col.boolean().nullable(),
    bought_at: col.datetime().nullable(),
    details: col.json().nullable(),
    shelf_id: col.ref('shelves').nullable(),
    shop_id: col.ref('shops', 'set null').nullable(),
  },
  scope: { none: 'a test' },
  audit: { none: 'test' },
});

const shopEntity = defineEntity({
  table: 'shops',
  columns: { id: col.id(), name: col.text(50), city: col.text(50) },
  uniques: [['name', 'city']],
  scope: { none: 'a test' },
  audit: { none: 'test' },
});

const noteEntity = defineEntity({
  table: 'notes',
  columns: { id: col.id(), book_id: col.ref('books', 'cascade') },
  scope: { none: 'a test' },
  audit: { none: 'test' },
});

const readingEntity = defineEntity({
  table: 'readings',
  columns: { note_id: col.ref('notes').primary(), day: col.text(10).primary() },
  scope: { none: 'a test' },
  audit: { none: 'test' },
});

export const testEntities = [shelfEntity, bookEntity, shopEntity, noteEntity, readingEntity];

export interface TestTables {
  shelves: TableOf<typeof shelfEntity>;
  books: TableOf<typeof bookEntity>;
  shops: TableOf<typeof shopEntity>;
  notes: TableOf<typeof noteEntity>;
  readings: TableOf<typeof readingEntity>;
}

const TYPES = {
  sqlite: {
    id: 'integer primary key autoincrement',
    ref: 'integer',
    boolean: 'boolean',
    datetime: 'datetime',
    json: 'json',
  },
  mysql: {
    id: 'int unsigned auto_increment primary key',
    ref: 'int unsigned',
    boolean: 'tinyint(1)',
    datetime: 'datetime(3)',
    json: 'json',
  },
  postgresql: {
    id: 'serial primary key',
    ref: 'int',
    boolean: 'boolean',
    datetime: 'timestamptz(3)',
    json: 'jsonb',
  },
} as const;

export interface TestLibrary {
  readonly url: string;
  readonly database: Database;
  readonly kysely: Kysely<TestTables>;
  /** Closes and removes the database. */
  drop(): Promise<void>;
}

/** A database of its own with the tables above, opened with `acquireTimeoutMs`. */
export async function openTestLibrary(dialect: Dialect, acquireTimeoutMs = 30_000): Promise<TestLibrary> {
  const { url, drop } = await createTestDatabase(dialect);
  const database = await openDatabase({ url, poolMin: 1, poolMax: 5, acquireTimeoutMs }, testEntities);
  const kysely = database.kysely as unknown as Kysely<TestTables>;
  for (const statement of tableStatements(dialect)) await sql.raw(statement).execute(kysely);
  return {
    url,
    database,
    kysely,
    drop: async () => {
      await database.close();
      await drop();
    },
  };
}

function tableStatements(dialect: Dialect): string[] {
  const { id, ref, boolean, datetime, json } = TYPES[dialect];
  const key = (table: string, column: string, to: string, rule: string) =>
    `constraint ${table}_${column}_foreign foreign key (${column}) references ${to} (id) on delete ${rule}`;
  return [
    `create table shelves (id ${id}, code varchar(50) not null, parent_id ${ref},
      constraint shelves_code_unique unique (code), ${key('shelves', 'parent_id', 'shelves', 'restrict')})`,
    `create table shops (id ${id}, name varchar(50) not null, city varchar(50) not null,
      constraint shops_name_city_unique unique (name, city))`,
    `create table books (id ${id}, title text not null, pages int, is_lent ${boolean}, bought_at ${datetime}, details ${json},
      shelf_id ${ref}, shop_id ${ref},
      ${key('books', 'shelf_id', 'shelves', 'restrict')}, ${key('books', 'shop_id', 'shops', 'set null')})`,
    `create table notes (id ${id}, book_id ${ref} not null, ${key('notes', 'book_id', 'books', 'cascade')})`,
    `create table readings (note_id ${ref} not null, day varchar(10) not null, primary key (note_id, day),
      ${key('readings', 'note_id', 'notes', 'restrict')})`,
  ];
}
