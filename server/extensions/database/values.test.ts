import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { sql } from 'kysely';
import { createTestDatabase, testDialects } from './testing.ts';
import { openTestLibrary, type TestLibrary } from './testing-tables.ts';
import { encodeJson, encodeParameters } from './values.ts';

const DATES = [
  '2026-01-31T12:34:56.789Z',
  '2026-01-31T12:34:56.000Z',
  '2026-07-31T23:59:59.100Z',
  '1970-01-01T00:00:00.000Z',
  '1969-12-31T23:59:59.999Z',
  '1582-10-04T00:00:00.001Z',
  '1000-01-01T00:00:00.000Z',
  '9999-12-31T23:59:59.999Z',
];

const JSON_VALUES: readonly unknown[] = [
  { a: 1, b: [true, null, { c: 'x' }], d: { e: {} } },
  [],
  [1, 'two', [3]],
  {},
  'bare',
  '',
  '"quoted"',
  '123',
  'null',
  0,
  -1.5,
  0.1,
  Number.MAX_SAFE_INTEGER,
  true,
  false,
  null,
  { text: 'it\'s \\ a "nasty" 😀 \u2028 \n text', 'key "x"': 1 },
];

const TEXTS = [
  '',
  ' leading and trailing ',
  "'",
  '"',
  '`',
  '\\',
  "\\'",
  "x\\' or 1=1 -- ",
  "'; drop table books; --",
  '%_?$1:name@@',
  'line\nbreak\r\n\ttab\u001a',
  'ß Ü 日本語 \u{1F600}\u{1F468}\u200d\u{1F469}',
  '\u00e9 e\u0301',
  'null',
  '0x00',
];

for (const dialect of testDialects()) {
  describe(`values on ${dialect}`, () => {
    let library: TestLibrary;
    before(async () => {
      library = await openTestLibrary(dialect);
    });
    after(() => library.drop());

    const store = async (values: object): Promise<void> => {
      await library.kysely.deleteFrom('books').execute();
      await library.kysely
        .insertInto('books')
        .values({ title: 't', ...values })
        .execute();
    };

    test('booleans', async () => {
      for (const is_lent of [true, false, null]) {
        await store({ is_lent });
        const row = await library.kysely.selectFrom('books').select('is_lent').executeTakeFirstOrThrow();
        assert.deepEqual(row, { is_lent });
        if (is_lent === null) continue;
        const found = await library.kysely.selectFrom('books').select('id').where('is_lent', '=', is_lent).execute();
        assert.equal(found.length, 1);
      }
    });

    for (const text of DATES) {
      test(`the date ${text}`, async () => {
        const bought_at = new Date(text);
        await store({ bought_at });
        const row = await library.kysely.selectFrom('books').select('bought_at').executeTakeFirstOrThrow();
        assert.deepEqual(row, { bought_at });
        const found = library.kysely.selectFrom('books').select('id').where('bought_at', '=', bought_at);
        assert.equal((await found.execute()).length, 1);
      });
    }

    for (const value of JSON_VALUES) {
      test(`the JSON value ${JSON.stringify(value)}`, async () => {
        await store({ details: encodeJson(value) });
        const row = await library.kysely.selectFrom('books').select('details').executeTakeFirstOrThrow();
        assert.deepEqual(row, { details: value });
      });
    }

    test('objects and arrays are stored as JSON without being encoded first', async () => {
      for (const details of [{ a: [1] }, [1, { b: 2 }], []]) {
        await store({ details });
        const row = await library.kysely.selectFrom('books').select('details').executeTakeFirstOrThrow();
        assert.deepEqual(row, { details });
      }
    });

    for (const title of TEXTS) {
      test(`the text ${JSON.stringify(title)}`, async () => {
        await store({ title });
        const row = await library.kysely
          .selectFrom('books')
          .select('title')
          .where('title', '=', title)
          .executeTakeFirstOrThrow();
        assert.deepEqual(row, { title });
      });
    }

    test('a whole row has the prototype and values of a plain object', async () => {
      await store({ title: 'x', pages: 3, is_lent: true, bought_at: new Date(5), details: encodeJson([1]) });
      const { id, ...row } = await library.kysely.selectFrom('books').selectAll().executeTakeFirstOrThrow();
      assert.equal(typeof id, 'number');
      assert.deepStrictEqual(row, {
        title: 'x',
        pages: 3,
        is_lent: true,
        bought_at: new Date(5),
        details: [1],
        shelf_id: null,
        shop_id: null,
      });
    });

    test('aliases, joins, sub-selects, common table expressions and unions read alike', async () => {
      const bought_at = new Date('2026-05-05T05:05:05.005Z');
      await store({ is_lent: false, bought_at, details: encodeJson({ a: 1 }) });
      const { kysely } = library;
      const expected = { lent: false, at: bought_at, info: { a: 1 } };
      const columns = ['is_lent as lent', 'bought_at as at', 'details as info'] as const;
      const aliased = await kysely.selectFrom('books').select(columns).executeTakeFirst();
      assert.deepEqual(aliased, expected, 'aliases');
      const joined = await kysely
        .selectFrom('books as a')
        .innerJoin('books as b', 'a.id', 'b.id')
        .select(['b.is_lent as lent', 'a.bought_at as at', 'b.details as info'])
        .executeTakeFirst();
      assert.deepEqual(joined, expected, 'join');
      const nested = await kysely
        .selectFrom(kysely.selectFrom('books').select(columns).distinct().as('inside'))
        .selectAll()
        .executeTakeFirst();
      assert.deepEqual(nested, expected, 'sub-select');
      const common = await kysely
        .with('recent', (query) => query.selectFrom('books').select(columns))
        .selectFrom('recent')
        .select(['lent', 'at', 'info'])
        .executeTakeFirst();
      assert.deepEqual(common, expected, 'common table expression');
      const united = await kysely
        .selectFrom('books')
        .select(['is_lent', 'bought_at'])
        .unionAll(kysely.selectFrom('books').select(['is_lent', 'bought_at']))
        .execute();
      assert.deepEqual(united, Array(2).fill({ is_lent: false, bought_at }), 'union');
    });

    test('expressions read as the kind of what they are made of', async () => {
      const bought_at = new Date('2026-05-05T05:05:05.005Z');
      await store({ title: 'x', is_lent: true, bought_at, details: encodeJson({ a: 1 }) });
      const { kysely } = library;
      const row = await kysely
        .selectFrom('books')
        .select((eb) => [
          eb.fn.max('bought_at').as('bought_at'),
          eb.fn.min('books.bought_at').as('first'),
          eb.fn.coalesce(eb.fn.max('bought_at'), eb.val(null)).as('either'),
          eb.exists(eb.selectFrom('books').select('id')).as('any'),
          eb.selectFrom('books as b').select('b.is_lent').limit(1).as('lent'),
          eb.selectFrom('books as b').select('b.details').limit(1).as('info'),
          sql<Date>`max(bought_at)`.as('bought_at_raw'),
        ])
        .executeTakeFirstOrThrow();
      const { bought_at_raw, ...rest } = row;
      assert.deepEqual(rest, {
        bought_at,
        first: bought_at,
        either: bought_at,
        any: true,
        lent: true,
        info: { a: 1 },
      });
      assert.equal(Number(bought_at_raw), bought_at.getTime());
      const compared = await kysely
        .selectFrom('books')
        .select((eb) => [eb('title', '=', 'x').as('same'), eb('title', 'in', ['y']).as('other')])
        .execute();
      assert.deepEqual(compared, [{ same: true, other: false }]);
      const raw = await sql`select max(bought_at) as bought_at, max(title) as title from books`.execute(kysely);
      assert.deepEqual(raw.rows, [{ bought_at, title: 'x' }]);
    });

    test('NULL stays null in every kind', async () => {
      await library.kysely.deleteFrom('books').execute();
      const empty = await library.kysely
        .selectFrom('books')
        .select((eb) => [eb.fn.max('bought_at').as('last'), eb.fn.sum('pages').as('pages')])
        .executeTakeFirst();
      assert.deepEqual(empty, { last: null, pages: null });
      await store({ is_lent: null, bought_at: null, details: null, pages: null });
      const { id: _, ...row } = await library.kysely
        .selectFrom('books')
        .select(['id', 'is_lent', 'bought_at', 'details', 'pages'])
        .executeTakeFirstOrThrow();
      assert.deepEqual(row, { is_lent: null, bought_at: null, details: null, pages: null });
    });

    test('counts, sums and averages are numbers', async () => {
      await store({ pages: 2_147_483_647 });
      await library.kysely.insertInto('books').values({ title: 'u', pages: 1 }).execute();
      const row = await library.kysely
        .selectFrom('books')
        .select((eb) => [
          eb.fn.countAll().as('all'),
          eb.fn.count('id').distinct().as('ids'),
          eb.fn.sum('pages').as('sum'),
          eb.fn.avg('pages').as('average'),
        ])
        .executeTakeFirst();
      assert.deepEqual(row, { all: 2, ids: 2, sum: 2_147_483_648, average: 1_073_741_824 });
    });

    test('whole numbers are exact up to 2^53 and refused beyond', async () => {
      const type = dialect === 'mysql' ? 'signed' : 'bigint';
      const safe = await sql.raw(`select cast('9007199254740991' as ${type}) as n`).execute(library.kysely);
      assert.deepEqual(safe.rows, [{ n: 9_007_199_254_740_991 }]);
      await assert.rejects(sql.raw(`select cast('9007199254740993' as ${type}) as n`).execute(library.kysely), {
        name: 'RangeError',
        message: /9007199254740993 lies beyond 2\^53/,
      });
    });

    test('parameters that no database can hold are refused', async () => {
      const search = (value: unknown) =>
        library.kysely
          .selectFrom('books')
          .select('id')
          .where('pages', '=', value as number)
          .execute();
      await assert.rejects(search(undefined), TypeError);
      await assert.rejects(search(Number.NaN), TypeError);
      await assert.rejects(search(Number.POSITIVE_INFINITY), TypeError);
      await assert.rejects(search(new Date(Number.NaN)), TypeError);
      await assert.rejects(search(new Date('+010000-01-01T00:00:00Z')), RangeError);
      await assert.rejects(search(2n ** 60n), RangeError);
      assert.deepEqual(await search(7n), []);
    });

    test('an insert tells its id or returns it, and counts tell the rows that matched', async () => {
      await store({ title: 'a', pages: 1 });
      const insert = library.kysely.insertInto('books').values({ title: 'b' });
      const id =
        dialect === 'mysql'
          ? Number((await insert.executeTakeFirstOrThrow()).insertId)
          : (await insert.returning('id').executeTakeFirstOrThrow()).id;
      const found = await library.kysely.selectFrom('books').select('title').where('id', '=', id).execute();
      assert.deepEqual(found, [{ title: 'b' }]);
      const same = library.kysely.updateTable('books').set({ pages: 1 }).where('title', '=', 'a');
      assert.equal((await same.executeTakeFirstOrThrow()).numUpdatedRows, 1n);
      const gone = await library.kysely.deleteFrom('books').executeTakeFirstOrThrow();
      assert.equal(gone.numDeletedRows, 2n);
    });
  });
}

test('encodeJson refuses what JSON cannot hold', () => {
  assert.throws(() => encodeJson(undefined), TypeError);
  assert.throws(() => encodeJson(Number.NaN), TypeError);
  assert.throws(() => encodeJson(2 ** 60), RangeError);
});

test('dates are sent in UTC whatever the zone of the process', () => {
  const date = new Date('2026-07-01T00:00:00.123Z');
  assert.deepEqual(encodeParameters.mysql([date]), ['2026-07-01 00:00:00.123']);
  assert.deepEqual(encodeParameters.postgresql([date]), ['2026-07-01T00:00:00.123Z']);
  assert.deepEqual(encodeParameters.sqlite([date, true, false]), [date.getTime(), 1, 0]);
});

test('a test database that nobody configured says which variable is missing', async () => {
  const { TEST_MYSQL_URL: url } = process.env;
  delete process.env.TEST_MYSQL_URL;
  try {
    assert.deepEqual(
      testDialects().filter((dialect) => dialect === 'mysql'),
      [],
    );
    await assert.rejects(createTestDatabase('mysql'), /TEST_MYSQL_URL is not set/);
  } finally {
    if (url) process.env.TEST_MYSQL_URL = url;
  }
});
