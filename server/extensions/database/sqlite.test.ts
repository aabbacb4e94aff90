import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kysely, sql } from 'kysely';
import { DatabaseUnavailableError } from './errors.ts';
import { openDatabase } from './index.ts';
import { sqliteDialect } from './sqlite.ts';
import { openTestLibrary, type TestLibrary, type TestTables, testEntities } from './testing-tables.ts';

/** Another process that holds the file's write lock for `holdMs` and says when it has it. */
async function holdFromOutside(file: string, holdMs: number): Promise<{ released: Promise<void> }> {
  const script = `
    const { DatabaseSync } = require('node:sqlite');
    const database = new DatabaseSync(${JSON.stringify(file)}, { timeout: 5000 });
    database.exec('begin immediate');
    database.exec("insert into books (title) values ('outside')");
    process.stdout.write('held');
    setTimeout(() => { database.exec('commit'); database.close(); }, ${holdMs});`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const released = new Promise<void>((resolve, reject) => {
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`exited with ${code}`))));
  });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  return { released };
}

/** The longest time that the event loop did not turn while `work` went on, in milliseconds. */
async function longestBlock(work: Promise<unknown>): Promise<number> {
  let longest = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  }, 5);
  await work.finally(() => clearInterval(timer));
  return longest;
}

describe('SQLite shared with another process', () => {
  let library: TestLibrary;
  before(async () => {
    library = await openTestLibrary('sqlite', 2_000);
  });
  after(() => library.drop());
  const file = () => library.url.slice('sqlite:'.length);

  test('writes and transactions wait for it without holding the event loop', async () => {
    const { released } = await holdFromOutside(file(), 400);
    const { kysely } = library;
    const started = performance.now();
    const work = Promise.all([
      kysely.insertInto('books').values({ title: 'alone' }).execute(),
      kysely
        .transaction()
        .execute((transaction) => transaction.insertInto('books').values({ title: 'together' }).execute()),
    ]);
    assert.deepEqual(await kysely.selectFrom('books').select('title').execute(), [], 'reads do not wait');
    const block = await longestBlock(work);
    assert.ok(performance.now() - started > 200, 'they had to wait');
    assert.ok(block < 150, `the event loop stood still for ${block} ms`);
    await released;
    const found = await kysely.selectFrom('books').select('title').orderBy('title').execute();
    assert.deepEqual(
      found.map(({ title }) => title),
      ['alone', 'outside', 'together'],
    );
  });

  test('a lock that lasts too long is a clear error, and the writer is free again after it', async () => {
    const impatient = new Kysely<TestTables>({
      dialect: sqliteDialect({
        address: { dialect: 'sqlite', file: file() },
        entities: testEntities,
        acquireTimeoutMs: 100,
      }),
    });
    const { released } = await holdFromOutside(file(), 500);
    const insert = () => impatient.insertInto('books').values({ title: 'impatient' }).execute();
    await assert.rejects(insert(), DatabaseUnavailableError);
    const transaction = impatient.transaction().execute(async () => 'never');
    await assert.rejects(transaction, /another process held the SQLite file for 100 ms/);
    await released;
    await insert();
    await impatient.destroy();
  });

  test('a table that another process changed is read with its new columns', async () => {
    const { kysely } = library;
    const read = () => sql`select * from shops`.execute(kysely);
    await kysely.insertInto('shops').values({ name: 'a', city: 'b' }).execute();
    assert.deepEqual(Object.keys((await read()).rows[0] as object), ['id', 'name', 'city']);
    const outside = new DatabaseSync(file());
    outside.exec('alter table shops add column is_open boolean default 1');
    outside.close();
    assert.deepEqual((await read()).rows, [{ id: 1, name: 'a', city: 'b', is_open: true }]);
  });
});

describe('SQLite by itself', () => {
  const open = (url: string) => openDatabase({ url, poolMin: 1, poolMax: 1, acquireTimeoutMs: 300 }, testEntities);

  test('creates the folder of its file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'database-test-'));
    const database = await open(`sqlite:///${folder}/deep/er/app.db`);
    await database.ping();
    assert.ok(existsSync(join(folder, 'deep/er/app.db')));
    await database.close();
    assert.deepEqual(readdirSync(join(folder, 'deep/er')), ['app.db'], 'the log is merged on closing');
    rmSync(folder, { recursive: true });
  });

  test('a database in memory is private and leaves no file', async () => {
    const [one, other] = await Promise.all([open('sqlite::memory:'), open('sqlite::memory:')]);
    await sql`create table only_here (id integer)`.execute(one.kysely);
    await assert.rejects(sql`select * from only_here`.execute(other.kysely), /no such table/);
    const list = await sql<{ file: string }>`pragma database_list`.execute(one.kysely);
    const file = list.rows[0]?.file ?? '';
    assert.ok(existsSync(file));
    await Promise.all([one.close(), other.close()]);
    assert.ok(!existsSync(file));
  });

  test('runs with the write-ahead log, foreign keys and no wait of its own', async () => {
    const database = await open('sqlite::memory:');
    const pragma = async (name: string) =>
      Object.values((await sql.raw(`pragma ${name}`).execute(database.kysely)).rows[0] as object)[0];
    assert.equal(await pragma('journal_mode'), 'wal');
    assert.equal(await pragma('synchronous'), 1);
    assert.equal(await pragma('foreign_keys'), 1);
    assert.equal(await pragma('busy_timeout'), 0);
    await database.close();
  });

  test('statements that look like reads but write are sent to the writer', async () => {
    const database = await open('sqlite::memory:');
    const { kysely } = database;
    await sql`create table t (id integer)`.execute(kysely);
    await sql`with n as (select 1 as id) insert into t select id from n`.execute(kysely);
    const { rows } = await sql`insert into t values (2) returning id`.execute(kysely);
    assert.deepEqual(rows, [{ id: 2 }]);
    assert.deepEqual((await sql`with n as (select id from t) select id from n`.execute(kysely)).rows, [
      { id: 1 },
      { id: 2 },
    ]);
    await database.close();
  });

  test('a transaction cannot be begun past the queue', async () => {
    const database = await open('sqlite::memory:');
    await assert.rejects(sql`begin`.execute(database.kysely), /through the query builder/);
    await sql`create table t (id integer)`.execute(database.kysely);
    await database.close();
  });

  test('a schema change inside a transaction is undone with it', async () => {
    const database = await open('sqlite::memory:');
    const { kysely } = database;
    const attempt = kysely.transaction().execute(async (transaction) => {
      await sql`create table t (id integer)`.execute(transaction);
      throw new Error('no');
    });
    await assert.rejects(attempt, /^Error: no$/);
    await assert.rejects(sql`select * from t`.execute(kysely), /no such table/);
    await database.close();
  });

  test('what follows after SQLite gave up a transaction by itself is not written', async () => {
    const library = await openTestLibrary('sqlite');
    const { kysely } = library;
    await kysely.insertInto('shelves').values({ code: 'taken' }).execute();
    const attempt = kysely.transaction().execute(async (transaction) => {
      await transaction.insertInto('shelves').values({ code: 'first' }).execute();
      const conflicting = transaction.insertInto('shelves').orRollback().values({ code: 'taken' }).execute();
      await assert.rejects(conflicting);
      await transaction.insertInto('shelves').values({ code: 'stray' }).execute();
    });
    await assert.rejects(attempt, /was rolled back after an earlier error/);
    await kysely.insertInto('shelves').values({ code: 'next' }).execute();
    const codes = await kysely.selectFrom('shelves').select('code').orderBy('code').execute();
    assert.deepEqual(
      codes.map(({ code }) => code),
      ['next', 'taken'],
    );
    await library.drop();
  });

  test('closing waits for the transaction that is open', async () => {
    const database = await open('sqlite::memory:');
    const { kysely } = database;
    await sql`create table t (id integer)`.execute(kysely);
    const work = kysely.transaction().execute(async (transaction) => {
      await sleep(50);
      return sql`insert into t values (1) returning id`.execute(transaction);
    });
    await sleep(10);
    await Promise.all([database.close(), work]);
  });

  test('thousands of different statements do not pile up', async () => {
    const database = await open('sqlite::memory:');
    for (let index = 0; index < 3_000; index++) {
      const { rows } = await sql.raw(`select ${index} as n`).execute(database.kysely);
      assert.deepEqual(rows, [{ n: index }]);
    }
    await database.close();
  });

  test('a long row of statements, also within a transaction, lets others have their turn', async () => {
    const library = await openTestLibrary('sqlite');
    const { kysely } = library;
    const turnsDuring = async (send: (statements: Kysely<TestTables>) => Promise<unknown>, on: Kysely<TestTables>) => {
      let turns = 0;
      const timer = setInterval(() => turns++, 1);
      for (let sent = 0; sent < 20_000 && turns < 3; sent++) await send(on);
      clearInterval(timer);
      return turns;
    };
    const read = (on: Kysely<TestTables>) => on.selectFrom('books').select('id').limit(1).execute();
    const write = (on: Kysely<TestTables>) => on.insertInto('books').values({ title: 'one of many' }).execute();
    for (const send of [read, write]) {
      assert.equal(await turnsDuring(send, kysely), 3);
      assert.equal(await kysely.transaction().execute((transaction) => turnsDuring(send, transaction)), 3);
    }
    await library.drop();
  });

  test('streaming is refused with a clear error', async () => {
    const library = await openTestLibrary('sqlite');
    const stream = library.kysely.selectFrom('books').select('id').stream();
    await assert.rejects(stream[Symbol.asyncIterator]().next(), /not streamed/);
    await library.drop();
  });
});
