import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { useApp } from '#tests/harness.ts';

const DEFAULTS = {
  locale: null,
  theme: null,
  density: 'comfortable',
  page_size: 20,
  is_navigation_collapsed: false,
  hidden_columns: {},
  closed_panels: [],
  tabs: [],
};
const PATH = 'users/me/preferences';
const why = 'a test looks at what is stored';

describe('preferences', () => {
  const t = useApp();

  test('begin with the defaults; what is named is replaced, the rest stays', async () => {
    const person = await t.as({ permissions: [] });
    assert.deepEqual((await person.get(PATH)).body.data, DEFAULTS);
    const chosen = { theme: 'dark', hidden_columns: { users: ['email', 'phone'] } };
    const first = await person.put(PATH, chosen);
    assert.deepEqual([first.status, first.body.data], [200, { ...DEFAULTS, ...chosen }]);
    const second = await person.put(PATH, {
      locale: 'en-US',
      page_size: 50,
      hidden_columns: {},
      tabs: ['/system/users'],
    });
    const both = { ...DEFAULTS, theme: 'dark', locale: 'en-US', page_size: 50, tabs: ['/system/users'] };
    assert.deepEqual(second.body.data, both);
    assert.deepEqual((await person.get(PATH)).body.data, both);
  });

  test('A28 belong to one person each, whatever the scope', async () => {
    const [one, other] = [await t.as({ scope: 'all' }), await t.as({ scope: 'self' })];
    await one.put(PATH, { theme: 'light' });
    assert.equal((await other.get(PATH)).body.data.theme, null);
    await other.put(PATH, { theme: 'dark' });
    assert.deepEqual(
      [(await one.get(PATH)).body.data.theme, (await other.get(PATH)).body.data.theme],
      ['light', 'dark'],
    );
    assert.equal((await t.anonymous.get(PATH)).status, 401);
  });

  test('A25 A34 refuse what is unknown and what is too much', async () => {
    const person = await t.as({});
    const long = Array.from({ length: 41 }, (_, index) => `column_${index}`);
    for (const wrong of [
      { colour: 'red' },
      { theme: 'pink' },
      { locale: 'fr-FR' },
      { page_size: 1_000_000 },
      { page_size: 21 },
      { hidden_columns: { users: long } },
      { hidden_columns: { users: ['a'.repeat(41)] } },
      { hidden_columns: { 'Users ': ['email'] } },
      { hidden_columns: JSON.parse('{"__proto__":["email"]}') },
      { hidden_columns: Object.fromEntries(Array.from({ length: 61 }, (_, index) => [`t${index}`, []])) },
      { closed_panels: ['users', 'users'] },
      { tabs: ['https://example.com'] },
      { tabs: ['//example.com'] },
    ])
      assert.equal((await person.put(PATH, wrong)).status, 400, JSON.stringify(wrong));
    assert.deepEqual((await person.get(PATH)).body.data, DEFAULTS);
  });

  test('two first writes at once are both kept', async () => {
    const person = await t.as({});
    const answers = await Promise.all([
      person.put(PATH, { theme: 'dark' }),
      person.put(PATH, { density: 'compact' }),
      person.put(PATH, { page_size: 100 }),
    ]);
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200, 200],
    );
    const expected = { ...DEFAULTS, theme: 'dark', density: 'compact', page_size: 100 };
    assert.deepEqual((await person.get(PATH)).body.data, expected);
  });

  test('of another version of the program count as not chosen', async () => {
    const person = await t.as({});
    await person.put(PATH, { theme: 'dark' });
    await t.system
      .unscoped('user_preferences', why)
      .update({ preferences: { theme: 'sepia', page_size: 50, gone: true, tabs: 'none' } })
      .where('user_id', '=', person.userId)
      .execute();
    assert.deepEqual((await person.get(PATH)).body.data, { ...DEFAULTS, page_size: 50 });
    assert.deepEqual((await person.put(PATH, { density: 'compact' })).body.data, {
      ...DEFAULTS,
      page_size: 50,
      density: 'compact',
    });
  });

  test('go with their person', async () => {
    const person = await t.as({});
    await person.put(PATH, { theme: 'dark' });
    const count = async () =>
      (
        await t.system
          .unscoped('user_preferences', why)
          .select()
          .select('id')
          .where('user_id', '=', person.userId)
          .execute()
      ).length;
    assert.equal(await count(), 1);
    assert.equal((await t.admin.delete(`users/${person.userId}`)).status, 200);
    assert.equal(await count(), 0);
  });

  test('statements of each endpoint', async () => {
    const person = await t.as({});
    await person.put(PATH, { theme: 'dark' });
    const found = [(await person.get(PATH)).statements, (await person.put(PATH, { theme: 'light' })).statements];
    assert.deepEqual(found, [1, 3]);
  });
});
