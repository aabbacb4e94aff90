import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { type Answer, type Client, useApp } from '#tests/harness.ts';
import { Random, readStored, World } from '../flows/world.ts';

const permissions = ['system:user:*', 'system:role:*', 'system:dept:*', 'system:permission:query'];

/** The attacks in short; their variants are in tests/flows (ceiling, revocation, scope matrix) and beside the features. */
describe('attacks on rights and scopes', () => {
  const t = useApp();
  let world: World;
  let top: number;
  let own: number;
  let foreign: number;
  let insider: number;
  let outsider: number;
  let manager: Client;
  before(async () => {
    world = new World(t, new Random(3));
    top = (await readStored(t)).depts[0]?.id ?? 0;
    own = await world.dept(top);
    foreign = await world.dept(top);
    insider = await world.user({ dept: own });
    outsider = await world.user({ dept: foreign });
    const role = await world.role({ scope: 'dept_and_below', permissions });
    manager = await world.client(await world.user({ dept: own, roles: [role] }));
  });

  const nothingChanges = async (status: number, attacks: readonly (() => Promise<Answer>)[]) => {
    const before = await readStored(t);
    for (const attack of attacks) {
      const answer = await attack();
      assert.equal(answer.status, status, answer.text);
    }
    assert.deepEqual(await readStored(t), before);
  };

  test('A5 A3 a token holds nothing: what its user lost is lost with the next request', async () => {
    const role = await world.role({ scope: 'all', permissions: ['*:*:*'] });
    const user = await world.client(await world.user({ dept: own, roles: [role] }));
    assert.equal((await user.get(`users/${outsider}`)).status, 200);
    assert.equal((await t.admin.put(`roles/${role}/data-scope`, { data_scope: 'dept' })).status, 200);
    assert.equal((await user.get(`users/${outsider}`)).status, 404);
    assert.equal((await t.admin.delete(`roles/${role}/users`, { user_ids: [user.userId] })).status, 200);
    assert.equal((await user.get(`users/${insider}`)).status, 403);
    assert.equal((await t.admin.delete(`users/${user.userId}`)).status, 200);
    assert.equal((await user.get('users/me')).status, 401);
  });

  test('A17 nobody raises themselves, alone or through a role that they made', async () => {
    const [mine, strong] = [
      await world.role({ scope: 'self', permissions: ['system:user:query'] }),
      await world.role({ scope: 'self', permissions: ['system:position:delete'] }),
    ];
    await nothingChanges(403, [
      () => manager.put(`users/${manager.userId}/roles`, { role_ids: [strong] }),
      () => manager.patch(`users/${manager.userId}`, { role_ids: [strong] }),
      () => manager.post(`roles/${strong}/users`, { user_ids: [manager.userId] }),
      () => manager.post(`roles/${strong}/users?dry_run=true`, { user_ids: [manager.userId] }),
      () => manager.put(`roles/${mine}/permissions`, { permissions: ['system:position:delete'] }),
      () => manager.put(`roles/${mine}/permissions`, { permissions: ['system:*:query'] }),
      () => manager.put(`roles/${mine}/data-scope`, { data_scope: 'all' }),
      () => manager.post('roles', { code: 'up', name: 'x', permissions: ['*:*:*'] }),
      () => manager.post('roles', { code: 'up', name: 'x', data_scope: 'all' }),
      () =>
        manager.post('users', {
          username: 'puppet',
          email: 'p@example.com',
          password: 'long enough',
          dept_id: own,
          role_ids: [strong],
        }),
    ]);
    await nothingChanges(409, [
      () => manager.put(`roles/${mine}/data-scope`, { data_scope: 'custom', dept_ids: [foreign] }),
      () =>
        manager.post('roles', { code: 'up', name: 'x', data_scope: 'custom', dept_ids: [top], includes_below: true }),
    ]);
    await nothingChanges(404, [() => manager.post(`roles/${mine}/users`, { user_ids: [insider, outsider] })]);
  });

  test('A18 nobody touches those above, even in their own department', async () => {
    const boss = await world.user({ dept: own, roles: [await world.role({ scope: 'all', permissions: ['*:*:*'] })] });
    await nothingChanges(403, [
      () => manager.patch(`users/${boss}`, { email: 'mine@example.com' }),
      () => manager.patch(`users/${boss}`, { is_active: false }),
      () =>
        manager
          .patch(`users/${boss}`, { dept_id: null })
          .then((answer) => ({ ...answer, status: answer.status === 409 ? 403 : answer.status })),
      () => manager.post(`users/${boss}/reset-password`, { password: 'mine from now on' }),
      () => manager.put(`users/${boss}/roles`, { role_ids: [] }),
      () => manager.delete(`users/${boss}`),
      () => manager.post('users/batch-delete', { ids: [insider, boss] }),
    ]);
  });

  test('A21 A19 A20 what lies outside the scope is not there, by any door', async () => {
    await nothingChanges(404, [
      () => manager.get(`users/${outsider}`),
      () => manager.patch(`users/${outsider}`, { name: 'x' }),
      () => manager.put(`users/${outsider}/roles`, { role_ids: [] }),
      () => manager.post(`users/${outsider}/reset-password`, {}),
      () => manager.delete(`users/${outsider}`),
      () => manager.get(`depts/${foreign}`),
      () => manager.patch(`depts/${foreign}`, { name: 'x' }),
      () => manager.delete(`depts/${foreign}`),
      () => manager.get(`permissions/explain?user_id=${outsider}&permission=system:user:query`),
      () => manager.get(`permissions/explain?user_id=${insider}&entity=users&id=${outsider}`),
    ]);
    await nothingChanges(409, [
      () => manager.post('users/batch-delete', { ids: [insider, outsider] }),
      () => manager.post('depts/batch-delete', { ids: [foreign] }),
    ]);
    const name = (await readStored(t)).users.find(({ id }) => id === outsider)?.username ?? '?';
    for (const answer of [
      await manager.get('users?page_size=200'),
      await manager.get(`users?keyword=${name}`),
      await manager.get(`users/options?keyword=${name}`),
      await manager.get(`users?dept_id=${foreign}`),
      await manager.post('users/export', {}),
      await manager.get('roles/1/users?page_size=200'),
      await manager.get('depts'),
      await manager.get('depts/options'),
    ]) {
      assert.equal(answer.status, 200, answer.text);
      assert.ok(!answer.text.includes(`"${name}"`) && !answer.text.includes(`,${name},`), answer.text);
      assert.ok(!answer.text.includes(`"id":${foreign},`) || answer.body.data.items[0].username, answer.text);
    }
  });

  test('A23 a scope without a rule, a department, an identity or an enabled role shows the own row alone', async () => {
    const sees = ['system:user:query', 'system:dept:query'];
    const base = await world.role({ scope: 'self', permissions: sees });
    const cases = [
      await world.user({ dept: null, roles: [await world.role({ scope: 'dept_and_below', permissions: sees })] }),
      await world.user({ dept: null, roles: [await world.role({ scope: 'dept', permissions: sees })] }),
      await world.user({ dept: own, roles: [await world.role({ scope: 'custom', permissions: sees })] }),
      await world.user({
        dept: own,
        roles: [base, await world.role({ scope: 'all', permissions: sees, enabled: false })],
      }),
      await world.user({ dept: own, roles: [base] }),
    ];
    for (const id of cases) {
      const client = await world.client(id);
      const { data } = (await client.get('users')).body;
      assert.deepEqual([data.total, data.items.map((user: { id: number }) => user.id)], [1, [id]]);
      assert.deepEqual((await client.get('depts')).body.data.items, []);
    }
    const bare = await world.client(await world.user({ dept: own }));
    assert.equal((await bare.get('users')).status, 403);
    assert.deepEqual((await bare.get('users/options')).body.data.total, 1);
    assert.throws(() => t.system.rows('users'), /./, 'nobody has no rows');
    // A word that no version of the program ever wrote there.
    const odd = await world.role({ scope: 'everything' as 'all', permissions: sees });
    const client = await world.client(await world.user({ dept: own, roles: [odd] }));
    assert.equal((await client.get('users')).body.data.total, 1);
  });

  for (const scope of ['all', 'dept_and_below', 'dept', 'custom'] as const) {
    test(`A24 roles add up, and disabling one keeps its assignments: ${scope}`, async () => {
      const permissions = ['system:user:query'];
      const wide = await world.role({ scope, permissions, ...(scope === 'custom' && { depts: [own] }) });
      const narrow = await world.role({ scope: 'self', permissions });
      const user = await world.client(await world.user({ dept: own, roles: [narrow, wide] }));
      assert.equal((await user.get(`users/${insider}`)).status, 200);
      assert.equal((await t.admin.patch(`roles/${wide}`, { is_enabled: false })).status, 200);
      assert.equal((await user.get(`users/${insider}`)).status, 404);
      assert.deepEqual(
        (await t.admin.get(`users/${user.userId}`)).body.data.role_ids,
        [wide, narrow].sort((a, b) => a - b),
      );
      assert.equal((await t.admin.patch(`roles/${wide}`, { is_enabled: true })).status, 200);
      assert.equal((await user.get(`users/${insider}`)).status, 200);
    });
  }

  test('A26 no row moves into a foreign department, and no department below itself or away with its users', async () => {
    const child = await world.dept(own);
    await nothingChanges(409, [
      () => manager.patch(`users/${insider}`, { dept_id: foreign }),
      () => manager.patch(`users/${insider}`, { dept_id: 999_999 }),
      () => manager.patch(`users/${insider}`, { dept_id: null }),
      () =>
        manager.post('users', { username: 'moved', email: 'm@example.com', password: 'long enough', dept_id: foreign }),
      () => manager.patch(`depts/${child}`, { parent_id: foreign }),
      () => manager.patch(`depts/${child}`, { parent_id: null }),
      () => manager.patch(`depts/${own}`, { parent_id: child }),
      () => manager.delete(`depts/${own}`),
      () => t.admin.delete(`depts/${own}`),
      () => t.admin.delete(`depts/${foreign}`),
    ]);
  });

  test('A28 a hundred requests of five actors at once, each within its own rights', async () => {
    const actors: { client: Client; expected: string; status: number }[] = [];
    for (const scope of ['all', 'dept', 'self'] as const) {
      const client = await world.client(
        await world.user({ dept: own, roles: [await world.role({ scope, permissions: ['system:user:query'] })] }),
      );
      actors.push({ client, expected: '', status: 200 });
    }
    actors.push({ client: await world.client(await world.user({ dept: own })), expected: '', status: 403 });
    actors.push({ client: manager, expected: '', status: 200 });
    for (const actor of actors)
      actor.expected = JSON.stringify((await actor.client.get('users?page_size=200')).body.data);
    t.environment.access.forgetActors();
    const answers = await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        const actor = actors[index % actors.length] as (typeof actors)[number];
        if (index % 7 === 0) t.environment.access.forgetActors();
        return { actor, list: await actor.client.get('users?page_size=200'), me: await actor.client.get('users/me') };
      }),
    );
    for (const { actor, list, me } of answers) {
      assert.deepEqual([list.status, JSON.stringify(list.body.data)], [actor.status, actor.expected]);
      assert.equal(me.body.data.id, actor.client.userId);
    }
    assert.equal(new Set(actors.map(({ expected }) => expected)).size >= 4, true);
  });

  test('A44 of two who save the same row, the second hears that it has changed', async () => {
    const page = (await t.admin.get('menus')).body.data.items.find(
      (menu: { name: string }) => menu.name === 'dashboard',
    );
    const position = (await t.admin.post('positions', { code: 'both', name: 'x' })).body.data;
    const role = (await t.admin.post('roles', { code: 'both', name: 'x' })).body.data;
    for (const [path, body] of [
      [`users/${insider}`, { name: 'x' }],
      [`depts/${foreign}`, { name: 'x' }],
      [`roles/${role.id}`, { name: 'x' }],
      [`positions/${position.id}`, { name: 'x' }],
      [`menus/${page.id}`, { title: 'x' }],
    ] as const) {
      const { version } = (await t.admin.get(path)).body.data;
      const answers = await Promise.all([1, 2, 3].map(() => t.admin.patch(path, { ...body, version })));
      assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409, 409], path);
      const late = answers.find(({ status }) => status === 409);
      assert.equal(late?.body.error, 'conflict.stale', path);
      assert.equal((await t.admin.get(path)).body.data.version, version + 1, path);
    }
    // What a role permits is part of it: whoever edits the role from an older state hears of that too.
    const { version } = (await t.admin.get(`roles/${role.id}`)).body.data;
    assert.equal(
      (await t.admin.put(`roles/${role.id}/permissions`, { permissions: ['system:user:query'] })).status,
      200,
    );
    assert.equal((await t.admin.patch(`roles/${role.id}`, { name: 'y', version })).body.error, 'conflict.stale');
  });
});
