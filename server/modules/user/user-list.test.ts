import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { type Client, useApp } from '#tests/harness.ts';
import { USER_ORDER } from './user.schema.ts';

const why = 'a test prepares its data';
const people = [
  { username: 'alice', email: 'alice@one.example', name: '艾丽丝', phone: '13800000001', dept: 'NORTH' },
  { username: 'Bob', email: 'bob@two.example', name: 'Bob_100%', phone: '13800000002', dept: 'NORTH-RD' },
  { username: 'carol', email: 'carol@one.example', name: 'Carol!', phone: null, dept: 'SOUTH-RD', is_active: false },
  { username: 'dave', email: 'dave@two.example', name: null, phone: '999 99', dept: null },
  { username: 'eve', email: 'eve@one.example', name: "O'Neil \\", phone: '13800000003', dept: 'HQ' },
];

describe('the list of users', () => {
  const t = useApp();
  let everybody: number;

  const listed = async (query: Record<string, string>, client: Client = t.admin) => {
    const { status, body, text } = await client.get('users', { query });
    assert.equal(status, 200, text);
    return body.data as { items: Record<string, never>[]; total: number; page: number; page_size: number };
  };
  const names = async (query: Record<string, string>) =>
    (await listed({ order_by: 'id', ...query })).items.map((user) => user['username']);

  before(async () => {
    const depts = await t.system.unscoped('depts', why).select().select(['id', 'code']).execute();
    for (const [index, { dept, ...user }] of people.entries()) {
      const at = new Date(Date.UTC(2020, 0, index + 1, 12));
      const dept_id = depts.find(({ code }) => code === dept)?.id ?? null;
      const row = { hashed_password: '!', created_at: at, updated_at: at, dept_id, ...user };
      await t.system.unscoped('users', why).insert(row);
    }
    everybody = (await t.system.unscoped('users', why).select().select('id').execute()).length;
  });

  test('is a page with its total; newest first by default', async () => {
    const page = await listed({});
    assert.deepEqual([page.total, page.page, page.page_size, page.items.length], [everybody, 1, 20, everybody]);
    assert.deepEqual(
      page.items.slice(0, 5).map((user) => user['username']),
      people.map((person) => person.username).reverse(),
    );
  });

  test('pages neither overlap nor leave anybody out, also when the order has ties', async () => {
    const seen: unknown[] = [];
    for (let page = 1; page <= Math.ceil(everybody / 2) + 1; page++) {
      const { items, total } = await listed({ page: String(page), page_size: '2', order_by: '-is_active' });
      assert.equal(total, everybody);
      seen.push(...items.map((user) => user['id']));
    }
    assert.equal(seen.length, everybody);
    assert.equal(new Set(seen).size, everybody);
  });

  test('refuses pages out of bounds, unknown parameters and repeated ones', async () => {
    const wrong: [query: string, path: string][] = [
      ['page=0', 'page'],
      ['page=-1', 'page'],
      ['page=1.5', 'page'],
      ['page=x', 'page'],
      ['page=100001', 'page'],
      ['page_size=0', 'page_size'],
      ['page_size=201', 'page_size'],
      ['page_size=1e9', 'page_size'],
      ['page=1&page=2', 'page'],
      ['is_active=maybe', 'is_active'],
      ['dept_id=0', 'dept_id'],
      ['created_at_from=yesterday', 'created_at_from'],
      ['created_at_from=2016-12-31T23:59:60Z', 'created_at_from'],
      ['created_at_to=0000-01-01T00:00:00Z', 'created_at_to'],
      ['created_at_to=9999-12-31T23:59:59-23:59', 'created_at_to'],
      ['keyword=', 'keyword'],
      ['hashed_password=x', 'hashed_password'],
    ];
    for (const [query, path] of wrong) {
      const { status, body } = await t.admin.get(`users?${query}`);
      assert.deepEqual([status, body.error, body.details?.[0]?.path], [400, 'request.invalid', path], query);
    }
    assert.deepEqual((await listed({ page: '100000', page_size: '200' })).items, []);
  });

  test('orders by every allowed field both ways, and by no other', async () => {
    for (const key of USER_ORDER) {
      const up = (await listed({ order_by: `${key},id` })).items.map((user) => user['id']);
      const down = (await listed({ order_by: `-${key},-id` })).items.map((user) => user['id']);
      assert.equal(up.length, everybody, key);
      // Where NULL comes is each database's own business, so only orders without it are compared end to end.
      if (!['name', 'last_sign_in_at'].includes(key)) assert.deepEqual(down, up.toReversed(), key);
    }
    assert.deepEqual(await names({ order_by: 'username', username: 'o' }), ['Bob', 'carol']);
    for (const order of [
      'hashed_password',
      'remark',
      'id;drop table users',
      'lower(username)',
      'id asc',
      '',
      '--id',
      'id,',
    ])
      assert.equal((await t.admin.get('users', { query: { order_by: order } })).status, 400, order);
  });

  test('finds by keyword in name, username, e-mail and phone, whatever the case', async () => {
    assert.deepEqual(await names({ keyword: 'ALICE' }), ['alice']);
    assert.deepEqual(await names({ keyword: '艾' }), ['alice']);
    assert.deepEqual(await names({ keyword: 'bOB' }), ['Bob']);
    assert.deepEqual(await names({ keyword: 'two.example' }), ['Bob', 'dave']);
    assert.deepEqual(await names({ keyword: '138000' }), ['alice', 'Bob', 'eve']);
    assert.deepEqual(await names({ keyword: 'nobody at all' }), []);
  });

  test('takes wildcards and quotes in a keyword literally', async () => {
    for (const [keyword, expected] of [
      ['%', ['Bob']],
      ['_', ['Bob']],
      ['_100%', ['Bob']],
      ['!', ['carol']],
      ["'", ['eve']],
      ['\\', ['eve']],
      ["' or 1=1 --", []],
      ['"', []],
    ] as const)
      assert.deepEqual(await names({ keyword }), expected, keyword);
  });

  test('narrows by each field, and by all of them together', async () => {
    assert.deepEqual(await names({ username: 'ALI' }), ['alice']);
    assert.deepEqual(await names({ email: '@TWO.' }), ['Bob', 'dave']);
    assert.deepEqual(await names({ name: 'carol' }), ['carol']);
    assert.deepEqual(await names({ phone: '99 9' }), ['dave']);
    assert.deepEqual(await names({ is_active: 'false' }), ['carol']);
    assert.deepEqual(await names({ email: 'one.example', is_active: 'true', phone: '3' }), ['alice', 'eve']);
    assert.deepEqual(await names({ created_at_to: '2020-01-02T12:00:00Z' }), ['alice', 'Bob']);
    const range = { created_at_from: '2020-01-02T12:00:00.000Z', created_at_to: '2020-01-03T20:00:00+08:00' };
    assert.deepEqual(await names(range), ['Bob', 'carol']);
  });

  test('narrows to a department and all below it; a foreign or unknown one gives nothing', async () => {
    const idOf = async (code: string) =>
      String(
        (await t.system.unscoped('depts', why).select().select('id').where('code', '=', code).executeTakeFirst())?.id,
      );
    assert.deepEqual(await names({ dept_id: await idOf('NORTH') }), ['alice', 'Bob']);
    assert.deepEqual(await names({ dept_id: await idOf('NORTH-RD') }), ['Bob']);
    assert.deepEqual(await names({ dept_id: '9007199254740991' }), []);
    const manager = await t.as({ permissions: ['system:user:query'], scope: 'dept_and_below', dept: 'SOUTH' });
    const seen = async (query: Record<string, string>) =>
      (await listed(query, manager)).items.map((u) => u['username']);
    assert.deepEqual(await seen({ dept_id: await idOf('NORTH') }), []);
    assert.deepEqual((await seen({})).sort(), ['actor-1', 'carol']);
    assert.equal((await listed({}, manager)).total, 2);
  });
});
