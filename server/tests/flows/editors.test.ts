import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { useApp } from '#tests/harness.ts';

const why = 'a test looks up its data';

/** Every row that people edit says who edited it last, by name, to those who may see that person. */
describe('who edited a row last', () => {
  const t = useApp();
  let north: number;
  const bodies: Record<string, object> = {};

  before(async () => {
    const dept = await t.system.unscoped('depts', why).select().select('id').where('code', '=', 'NORTH').execute();
    north = dept[0]?.id ?? 0;
    Object.assign(bodies, {
      users: { username: 'edited', email: 'edited@example.com', password: 'testpassword', dept_id: north },
      depts: { name: '被编辑', code: 'EDITED', parent_id: north },
      positions: { name: '被编辑', code: 'edited' },
      roles: { name: '被编辑', code: 'edited' },
      menus: { kind: 'directory', name: 'edited', title: '被编辑' },
    });
  });

  test('is told by the row, the list and the answer of the change', async () => {
    const editor = await t.as({ superuser: true, username: 'editor' });
    await t.admin.patch(`users/${editor.userId}`, { name: '小王' });
    const administrator = (await t.admin.get('users/me')).body.data;
    for (const [table, body] of Object.entries(bodies)) {
      const created = await t.admin.post(table, body);
      assert.equal(created.status, 200, created.text);
      const { id, updated_by_name } = created.body.data;
      assert.equal(updated_by_name, administrator.name ?? administrator.username, `${table} when created`);
      const changes = table === 'menus' ? { title: '改过' } : { name: '改过' };
      const changed = await editor.patch(`${table}/${id}`, changes);
      assert.equal(changed.body.data.updated_by_name, '小王', `${table} when changed: ${changed.text}`);
      const read = await t.admin.get(`${table}/${id}`);
      assert.equal(read.body.data.updated_by_name, '小王', `${table} when read`);
      const { items } = (await t.admin.get(table)).body.data;
      const listed = items.find((row: { id: number }) => row.id === id);
      assert.equal(listed.updated_by_name, '小王', `${table} in the list`);
    }
  });

  test('A21 is nobody to those who may not see that person, and when that person is gone', async () => {
    const editor = await t.as({ superuser: true });
    const permissions = ['system:user:query', 'system:dept:query', 'system:position:query', 'system:menu:query'];
    const reader = await t.as({ permissions, scope: 'dept_and_below', dept: 'NORTH' });
    const rows: string[] = [];
    for (const table of ['users', 'depts', 'positions', 'menus']) {
      const { items } = (await t.admin.get(table, { query: table === 'users' ? { keyword: 'edited' } : {} })).body.data;
      const row = items.find((one: { name: string; title?: string }) => (one.title ?? one.name) === '改过');
      rows.push(`${table}/${row.id}`);
      const changed = await editor.patch(`${table}/${row.id}`, {
        order: 3,
        ...(table === 'users' && { order: undefined, remark: 'x' }),
      });
      assert.equal(changed.status, 200, changed.text);
      const seen = await reader.get(`${table}/${row.id}`);
      assert.deepEqual([seen.status, seen.body.data.updated_by_name], [200, null], `${table}: ${seen.text}`);
      assert.ok((await t.admin.get(`${table}/${row.id}`)).body.data.updated_by_name.startsWith('actor-'));
    }
    await t.system.unscoped('users', why).delete().where('id', '=', editor.userId).execute();
    for (const row of rows) assert.equal((await t.admin.get(row)).body.data.updated_by_name, null, row);
  });

  test('does not move with a change that is no edit', async () => {
    const stored = () =>
      t.system
        .unscoped('users', why)
        .select()
        .select(['updated_by', 'version'])
        .where('id', '=', t.admin.userId)
        .executeTakeFirstOrThrow();
    const before = await stored();
    await t.system
      .unscoped('users', why)
      .updateQuietly({ last_sign_in_at: new Date() })
      .where('id', '=', t.admin.userId)
      .execute();
    assert.deepEqual(await stored(), before);
    await t.admin.patch('users/me', { name: '管理员' });
    assert.deepEqual(await stored(), { updated_by: t.admin.userId, version: before.version + 1 });
  });

  test('leader of a department is named to those who may see them', async () => {
    const leader = await t.as({ username: 'leader', dept: 'SOUTH' });
    const changed = await t.admin.patch(`depts/${north}`, { leader_id: leader.userId });
    assert.equal(changed.body.data.leader_name, 'leader');
    const manager = await t.as({ permissions: ['system:dept:query'], scope: 'dept_and_below', dept: 'NORTH' });
    assert.equal((await manager.get(`depts/${north}`)).body.data.leader_name, null);
  });
});
