import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Kysely, sql } from 'kysely';
import { runOnServer, testDialects } from './testing.ts';
import { openTestLibrary, type TestLibrary, type TestTables } from './testing-tables.ts';
import { parseDatabaseUrl, type ServerAddress } from './url.ts';

for (const dialect of testDialects()) {
  if (dialect === 'sqlite') continue;
  describe(`connections that ${dialect} drops`, () => {
    let library: TestLibrary;
    let address: ServerAddress;
    before(async () => {
      library = await openTestLibrary(dialect);
      address = parseDatabaseUrl(library.url) as ServerAddress;
    });
    after(() => library.drop());

    const connectionOf = async (database: Kysely<TestTables>): Promise<number> => {
      const name = dialect === 'mysql' ? 'connection_id()' : 'pg_backend_pid()';
      const { rows } = await sql<{ id: number }>`select ${sql.raw(name)} as id`.execute(database);
      return rows[0]?.id ?? assert.fail('no connection id');
    };
    const drop = (id: number) =>
      runOnServer(address, dialect === 'mysql' ? `kill ${id}` : `select pg_terminate_backend(${id})`);

    test('while idle are replaced', async () => {
      const earlier = await connectionOf(library.kysely);
      await drop(earlier);
      await sleep(100);
      assert.notEqual(await connectionOf(library.kysely), earlier);
    });

    test('inside a transaction fail it, and the next one works', async () => {
      const broken = library.kysely.transaction().execute(async (transaction) => {
        await transaction.insertInto('books').values({ title: 'lost' }).execute();
        await drop(await connectionOf(transaction));
        await sleep(100);
        await transaction.insertInto('books').values({ title: 'lost' }).execute();
      });
      await assert.rejects(broken);
      await library.kysely.transaction().execute(async (transaction) => {
        assert.deepEqual(await transaction.selectFrom('books').select('title').execute(), []);
      });
    });

    test('a transaction that is left open does not go back into the pool', async () => {
      const abandoned = await library.kysely.connection().execute(async (connection) => {
        const id = await connectionOf(connection);
        const transaction = await connection.startTransaction().execute();
        await transaction.insertInto('books').values({ title: 'abandoned' }).execute();
        return id;
      });
      await sleep(100);
      assert.notEqual(await connectionOf(library.kysely), abandoned);
      assert.deepEqual(await library.kysely.selectFrom('books').select('title').execute(), []);
    });
  });
}
