import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { sql } from 'kysely';
import { type ConstraintViolation, isDeadlock, toConstraintViolation } from './errors.ts';
import { testDialects } from './testing.ts';
import { openTestLibrary, type TestLibrary, testEntities } from './testing-tables.ts';

const NOBODY = 999_999;

for (const dialect of testDialects()) {
  describe(`constraint violations on ${dialect}`, () => {
    let library: TestLibrary;
    before(async () => {
      library = await openTestLibrary(dialect);
      const { kysely } = library;
      await kysely.insertInto('shelves').values({ id: 101, code: 'a' }).execute();
      await kysely.insertInto('shelves').values({ id: 102, code: 'b', parent_id: 101 }).execute();
      await kysely.insertInto('shelves').values({ id: 103, code: 'c' }).execute();
      await kysely.insertInto('shops').values({ id: 101, name: 'x', city: 'y' }).execute();
      await kysely.insertInto('books').values({ id: 101, title: 't', shelf_id: 102, shop_id: 101 }).execute();
      await kysely.insertInto('notes').values({ id: 101, book_id: 101 }).execute();
      await kysely.insertInto('readings').values({ note_id: 101, day: 'monday' }).execute();
    });
    after(() => library.drop());

    const violationOf = async (statement: Promise<unknown>): Promise<ConstraintViolation | null> => {
      const error = await statement.then(
        () => assert.fail('the statement was accepted'),
        (reason: unknown) => reason,
      );
      return toConstraintViolation(error, testEntities);
    };

    test('a value that is taken', async () => {
      const nasty = library.kysely.updateTable('shelves').set({ code: "b' for key 'x" }).where('id', '=', 102);
      await nasty.execute();
      const taken = library.kysely.insertInto('shelves').values({ code: "b' for key 'x" }).execute();
      assert.deepEqual(await violationOf(taken), { kind: 'unique', table: 'shelves', columns: ['code'] });
      const moved = library.kysely.updateTable('shelves').set({ code: 'a' }).where('id', '=', 102).execute();
      assert.deepEqual(await violationOf(moved), { kind: 'unique', table: 'shelves', columns: ['code'] });
    });

    test('a combination that is taken', async () => {
      const taken = library.kysely.insertInto('shops').values({ name: 'x', city: 'y' }).execute();
      assert.deepEqual(await violationOf(taken), { kind: 'unique', table: 'shops', columns: ['name', 'city'] });
    });

    test('a key that is taken', async () => {
      const single = library.kysely.insertInto('shelves').values({ id: 101, code: 'new' }).execute();
      assert.deepEqual(await violationOf(single), { kind: 'unique', table: 'shelves', columns: ['id'] });
      const composite = library.kysely.insertInto('readings').values({ note_id: 101, day: 'monday' }).execute();
      assert.deepEqual(await violationOf(composite), {
        kind: 'unique',
        table: 'readings',
        columns: ['note_id', 'day'],
      });
    });

    test('an insert that points to nothing', async () => {
      const { kysely } = library;
      const expected = { kind: 'foreign_key', direction: 'missing', table: 'books' };
      const shelf = kysely.insertInto('books').values({ title: 'n', shop_id: 101, shelf_id: NOBODY }).execute();
      assert.deepEqual(await violationOf(shelf), { ...expected, columns: ['shelf_id'] });
      const shop = kysely
        .insertInto('books')
        .values([
          { title: 'n', shop_id: 101, shelf_id: 101 },
          { title: 'n', shop_id: NOBODY, shelf_id: 101 },
        ])
        .execute();
      assert.deepEqual(await violationOf(shop), { ...expected, columns: ['shop_id'] });
    });

    test('an update that points to nothing', async () => {
      const { kysely } = library;
      const book = kysely.updateTable('books').set({ shelf_id: NOBODY, shop_id: 101 }).where('id', '=', 101).execute();
      assert.deepEqual(await violationOf(book), {
        kind: 'foreign_key',
        direction: 'missing',
        table: 'books',
        columns: ['shelf_id'],
      });
      const self = kysely.updateTable('shelves').set({ parent_id: NOBODY }).where('id', '=', 103).execute();
      assert.deepEqual(await violationOf(self), {
        kind: 'foreign_key',
        direction: 'missing',
        table: 'shelves',
        columns: ['parent_id'],
      });
    });

    test('a row that others point to', async () => {
      const { kysely } = library;
      const used = kysely.deleteFrom('shelves').where('id', '=', 102).execute();
      assert.deepEqual(await violationOf(used), {
        kind: 'foreign_key',
        direction: 'in_use',
        table: 'shelves',
        columns: ['shelf_id'],
        referencing: 'books',
      });
      const parent = kysely.deleteFrom('shelves').where('id', 'in', [101, 103]).execute();
      assert.deepEqual(await violationOf(parent), {
        kind: 'foreign_key',
        direction: 'in_use',
        table: 'shelves',
        columns: ['parent_id'],
        referencing: 'shelves',
      });
    });

    test('a row that would take another with it that others point to', async () => {
      const book = library.kysely.deleteFrom('books').where('id', '=', 101).execute();
      assert.deepEqual(await violationOf(book), {
        kind: 'foreign_key',
        direction: 'in_use',
        table: 'notes',
        columns: ['note_id'],
        referencing: 'readings',
      });
    });

    test('inside a transaction, which goes on where the database allows it', async () => {
      const { kysely } = library;
      const broken = kysely.transaction().execute(async (transaction) => {
        await transaction.insertInto('shelves').values({ code: 'kept' }).execute();
        await transaction.insertInto('notes').values({ book_id: NOBODY }).execute();
      });
      assert.deepEqual(await violationOf(broken), {
        kind: 'foreign_key',
        direction: 'missing',
        table: 'notes',
        columns: ['book_id'],
      });
      const kept = await kysely.selectFrom('shelves').select('id').where('code', '=', 'kept').execute();
      assert.deepEqual(kept, []);
    });

    test('a raw statement is at least known to break a foreign key', async () => {
      const raw = sql`insert into notes (book_id) values (${NOBODY})`.execute(library.kysely);
      const violation = await violationOf(raw);
      assert.equal(violation?.kind, 'foreign_key');
    });

    test('other errors are no violations', async () => {
      const required = sql`insert into shelves (code) values (null)`.execute(library.kysely);
      assert.equal(await violationOf(required), null);
      const syntax = sql`selct 1`.execute(library.kysely);
      assert.equal(await violationOf(syntax), null);
      assert.equal(toConstraintViolation('text', testEntities), null);
      assert.equal(toConstraintViolation(new Error('other'), testEntities), null);
    });

    if (dialect !== 'sqlite') {
      test('a deadlock is recognised as one', async () => {
        const { kysely } = library;
        const gate = Promise.withResolvers<void>();
        let arrived = 0;
        const swap = (first: number, second: number) =>
          kysely.transaction().execute(async (transaction) => {
            await transaction
              .updateTable('shelves')
              .set({ code: `${first}` })
              .where('id', '=', first)
              .execute();
            if (++arrived === 2) gate.resolve();
            await gate.promise;
            await transaction
              .updateTable('shelves')
              .set({ code: `s${second}` })
              .where('id', '=', second)
              .execute();
          });
        const results = await Promise.allSettled([swap(101, 103), swap(103, 101)]);
        const lost = results.filter((result) => result.status === 'rejected');
        assert.equal(lost.length, 1);
        assert.equal(isDeadlock(lost[0]?.reason), true);
        assert.equal(isDeadlock(new Error('other')), false);
      });
    }
  });
}
