import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { type Client, TEST_PASSWORD, useApp } from '#tests/harness.ts';
import { Random, readStored, World } from './world.ts';

const permissions = ['system:user:query', 'system:dept:query'];

describe('a right that is taken away is gone at the next request', () => {
  const t = useApp();
  let world: World;
  let top: number;
  before(async () => {
    world = new World(t, new Random(2));
    top = (await readStored(t)).depts[0]?.id ?? 0;
  });

  /** Somebody with one role, a row in their scope, and a snapshot that is warm. */
  const holder = async (scope: 'all' | 'dept_and_below' | 'dept' | 'custom' = 'dept_and_below') => {
    const dept = await world.dept(top);
    const inside = await world.dept(dept);
    const row = await world.user({ dept: scope === 'dept' ? dept : inside });
    const role = await world.role({ scope, permissions, depts: scope === 'custom' ? [inside] : [] });
    const client = await world.client(await world.user({ dept, roles: [role] }));
    assert.equal((await client.get(`users/${row}`)).status, 200);
    return { dept, inside, row, role, client };
  };
  const status = async (client: Client, path: string) => (await client.get(path)).status;
  const done = async (answer: Promise<{ status: number; text: string }>) => {
    const { status, text } = await answer;
    assert.equal(status, 200, text);
  };

  test('A5 a role is taken from somebody, in each of the three ways', async () => {
    for (const take of [
      (user: number, role: number) => t.admin.delete(`roles/${role}/users`, { user_ids: [user] }),
      (user: number) => t.admin.put(`users/${user}/roles`, { role_ids: [] }),
      (user: number) => t.admin.patch(`users/${user}`, { role_ids: [] }),
    ]) {
      const { row, role, client } = await holder();
      await done(take(client.userId, role));
      assert.equal(await status(client, `users/${row}`), 403);
      assert.deepEqual((await client.get('users/me/permissions')).body.data, { permissions: [], grants: [] });
      assert.deepEqual((await client.get('users/options')).body.data.items.length, 1, 'only the own row is left');
    }
  });

  test('A5 A24 a role is disabled, and its assignments come back with it', async () => {
    const { row, role, client } = await holder();
    await done(t.admin.patch(`roles/${role}`, { is_enabled: false }));
    assert.equal(await status(client, `users/${row}`), 403);
    await done(t.admin.patch(`roles/${role}`, { is_enabled: true }));
    assert.equal(await status(client, `users/${row}`), 200);
  });

  test('A5 a permission of the role is removed, or its wildcard', async () => {
    const { row, role, client } = await holder();
    await done(t.admin.put(`roles/${role}/permissions`, { permissions: ['system:dept:query'] }));
    assert.deepEqual([await status(client, `users/${row}`), await status(client, 'depts')], [403, 200]);
    await done(t.admin.put(`roles/${role}/permissions`, { permissions: ['system:*:query'] }));
    assert.equal(await status(client, `users/${row}`), 200);
    await done(t.admin.put(`roles/${role}/permissions`, { permissions: [] }));
    assert.deepEqual([await status(client, `users/${row}`), await status(client, 'depts')], [403, 403]);
  });

  test('A5 a role is deleted once nobody holds it, and grants nothing to whoever held it', async () => {
    const { row, role, client } = await holder();
    assert.equal((await t.admin.delete(`roles/${role}`)).body.error, 'role.has_members');
    assert.equal(await status(client, `users/${row}`), 200);
    await done(t.admin.delete(`roles/${role}/users`, { user_ids: [client.userId] }));
    await done(t.admin.delete(`roles/${role}`));
    assert.equal(await status(client, `users/${row}`), 403);
  });

  test('A5 a menu is disabled, itself, by its page or by its directory; never for the administrator', async () => {
    const { row, client } = await holder();
    const menus: { id: number; name: string }[] = (await t.admin.get('menus')).body.data.items;
    for (const name of ['system-users', 'system']) {
      const id = menus.find((menu) => menu.name === name)?.id;
      await done(t.admin.patch(`menus/${id}`, { is_enabled: false }));
      assert.equal(await status(client, `users/${row}`), 403, name);
      assert.equal(await status(t.admin, `users/${row}`), 200, name);
      await done(t.admin.patch(`menus/${id}`, { is_enabled: true }));
      assert.equal(await status(client, `users/${row}`), 200, name);
    }
  });

  test('A3 a user is disabled or deleted, a session is ended', async () => {
    const disabled = await holder();
    await done(t.admin.patch(`users/${disabled.client.userId}`, { is_active: false }));
    assert.equal(await status(disabled.client, 'users/me'), 400);
    await done(t.admin.patch(`users/${disabled.client.userId}`, { is_active: true }));
    assert.equal(await status(disabled.client, 'users/me'), 401, 'the old session stays ended');
    const deleted = [await holder(), await holder()];
    await done(t.admin.delete(`users/${deleted[0]?.client.userId}`));
    await done(t.admin.post('users/batch-delete', { ids: [deleted[1]?.client.userId] }));
    for (const { client } of deleted) assert.equal(await status(client, 'users/me'), 401);
    const ended = await holder();
    await done(ended.client.post('auth/logout'));
    assert.equal(await status(ended.client, 'users/me'), 401);
  });

  test('A3 A6 a password is changed or reset', async () => {
    const { client } = await holder();
    await done(t.admin.post(`users/${client.userId}/reset-password`, { password: TEST_PASSWORD }));
    assert.equal(await status(client, 'users/me'), 401);
    const [here, there] = [await world.client(client.userId), await world.client(client.userId)];
    assert.deepEqual([await status(here, 'users/me'), await status(there, 'users/me')], [200, 200]);
    assert.equal((await here.get('depts')).body.error, 'access.password_change_required');
    await done(here.post('users/me/password', { old_password: TEST_PASSWORD, new_password: 'another good one' }));
    assert.deepEqual([await status(here, 'depts'), await status(there, 'users/me')], [200, 401]);
  });

  test('A5 a department is moved out of the scope, its member is moved, the holder is moved', async () => {
    const moved = await holder();
    await done(t.admin.patch(`depts/${moved.inside}`, { parent_id: top }));
    assert.equal(await status(moved.client, `users/${moved.row}`), 404);
    assert.equal(await status(moved.client, `depts/${moved.inside}`), 404);
    await done(t.admin.patch(`depts/${moved.inside}`, { parent_id: moved.dept }));
    assert.equal(await status(moved.client, `users/${moved.row}`), 200);
    await done(t.admin.patch(`users/${moved.row}`, { dept_id: top }));
    assert.equal(await status(moved.client, `users/${moved.row}`), 404);
    const holderMoved = await holder();
    await done(t.admin.patch(`users/${holderMoved.client.userId}`, { dept_id: moved.dept }));
    assert.equal(await status(holderMoved.client, `users/${holderMoved.row}`), 404);
    await done(t.admin.patch(`users/${holderMoved.client.userId}`, { dept_id: null }));
    assert.equal((await holderMoved.client.get('depts')).body.data.items.length, 0);
  });

  test('A5 the department above the holder is moved: what hangs below moves with them', async () => {
    const { dept, row, client } = await holder();
    const target = await world.dept(top);
    await done(t.admin.patch(`depts/${dept}`, { parent_id: target }));
    assert.equal(await status(client, `users/${row}`), 200);
    assert.equal(await status(client, `depts/${target}`), 404);
  });

  test('a chosen department that moves is still seen, with all below it, by those it was chosen for', async () => {
    const [chosen, target] = [await world.dept(top), await world.dept(top)];
    const row = await world.user({ dept: await world.dept(chosen) });
    const role = await world.role({ scope: 'custom', below: true, depts: [chosen], permissions });
    const client = await world.client(await world.user({ dept: null, roles: [role] }));
    assert.equal(await status(client, `users/${row}`), 200);
    await done(t.admin.patch(`depts/${chosen}`, { parent_id: target }));
    assert.equal(await status(client, `users/${row}`), 200);
    assert.equal(await status(client, `depts/${target}`), 404);
  });

  test('A5 a scope is narrowed, a chosen department is removed or deleted', async () => {
    for (const scope of ['all', 'dept_and_below', 'custom'] as const) {
      const { row, role, client } = await holder(scope);
      await done(t.admin.put(`roles/${role}/data-scope`, { data_scope: 'self' }));
      assert.equal(await status(client, `users/${row}`), 404, scope);
      assert.equal((await client.get('users')).body.data.total, 1);
    }
    const chosen = await holder('custom');
    await done(t.admin.put(`roles/${chosen.role}/data-scope`, { data_scope: 'custom', dept_ids: [top] }));
    assert.equal(await status(chosen.client, `users/${chosen.row}`), 404);
    const emptied = await holder('custom');
    await done(t.admin.patch(`users/${emptied.row}`, { dept_id: null }));
    assert.equal(await status(emptied.client, `depts/${emptied.inside}`), 200);
    await done(t.admin.delete(`depts/${emptied.inside}`));
    assert.equal((await emptied.client.get('depts')).body.data.items.length, 0, 'fails closed');
    assert.equal((await emptied.client.get('users')).body.data.total, 1);
  });

  test('a change that fails, or is only tried, takes nothing away', async () => {
    const { row, role, client } = await holder();
    await done(t.admin.put(`roles/${role}/permissions?dry_run=true`, { permissions: [] }));
    await done(t.admin.put(`roles/${role}/data-scope?dry_run=true`, { data_scope: 'self' }));
    await done(t.admin.delete(`roles/${role}/users?dry_run=true`, { user_ids: [client.userId] }));
    await done(t.admin.put(`users/${client.userId}/roles?dry_run=true`, { role_ids: [] }));
    assert.equal((await t.admin.post('roles/batch-delete', { ids: [role, 999_999] })).status, 409);
    assert.equal((await t.admin.patch(`roles/${role}`, { is_enabled: false, version: 99 })).status, 409);
    assert.equal(await status(client, `users/${row}`), 200);
  });

  test('the check itself sends no statement once it is warm', async () => {
    const { row, client } = await holder();
    const unscoped = await holder('all');
    for (const actor of [client, unscoped.client, t.admin]) {
      await actor.get(`users/${row}`);
      // The one statement is the row itself.
      assert.equal((await actor.get(`users/${row}`)).statements, 1);
      assert.equal((await actor.get('users/me')).statements, 1);
      assert.equal((await actor.get('users/999999')).statements, 1);
    }
    assert.equal((await client.get('roles')).statements, 1, 'a refusal costs its record');
    await client.get('users/me/permissions');
    assert.equal((await client.get('users/me/permissions')).statements, 0);
  });

  test('a snapshot that was being read while something changed is not kept', async () => {
    const { access } = t.environment;
    const { generation } = access;
    access.forgetActors([999_999]);
    access.keepActor(1, 'inactive', generation);
    assert.notEqual(access.actor(1), 'inactive', 'read before the change, kept after it');
    const { role, row, client } = await holder();
    for (let round = 0; round < 10; round++) {
      access.forgetActors();
      const on = round % 2 === 1;
      await Promise.all([
        client.get(`users/${row}`),
        t.admin.patch(`roles/${role}`, { is_enabled: on }),
        client.get(`users/${row}`),
        client.get('users/me'),
      ]);
      assert.equal(await status(client, `users/${row}`), on ? 200 : 403, `round ${round}`);
    }
  });
});
