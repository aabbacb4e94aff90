import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { useApp } from '#tests/harness.ts';
import { Random, readStored, rightsIn, World } from '../../tests/flows/world.ts';

const seed = Number(process.env['TEST_SEED'] ?? 20_261_124);

interface Holder {
  readonly id: number;
  readonly username: string;
  readonly roles: readonly { role_id: number; because: string }[];
}

describe('who holds a permission', () => {
  const t = useApp();
  const random = new Random(seed);
  let world: World;
  let top: number;
  before(async () => {
    world = new World(t, random);
    top = (await readStored(t)).depts[0]?.id ?? 0;
  });

  test('is whom a request of theirs, and explain, would allow it', async () => {
    const codes = [...t.environment.catalogue.keys()];
    const grants = ['system:dept:query', 'system:dept:*', 'system:*:update', '*:role:query', '*:*:delete', '*:*:*'];
    const roles: number[] = [];
    for (let count = 0; count < 8; count++) roles.push(await world.randomRole([top], random.some(grants, 3)));
    for (let count = 0; count < 25; count++)
      await world.user({ dept: top, active: random.chance(0.8), roles: random.some(roles, 3) });
    const stored = await readStored(t);
    let found = 0;
    for (const permission of codes) {
      const { body } = await t.admin.get(`permissions/holders?page_size=200&permission=${permission}`);
      const expected = stored.users.filter(
        ({ id, is_active }) => is_active && rightsIn(stored, id, codes).codes.has(permission),
      );
      const note = `TEST_SEED=${seed}, ${permission}`;
      assert.deepEqual(
        body.data.items.map(({ id }: Holder) => id).sort((a: number, b: number) => a - b),
        expected.map(({ id }) => id),
        note,
      );
      assert.equal(body.data.total, expected.length, note);
      found += expected.length;
      const holder: Holder = random.one(body.data.items);
      const { data } = (await t.admin.get(`permissions/explain?user_id=${holder.id}&permission=${permission}`)).body;
      assert.equal(data.allowed, true, note);
      const allowing = data.roles.filter((role: { allows: boolean }) => role.allows);
      assert.deepEqual(holder.roles, allowing, note);
    }
    assert.ok(found > codes.length * 2, `${found} found`);
  });

  test('A21 names nobody whom the asker does not see', async () => {
    const [own, foreign] = [await world.dept(top), await world.dept(top)];
    const role = await world.role({ scope: 'dept', permissions: ['system:permission:query'] });
    const [near, far] = [
      await world.user({ dept: own, roles: [role] }),
      await world.user({ dept: foreign, roles: [role] }),
    ];
    const asker = await world.client(await world.user({ dept: own, roles: [role] }));
    const holders = async (more = '') =>
      (await asker.get(`permissions/holders?permission=system:permission:query${more}`)).body.data;
    const { items, total } = await holders();
    assert.deepEqual(
      items.map(({ id }: Holder) => id).sort((a: number, b: number) => a - b),
      [near, asker.userId].sort((a, b) => a - b),
    );
    assert.equal(total, 2);
    const usernames = new Map((await readStored(t)).users.map(({ id, username }) => [id, username]));
    assert.equal((await holders(`&keyword=${usernames.get(far)}`)).total, 0);
    assert.equal((await holders(`&keyword=${usernames.get(near)}`)).total, 1);
    const outsider = await t.as({ permissions: ['system:user:query'] });
    assert.equal((await outsider.get('permissions/holders?permission=system:user:query')).status, 403);
  });

  test('is the administrator alone while it is switched off, and nobody when no route declares it', async () => {
    const holders = async (permission: string) =>
      (await t.admin.get(`permissions/holders?page_size=200&permission=${permission}`)).body.data;
    await world.user({ dept: top, roles: [await world.role({ scope: 'self', permissions: ['system:menu:*'] })] });
    assert.ok((await holders('system:menu:query')).total > 1);
    const menus: { id: number; name: string }[] = (await t.admin.get('menus')).body.data.items;
    const menu = menus.find(({ name }) => name === 'system-menus')?.id;
    await t.admin.patch(`menus/${menu}`, { is_enabled: false });
    const { items } = await holders('system:menu:query');
    assert.deepEqual([items.map(({ id }: Holder) => id), items[0].roles], [[t.admin.userId], []]);
    await t.admin.patch(`menus/${menu}`, { is_enabled: true });
    assert.deepEqual(await holders('system:menu:fly'), { items: [], total: 0, page: 1, page_size: 200 });
    const link = { kind: 'link', name: 'wiki', title: '文档', link: 'https://example.com/' };
    await t.admin.post('menus', link);
    assert.equal((await holders('menu:root:wiki')).items[0].id, t.admin.userId);
  });

  test('comes in bounded pages, with as many statements for many as for few', async () => {
    const ask = (query: string) => t.admin.get(`permissions/holders?${query}`);
    const all = (await ask('permission=system:dept:query&page_size=200&order_by=id')).body.data;
    const pages = [1, 2, 3].map((page) => ask(`permission=system:dept:query&page_size=2&order_by=id&page=${page}`));
    const paged = (await Promise.all(pages)).flatMap(({ body }) => body.data.items);
    assert.deepEqual(paged, all.items.slice(0, 6));
    for (const query of [
      '',
      'permission=*:*:*',
      'permission=x',
      'permission=a:b:c&page_size=201',
      'permission=a:b:c&x=1',
    ])
      assert.equal((await ask(query)).status, 400, query);
    await t.admin.get('users/me');
    const [few, many] = [
      (await ask('permission=system:dept:query&page_size=2')).statements,
      (await ask('permission=system:dept:query&page_size=200')).statements,
    ];
    // One more, whatever their number, as soon as a role with chosen departments is among them.
    assert.deepEqual([few, many], [9, 10]);
  });
});
