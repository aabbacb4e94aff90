import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { DATA_SCOPES } from '#core/access.ts';
import { assertFails } from '#tests/assert.ts';
import { useApp } from '#tests/harness.ts';
import { readStored } from '../../tests/flows/world.ts';

describe('roles', () => {
  const t = useApp();
  let top: number;
  let admin: number;
  let made = 0;
  const create = async (fields: object = {}) => {
    made += 1;
    const answer = await t.admin.post('roles', { name: `角色 ${made}`, code: `t-${made}`, ...fields });
    assert.equal(answer.status, 200, answer.text);
    return answer.body.data;
  };
  before(async () => {
    top = (await t.admin.get('depts')).body.data.items[0].id;
    admin = (await t.admin.get('roles?order_by=id')).body.data.items[0].id;
  });

  test('are created with all they give, read, listed, changed and deleted', async () => {
    const fields = {
      code: 'editors',
      name: '编辑',
      order: -9,
      remark: 'x',
      is_enabled: false,
      requires_second_factor: true,
    };
    const scope = { data_scope: 'custom', dept_ids: [top], includes_below: true };
    const permissions = ['system:*:query', 'system:user:update'];
    const { body } = await t.admin.post('roles', { ...fields, ...scope, permissions });
    const { id, version, created_at, updated_at, updated_by_name: _editor, ...rest } = body.data;
    assert.deepEqual([rest, version, updated_at], [{ ...fields, ...scope, is_builtin: false }, 1, created_at]);
    assert.deepEqual((await t.admin.get(`roles/${id}`)).body.data, body.data);
    assert.deepEqual((await t.admin.get(`roles/${id}/permissions`)).body.data, { permissions, version });
    assert.deepEqual((await t.admin.get('roles?keyword=EDIT')).body.data.items, [body.data]);
    assert.ok(!(await t.admin.get('roles/options')).body.data.items.some((role: { id: number }) => role.id === id));
    const changed = (await t.admin.patch(`roles/${id}`, { name: '新', is_enabled: true, version: 1 })).body.data;
    assert.deepEqual([changed.name, changed.is_enabled, changed.version, changed.dept_ids], ['新', true, 2, [top]]);
    assertFails(await t.admin.patch(`roles/${id}`, { name: 'late', version: 1 }), 409, 'conflict.stale');
    assert.equal((await t.admin.delete(`roles/${id}`)).status, 200);
    assertFails(await t.admin.get(`roles/${id}`), 404, 'role.not_found');
    for (const path of ['permissions', 'users'])
      assertFails(await t.admin.get(`roles/${id}/${path}`), 404, 'role.not_found');
    const left = await readStored(t);
    assert.ok(!left.permissions.concat().some((row) => row.role_id === id));
  });

  test('refuse codes taken, permissions that do not exist, departments that do not exist, unknown fields', async () => {
    const { id, code } = await create();
    const before = await readStored(t);
    assertFails(await t.admin.post('roles', { code, name: 'x' }), 409, 'role.code_taken');
    const fresh = { code: 'fresh', name: 'x' };
    const unknown = { permissions: ['system:user:query', 'system:user:fly'] };
    assertFails(await t.admin.post('roles', { ...fresh, ...unknown }), 422, 'role.unknown_permission', 'permissions.1');
    assertFails(await t.admin.put(`roles/${id}/permissions`, unknown), 422, 'role.unknown_permission', 'permissions.1');
    const custom = { data_scope: 'custom' };
    assertFails(await t.admin.post('roles', { ...fresh, ...custom }), 422, 'role.dept_needed', 'dept_ids');
    assertFails(await t.admin.put(`roles/${id}/data-scope`, custom), 422, 'role.dept_needed', 'dept_ids');
    const gone = { ...custom, dept_ids: [top, 999_999] };
    assertFails(await t.admin.post('roles', { ...fresh, ...gone }), 409, 'role.dept_missing');
    assertFails(await t.admin.put(`roles/${id}/data-scope`, gone), 409, 'role.dept_missing');
    assertFails(
      await t.admin.post(`roles/${id}/users`, { user_ids: [t.admin.userId, 999_999] }),
      404,
      'role.user_missing',
      'user_ids.1',
    );
    for (const extra of [
      { is_builtin: true },
      { id: 1 },
      { created_by: 1 },
      { permissions: ['*'] },
      { permissions: ['a:b'] },
    ])
      assert.equal((await t.admin.post('roles', { ...fresh, ...extra })).status, 400, JSON.stringify(extra));
    for (const extra of [{ data_scope: 'all' }, { permissions: [] }, { dept_ids: [] }, { is_builtin: false }])
      assert.equal((await t.admin.patch(`roles/${id}`, extra)).status, 400, JSON.stringify(extra));
    assert.equal((await t.admin.put(`roles/${id}/data-scope`, { data_scope: 'everything' })).status, 400);
    assert.deepEqual(await readStored(t), before);
  });

  test('A18 built-in roles are not deleted or renamed, and the administrator is not touched at all', async () => {
    const builtin = (await t.admin.get('roles?keyword=staff')).body.data.items[0];
    assertFails(await t.admin.delete(`roles/${builtin.id}`), 403, 'role.builtin');
    assertFails(await t.admin.patch(`roles/${builtin.id}`, { code: 'other' }), 403, 'role.builtin', 'code');
    assertFails(await t.admin.post('roles/batch-delete', { ids: [builtin.id] }), 409, 'conflict.batch_refused');
    assert.equal((await t.admin.patch(`roles/${builtin.id}`, { code: 'staff', remark: 'y' })).status, 200);
    const before = await readStored(t);
    for (const answer of [
      await t.admin.patch(`roles/${admin}`, { name: 'x' }),
      await t.admin.put(`roles/${admin}/permissions`, { permissions: [] }),
      await t.admin.put(`roles/${admin}/data-scope`, { data_scope: 'self' }),
      await t.admin.delete(`roles/${admin}`),
    ])
      assertFails(answer, 403, 'role.administrator');
    assert.deepEqual(await readStored(t), before);
  });

  test('members: added once, listed by scope, removed; a role in use is not deleted', async () => {
    const role = await create({ permissions: ['system:dept:query'] });
    const [near, far] = [await t.as({ dept: 'NORTH', scope: 'self' }), await t.as({ dept: 'SOUTH', scope: 'self' })];
    const user_ids = [near.userId, far.userId];
    const added = (await t.admin.post(`roles/${role.id}/users`, { user_ids })).body.data;
    assert.deepEqual(
      [
        added.dry_run,
        added.affected,
        added.users.map((one: { gains: { permissions: string[] } }) => one.gains.permissions),
      ],
      [false, 2, [['system:dept:query'], ['system:dept:query']]],
    );
    const again = (await t.admin.post(`roles/${role.id}/users`, { user_ids })).body.data;
    assert.deepEqual(again, { dry_run: false, affected: 0, users: [] });
    assert.equal((await t.admin.get(`roles/${role.id}/users`)).body.data.total, 2);
    const manager = await t.as({ permissions: ['system:role:query'], scope: 'dept', dept: 'NORTH' });
    const seen = (await manager.get(`roles/${role.id}/users?keyword=actor`)).body.data;
    assert.deepEqual(
      [seen.total, seen.items[0].id, Object.keys(seen.items[0])],
      [1, near.userId, ['id', 'username', 'name', 'is_active', 'dept_id']],
    );
    assertFails(await t.admin.delete(`roles/${role.id}`), 409, 'role.has_members');
    const removed = (await t.admin.delete(`roles/${role.id}/users`, { user_ids })).body.data;
    assert.equal(removed.users[0].loses.permissions[0], 'system:dept:query');
    assert.equal((await t.admin.delete(`roles/${role.id}`)).status, 200);
  });

  test('a dry run answers what the real one answers, and changes nothing', async () => {
    const role = await create({ permissions: ['system:dept:query'], data_scope: 'dept' });
    const member = await t.as({ dept: 'NORTH', scope: 'self' });
    await t.admin.post(`roles/${role.id}/users`, { user_ids: [member.userId] });
    const other = await t.as({ dept: 'SOUTH', scope: 'self' });
    const changes: [string, 'put' | 'post' | 'delete', object][] = [
      [`roles/${role.id}/permissions`, 'put', { permissions: ['system:*:query'] }],
      [`roles/${role.id}/permissions`, 'put', { permissions: ['system:role:query'] }],
      ...DATA_SCOPES.map((data_scope): [string, 'put', object] => [
        `roles/${role.id}/data-scope`,
        'put',
        { data_scope, ...(data_scope === 'custom' && { dept_ids: [top] }) },
      ]),
      [`roles/${role.id}/users`, 'post', { user_ids: [other.userId] }],
      [`roles/${role.id}/users`, 'delete', { user_ids: [other.userId, member.userId] }],
      [`users/${other.userId}/roles`, 'put', { role_ids: [role.id] }],
      [`users/${other.userId}/roles`, 'put', { role_ids: [] }],
    ];
    for (const [path, method, body] of changes) {
      const before = await readStored(t);
      const version = (await t.admin.get(`roles/${role.id}`)).body.data;
      const dry = await t.admin[method](`${path}?dry_run=true`, body);
      assert.deepEqual(await readStored(t), before, `${method} ${path}`);
      assert.deepEqual((await t.admin.get(`roles/${role.id}`)).body.data, version);
      const real = await t.admin[method](path, body);
      assert.deepEqual([dry.status, real.status], [200, 200], dry.text);
      assert.deepEqual({ ...dry.body.data, dry_run: false }, real.body.data, `${method} ${path}`);
    }
    for (const query of ['?dry_run=1', '?dry_run=yes', '?dryrun=true'])
      assert.equal((await t.admin.put(`roles/${role.id}/permissions${query}`, { permissions: [] })).status, 400, query);
  });

  test('A23 A24 a narrow role beside a wide one takes nothing away; a scope without a department adds nothing', async () => {
    const wide = await create({ data_scope: 'dept_and_below', permissions: ['system:user:query'] });
    const narrow = await create({ data_scope: 'self' });
    const user = await t.as({ dept: 'NORTH', scope: 'self' });
    await t.admin.put(`users/${user.userId}/roles`, { role_ids: [wide.id] });
    const alone = (await user.get('users')).body.data.total;
    assert.ok(alone >= 1);
    await t.admin.put(`users/${user.userId}/roles`, { role_ids: [wide.id, narrow.id] });
    assert.equal((await user.get('users')).body.data.total, alone);
    await t.admin.patch(`users/${user.userId}`, { dept_id: null });
    assert.deepEqual(
      (await user.get('users')).body.data.items.map((one: { id: number }) => one.id),
      [user.userId],
    );
    await t.admin.patch(`roles/${narrow.id}`, { is_enabled: false });
    assert.deepEqual((await t.admin.get(`users/${user.userId}`)).body.data.role_ids, [wide.id, narrow.id]);
  });

  test('what there is to give is the tree of the menus, titled for the reader', async () => {
    const reader = await t.as({ permissions: ['system:role:query'] });
    const [chinese, english] = [
      (await reader.get('roles/grantable')).body.data.items,
      (await reader.get('roles/grantable', { headers: { 'accept-language': 'en' } })).body.data.items,
    ];
    const codes = new Set(chinese.map(({ permission }: { permission: string }) => permission));
    for (const code of t.environment.catalogue.keys()) assert.ok(codes.has(code), code);
    const titles = [chinese, english].map(
      (items) => items.find(({ permission }: { permission: string }) => permission === 'system:role:query').title,
    );
    assert.deepEqual(titles, ['角色管理', 'Roles']);
    assert.equal((await (await t.as({ permissions: ['system:user:query'] })).get('roles/grantable')).status, 403);
  });

  test('A44 permissions and scope of a role that somebody else has changed meanwhile are not overwritten', async () => {
    const role = await create({ permissions: ['system:dept:query'] });
    const address = `roles/${role.id}`;
    const { version } = (await t.admin.get(`${address}/permissions`)).body.data;
    const mine = { permissions: ['system:dept:query', 'system:dept:update'], version };
    for (const late of [false, true]) {
      const status = late ? 409 : 200;
      assert.equal((await t.admin.put(`${address}/permissions?dry_run=true`, mine)).status, status);
      const scope = await t.admin.put(`${address}/data-scope?dry_run=true`, { data_scope: 'dept', version });
      assert.equal(scope.status, status);
      if (!late) await t.admin.put(`${address}/permissions`, { permissions: ['system:role:query'] });
    }
    assertFails(await t.admin.put(`${address}/permissions`, mine), 409, 'conflict.stale', 'version');
    assert.deepEqual((await t.admin.get(`${address}/permissions`)).body.data, {
      permissions: ['system:role:query'],
      version: version + 1,
    });
    assertFails(await t.admin.put(`${address}/data-scope`, { data_scope: 'dept', version }), 409, 'conflict.stale');
    assert.equal(
      (await t.admin.put(`${address}/data-scope`, { data_scope: 'dept', version: version + 1 })).status,
      200,
    );
  });

  test('statements of each endpoint do not grow with the rows', async () => {
    const role = await create();
    for (let count = 0; count < 5; count++) await create({ data_scope: 'custom', dept_ids: [top] });
    const found: Record<string, number> = {};
    for (const [name, path] of Object.entries({
      list: 'roles?page_size=200',
      'list, one row': 'roles?page_size=1',
      read: `roles/${role.id}`,
      permissions: `roles/${role.id}/permissions`,
      options: 'roles/options',
      own: 'users/me/roles',
      members: `roles/${admin}/users`,
    })) {
      await t.admin.get('users/me');
      found[name] = (await t.admin.get(path)).statements;
    }
    assert.deepEqual(found, { list: 4, 'list, one row': 4, read: 2, permissions: 2, options: 4, own: 3, members: 4 });
  });
});
