import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openHangingWay } from '#tests/hanging.ts';
import { until } from '#tests/work.ts';
import { DatabaseUnavailableError } from './errors.ts';
import { openDatabase } from './index.ts';
import { testDialects } from './testing.ts';
import { openTestLibrary, type TestLibrary } from './testing-tables.ts';
import { parseDatabaseUrl, type ServerAddress } from './url.ts';

/** Long enough for a busy machine to open its connections in. */
const PATIENCE_MS = 1000;

for (const dialect of testDialects()) {
  describe(`transactions on ${dialect}`, () => {
    let library: TestLibrary;
    before(async () => {
      library = await openTestLibrary(dialect);
    });
    beforeEach(() => library.kysely.deleteFrom('books').execute());
    after(() => library.drop());

    const titles = async () =>
      (await library.kysely.selectFrom('books').select('title').orderBy('title').execute()).map(({ title }) => title);

    test('a read beside an open transaction answers with what is committed', async () => {
      await library.kysely.insertInto('books').values({ title: 'before' }).execute();
      await library.kysely.transaction().execute(async (transaction) => {
        await transaction.insertInto('books').values({ title: 'inside' }).execute();
        assert.deepEqual(await titles(), ['before']);
        const inside = await transaction.selectFrom('books').select('title').forUpdate().execute();
        assert.equal(inside.length, 2);
      });
      assert.deepEqual(await titles(), ['before', 'inside']);
    });

    test('a hundred transactions at once all commit', async () => {
      await library.kysely.insertInto('books').values({ title: 'count', pages: 0 }).execute();
      await Promise.all(
        Array.from({ length: 100 }, () =>
          library.kysely.transaction().execute(async (transaction) => {
            const book = await transaction
              .selectFrom('books')
              .select(['id', 'pages'])
              .forUpdate()
              .executeTakeFirstOrThrow();
            await sleep(Math.random());
            await transaction
              .updateTable('books')
              .set({ pages: (book.pages ?? 0) + 1 })
              .where('id', '=', book.id)
              .execute();
          }),
        ),
      );
      const { pages } = await library.kysely.selectFrom('books').select('pages').executeTakeFirstOrThrow();
      assert.equal(pages, 100);
    });

    test('a rollback leaves nothing, and the error that caused it is the one that comes out', async () => {
      const reason = new Error('no');
      const attempt = library.kysely.transaction().execute(async (transaction) => {
        await transaction.insertInto('books').values({ title: 'inside' }).execute();
        throw reason;
      });
      await assert.rejects(attempt, reason);
      assert.deepEqual(await titles(), []);
      await library.kysely.insertInto('books').values({ title: 'after' }).execute();
      assert.deepEqual(await titles(), ['after']);
    });

    test('savepoints undo a part', async () => {
      const transaction = await library.kysely.startTransaction().execute();
      await transaction.insertInto('books').values({ title: 'kept' }).execute();
      const nested = await transaction.savepoint('odd "`name').execute();
      await nested.insertInto('books').values({ title: 'undone' }).execute();
      await nested.rollbackToSavepoint('odd "`name').execute();
      await nested.releaseSavepoint('odd "`name').execute();
      await transaction.commit().execute();
      assert.deepEqual(await titles(), ['kept']);
    });

    test('statements are counted, transactions are not', async () => {
      const earlier = library.database.statements;
      await library.kysely.transaction().execute(async (transaction) => {
        await transaction.insertInto('books').values({ title: 'x' }).execute();
        await transaction.selectFrom('books').select('id').execute();
      });
      await library.kysely.selectFrom('books').select('id').execute();
      assert.equal(library.database.statements - earlier, 3);
    });

    test('ping answers', () => library.database.ping());
  });

  describe(`waiting on ${dialect}`, () => {
    let library: TestLibrary;
    beforeEach(async () => {
      library = await openTestLibrary(dialect, PATIENCE_MS);
    });
    afterEach(() => library.drop());

    test('who waits too long for a connection or the writer is told so, and those before are not harmed', async () => {
      const gate = Promise.withResolvers<void>();
      let held = 0;
      // SQLite has one writer; the servers have the five connections of the pool.
      const holders = Array.from({ length: dialect === 'sqlite' ? 1 : 5 }, (_, index) =>
        library.kysely.transaction().execute(async (transaction) => {
          await transaction
            .insertInto('books')
            .values({ title: `held ${index}` })
            .execute();
          held += 1;
          await gate.promise;
          return index;
        }),
      );
      await until('all connections are held', () => held === holders.length);
      const started = performance.now();
      const late = library.kysely.insertInto('books').values({ title: 'late' }).execute();
      const lateTransaction = library.kysely.transaction().execute(async () => 'never');
      await Promise.all([late, lateTransaction].map((one) => assert.rejects(one, DatabaseUnavailableError)));
      const waited = performance.now() - started;
      assert.ok(waited > 0.75 * PATIENCE_MS, `waited ${waited} ms`);
      gate.resolve();
      assert.deepEqual(
        await Promise.all(holders),
        holders.map((_, index) => index),
      );
      await library.kysely.insertInto('books').values({ title: 'next' }).execute();
      const found = await library.kysely.selectFrom('books').select('title').execute();
      assert.equal(found.length, holders.length + 1);
    });
  });
}

describe('a database that does not answer', () => {
  for (const [scheme, driver] of [
    ['mysql', 'mysql'],
    ['postgresql', 'postgresql'],
  ]) {
    test(`${scheme}: ping rejects in time and names it without the password`, async () => {
      const database = await openDatabase(
        { url: `${scheme}://u:s3cret@127.0.0.1:1/app`, poolMin: 0, poolMax: 2, acquireTimeoutMs: 500 },
        [],
      );
      const started = performance.now();
      await assert.rejects(database.ping(), (error: Error) => {
        assert.ok(error instanceof DatabaseUnavailableError);
        assert.match(error.message, new RegExp(`${driver} 127\\.0\\.0\\.1:1/app`));
        assert.doesNotMatch(error.message, /s3cret/);
        return true;
      });
      assert.ok(performance.now() - started < 10_000);
      await database.close();
    });
  }

  for (const scheme of ['mysql', 'postgresql']) {
    test(`${scheme}: a server that accepts and then says nothing is given up in time`, async () => {
      const sockets = new Set<Socket>();
      const server = createServer((socket) => sockets.add(socket)).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const url = `${scheme}://u:s3cret@127.0.0.1:${port}/app`;
      const database = await openDatabase({ url, poolMin: 0, poolMax: 2, acquireTimeoutMs: 200 }, []);
      try {
        const started = performance.now();
        await assert.rejects(database.ping(), new RegExp(`127\\.0\\.0\\.1:${port}/app`));
        assert.ok(performance.now() - started < 10_000);
        await database.close();
      } finally {
        for (const socket of sockets) socket.destroy();
        server.close();
      }
    });
  }

  for (const dialect of testDialects()) {
    if (dialect === 'sqlite') continue;
    test(`${dialect}: a server that hangs later is given up in time, whatever it is asked`, {
      timeout: 20_000,
    }, async () => {
      const library = await openTestLibrary(dialect);
      const { host, port } = parseDatabaseUrl(library.url) as ServerAddress;
      const way = await openHangingWay(host, port);
      const url = new URL(library.url);
      url.host = `127.0.0.1:${way.port}`;
      const database = await openDatabase({ url: url.href, poolMin: 0, poolMax: 2, acquireTimeoutMs: 500 }, []);
      try {
        assert.match(await database.version(), /MySQL|MariaDB|PostgreSQL/);
        way.hang();
        await assert.rejects(database.version(), /No answer from .* within 500 ms/);
        await assert.rejects(database.ping(), DatabaseUnavailableError);
      } finally {
        way.close();
        await database.close();
        await library.drop();
      }
    });
  }

  test('a database that was never used leaves nothing behind when it is closed', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const earlier = timers();
    for (const url of ['sqlite::memory:', 'mysql://u@127.0.0.1:1/app', 'postgresql://u@127.0.0.1:1/app']) {
      const database = await openDatabase({ url, poolMin: 0, poolMax: 2, acquireTimeoutMs: 500 }, []);
      await database.close();
    }
    assert.equal(timers(), earlier);
  });

  test('an unreadable URL is refused when it is opened', async () => {
    const options = { url: 'nosql://u:s3cret@h/d', poolMin: 0, poolMax: 2, acquireTimeoutMs: 500 };
    await assert.rejects(openDatabase(options, []), /must begin with sqlite:/);
  });
});
