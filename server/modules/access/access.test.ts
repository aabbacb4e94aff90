import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { type Client, useApp } from '#tests/harness.ts';

const rights = [
  'system:user:query',
  'system:user:update',
  'system:user:assign',
  'system:user:reset-password',
  'system:role:query',
  'system:role:create',
  'system:role:assign',
  'system:permission:query',
  'system:dept:query',
];

describe('the grant ceiling', () => {
  const t = useApp();
  let manager: Client;
  let kid: Client;
  let stranger: Client;
  before(async () => {
    manager = await t.as({ permissions: rights, scope: 'dept_and_below', dept: 'NORTH' });
    kid = await t.as({ permissions: ['system:user:query'], scope: 'self', dept: 'NORTH-RD' });
    stranger = await t.as({ permissions: ['system:user:query'], scope: 'self', dept: 'SOUTH' });
  });

  const roleId = async (code: string) =>
    (await t.admin.get(`roles?keyword=${code}`)).body.data.items.find((role: { code: string }) => role.code === code)
      .id;

  test('A17 nobody gives what they do not hold, and the refusal names it', async () => {
    const answer = await manager.put(`users/${kid.userId}/roles`, { role_ids: [await roleId('auditor')] });
    assert.deepEqual([answer.status, answer.body.error], [403, 'ceiling.exceeded']);
    assert.match(JSON.stringify(answer.body.details), /\*:\*:query/);
    const own = await manager.put(`users/${manager.userId}/roles`, { role_ids: [await roleId('admin')] });
    assert.equal(own.status, 403);
    const wide = await manager.post('roles', { code: 'wide', name: 'x', data_scope: 'all' });
    assert.equal(wide.body.error, 'ceiling.exceeded');
  });

  test('A17 what they do hold they may give, and a dry run changes nothing', async () => {
    const created = await manager.post('roles', { code: 'readers', name: 'x', permissions: ['system:dept:query'] });
    assert.equal(created.status, 200);
    const address = `roles/${created.body.data.id}/users`;
    const dry = await manager.post(`${address}?dry_run=true`, { user_ids: [kid.userId] });
    assert.deepEqual(dry.body.data.users[0].gains.permissions, ['system:dept:query']);
    assert.equal((await kid.get('depts')).status, 403);
    assert.equal((await manager.post(address, { user_ids: [kid.userId] })).status, 200);
    assert.equal((await kid.get('depts')).status, 200, 'a right is there at the next request');
    assert.equal((await manager.delete(address, { user_ids: [kid.userId] })).status, 200);
    assert.equal((await kid.get('depts')).status, 403, 'and gone at the next request');
  });

  test('A17 users outside the scope cannot be put into a role', async () => {
    const answer = await manager.post(`roles/${await roleId('readers')}/users`, { user_ids: [stranger.userId] });
    assert.deepEqual([answer.status, answer.body.error], [404, 'role.user_missing']);
  });

  test('A18 nobody touches somebody above, the administrator or the built-in roles', async () => {
    const above = await t.as({ permissions: ['system:menu:delete'], dept: 'NORTH', scope: 'self' });
    assert.equal((await manager.post(`users/${above.userId}/reset-password`, {})).body.error, 'ceiling.exceeded');
    assert.equal((await manager.patch(`users/${above.userId}`, { is_active: false })).body.error, 'ceiling.exceeded');
    assert.equal((await manager.post(`users/${t.admin.userId}/reset-password`, {})).status, 404);
    assert.equal((await t.admin.delete(`roles/${await roleId('staff')}`)).body.error, 'role.builtin');
    const gutted = await t.admin.put(`roles/${await roleId('admin')}/permissions`, { permissions: [] });
    assert.equal(gutted.body.error, 'role.administrator');
  });

  test('explain says which role decides, and agrees with what requests are answered', async () => {
    const asked = await t.admin.get(`permissions/explain?user_id=${kid.userId}&permission=system:user:query`);
    assert.equal(asked.body.data.allowed, (await kid.get('users')).status === 200);
    for (const user of [kid, stranger, manager]) {
      const row = await t.admin.get(`permissions/explain?user_id=${manager.userId}&entity=users&id=${user.userId}`);
      assert.equal(
        row.body.data.allowed,
        (await manager.get(`users/${user.userId}`)).status === 200,
        String(user.userId),
      );
    }
  });

  test('A5 a switched-off menu takes its permission from everybody but the administrator', async () => {
    const menus = (await t.admin.get('menus?keyword=system:dept:query')).body.data.items;
    const menu = menus.find((row: { permission: string }) => row.permission === 'system:dept:query');
    assert.equal((await manager.get('depts')).status, 200);
    assert.equal((await t.admin.patch(`menus/${menu.id}`, { is_enabled: false })).status, 200);
    assert.equal((await manager.get('depts')).status, 403);
    assert.equal((await t.admin.get('depts')).status, 200);
    assert.equal((await t.admin.patch(`menus/${menu.id}`, { is_enabled: true })).status, 200);
    assert.equal((await manager.get('depts')).status, 200);
  });

  test('A26 a department cannot become its own ancestor, and moves with all below it', async () => {
    const depts: { id: number; code: string; path: string }[] = (await t.admin.get('depts')).body.data.items;
    const find = (code: string) => depts.find((dept) => dept.code === code) ?? { id: 0, code, path: '' };
    const cycle = await t.admin.patch(`depts/${find('NORTH').id}`, { parent_id: find('NORTH-RD').id });
    assert.equal(cycle.body.error, 'dept.cycle');
    assert.equal((await t.admin.delete(`depts/${find('NORTH').id}`)).body.error, 'dept.has_children');
    assert.equal((await t.admin.patch(`depts/${find('NORTH').id}`, { parent_id: find('SOUTH').id })).status, 200);
    const moved = (await t.admin.get(`depts/${find('NORTH-RD').id}`)).body.data;
    assert.equal(moved.path, `${find('SOUTH').path}${find('NORTH').id}/${moved.id}/`);
    assert.equal((await manager.get(`users/${kid.userId}`)).status, 200, 'the scope moves with the department');
  });
});
