import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { sql } from 'kysely';
import { type Database, openDatabase } from './index.ts';
import { runOnServer, testDialects } from './testing.ts';
import { openTestLibrary, type TestLibrary, testEntities } from './testing-tables.ts';
import { parseDatabaseUrl, type ServerAddress } from './url.ts';

const ATTACKS = [
  "x\\' or 1=1 -- ",
  "\\' union select 1 -- ",
  "'; drop table books; -- ",
  '\\',
  "\\\\' or ''='",
  '\u00bf\\" or 1=1 #',
];

describe('MySQL with a server-wide mode in which backslashes do not escape', {
  skip: !testDialects().includes('mysql'),
}, () => {
  let library: TestLibrary;
  let address: ServerAddress;
  let mode: string;
  before(async () => {
    library = await openTestLibrary('mysql');
    address = parseDatabaseUrl(library.url) as ServerAddress;
    const current = await sql<{ mode: string }>`select @@global.sql_mode as mode`.execute(library.kysely);
    mode = current.rows[0]?.mode ?? '';
    await library.kysely
      .insertInto('books')
      .values([{ title: 'one' }, { title: 'two' }])
      .execute();
  });
  after(() => library.drop());

  /** Sets the mode, as an administrator might, for the time of `work` only. */
  async function inUnsafeMode(work: (database: Database) => Promise<void>): Promise<void> {
    await runOnServer(address, "set global sql_mode = 'NO_BACKSLASH_ESCAPES'");
    const database = await openDatabase(
      { url: library.url, poolMin: 0, poolMax: 2, acquireTimeoutMs: 5_000 },
      testEntities,
    );
    try {
      await work(database);
    } finally {
      await runOnServer(address, `set global sql_mode = '${mode}'`);
      await database.close();
    }
  }

  test('no parameter becomes SQL', () =>
    inUnsafeMode(async ({ kysely }) => {
      const session = await sql<{ global: string; session: string; zone: string; names: string }>`
        select @@global.sql_mode as global, @@session.sql_mode as session, @@time_zone as zone, @@collation_connection as names
      `.execute(kysely);
      assert.match(session.rows[0]?.global ?? '', /NO_BACKSLASH_ESCAPES/, 'the test is in the mode it wants');
      assert.doesNotMatch(session.rows[0]?.session ?? '', /NO_BACKSLASH_ESCAPES/);
      assert.match(session.rows[0]?.session ?? '', /STRICT_TRANS_TABLES/);
      assert.equal(session.rows[0]?.zone, '+00:00');
      assert.equal(session.rows[0]?.names, 'utf8mb4_bin');
      for (const attack of ATTACKS) {
        const found = await sql`select id from books where title = ${attack}`.execute(kysely);
        assert.deepEqual(found.rows, [], attack);
        const echo = await sql<{ text: string }>`select ${attack} as text`.execute(kysely);
        assert.deepEqual(echo.rows, [{ text: attack }]);
      }
    }));

  test('the attack is a real one: it works on a connection that is not pinned', () =>
    inUnsafeMode(async () => {
      const { createConnection } = await import('mysql2/promise');
      const { mysqlConnectionOptions } = await import('./mysql-pool.ts');
      const connection = await createConnection(mysqlConnectionOptions(address, 5_000));
      const [rows] = await connection.query('select id from books where title = ?', [ATTACKS[0]]);
      await connection.end();
      assert.equal((rows as unknown[]).length, 2);
    }));

  test('transactions run at read committed', async () => {
    await library.kysely.transaction().execute(async (transaction) => {
      const count = async () => (await transaction.selectFrom('books').select('id').execute()).length;
      const earlier = await count();
      await library.kysely.insertInto('books').values({ title: 'from elsewhere' }).execute();
      assert.equal(await count(), earlier + 1);
    });
  });
});
