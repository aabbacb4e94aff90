import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { assertFails } from '#tests/assert.ts';
import { type Answer, type Client, useApp } from '#tests/harness.ts';

const why = 'a test looks at what is stored';

describe('departments', () => {
  const t = useApp();
  let top: number;
  let made = 0;
  const create = async (parent_id: number | null, fields: object = {}) => {
    made += 1;
    const answer = await t.admin.post('depts', { name: `部门 ${made}`, code: `T-${made}`, parent_id, ...fields });
    assert.equal(answer.status, 200, answer.text);
    return answer.body.data;
  };
  const get = async (id: number) => (await t.admin.get(`depts/${id}`)).body.data;
  before(async () => {
    top = (await t.admin.get('depts')).body.data.items[0].id;
  });

  test('are created, read, listed in order, changed and deleted', async () => {
    const leader = await t.as({});
    const fields = { name: '测试部', code: 'Test.1', parent_id: top, order: -3, leader_id: leader.userId };
    const { status, body } = await t.admin.post('depts', { ...fields, is_enabled: false });
    assert.deepEqual([status, body.message], [200, '部门创建成功']);
    const { id, path, version, created_at, updated_at, updated_by_name: _editor, leader_name, ...rest } = body.data;
    assert.deepEqual([rest, leader_name], [{ ...fields, is_enabled: false }, 'actor-1']);
    assert.deepEqual([path, version, updated_at], [`/${top}/${id}/`, 1, created_at]);
    assert.deepEqual(await get(id), body.data);
    const changed = await t.admin.patch(`depts/${id}`, { name: '新名', leader_id: null, version: 1 });
    assert.deepEqual(
      [changed.body.data.name, changed.body.data.leader_id, changed.body.data.version],
      ['新名', null, 2],
    );
    assertFails(await t.admin.patch(`depts/${id}`, { name: 'late', version: 1 }), 409, 'conflict.stale');
    const { items } = (await t.admin.get('depts?keyword=test.1')).body.data;
    assert.deepEqual(items, [changed.body.data]);
    const all = (await t.admin.get('depts')).body.data.items;
    assert.equal(all[0].id, id, 'the smallest order comes first');
    assert.ok(!(await t.admin.get('depts/options')).body.data.items.some((dept: { id: number }) => dept.id === id));
    assert.ok(
      (await t.admin.get('depts?is_enabled=false')).body.data.items.some((dept: { id: number }) => dept.id === id),
    );
    assert.equal((await t.admin.delete(`depts/${id}`)).status, 200);
    assertFails(await t.admin.get(`depts/${id}`), 404, 'dept.not_found');
    assertFails(await t.admin.delete(`depts/${id}`), 404, 'dept.not_found');
  });

  test('A25 A26 refuse what is wrong, and say where', async () => {
    const { id, code } = await create(top);
    assertFails(await t.admin.post('depts', { name: 'x', code, parent_id: top }), 409, 'dept.code_taken');
    const other = await create(top);
    assertFails(await t.admin.patch(`depts/${other.id}`, { code }), 409, 'dept.code_taken');
    const fresh = { name: 'x', code: 'fresh' };
    assertFails(await t.admin.post('depts', { ...fresh, parent_id: 999_999 }), 409, 'dept.parent_missing', 'parent_id');
    assertFails(await t.admin.post('depts', { ...fresh, leader_id: 999_999 }), 409, 'dept.leader_missing', 'leader_id');
    for (const extra of [{ path: '/1/' }, { id: 7 }, { version: 1 }, { created_at: '2020-01-01T00:00:00Z' }])
      assert.equal((await t.admin.post('depts', { ...fresh, ...extra })).status, 400, JSON.stringify(extra));
    for (const wrong of [{ path: '/1/' }, { parent_id: 0 }, { code: 'a b' }, { name: '' }, {}])
      assert.equal((await t.admin.patch(`depts/${id}`, wrong)).status, 400, JSON.stringify(wrong));
  });

  test('a subtree moves with every path below it, and nothing else moves', async () => {
    const [from, to] = [await create(top), await create(top)];
    const root = await create(from.id);
    const child = await create(root.id);
    const leaf = await create(child.id);
    const beside = await create(from.id);
    const moved = await t.admin.patch(`depts/${root.id}`, { parent_id: to.id, version: root.version });
    assert.equal(moved.body.data.path, `${to.path}${root.id}/`);
    assert.deepEqual(
      [(await get(child.id)).path, (await get(leaf.id)).path, (await get(beside.id)).path],
      [`${to.path}${root.id}/${child.id}/`, `${to.path}${root.id}/${child.id}/${leaf.id}/`, beside.path],
    );
    assert.equal((await get(child.id)).parent_id, root.id);
    const asRoot = await t.admin.patch(`depts/${root.id}`, { parent_id: null });
    assert.deepEqual([asRoot.body.data.parent_id, asRoot.body.data.path], [null, `/${root.id}/`]);
    assert.equal((await get(leaf.id)).path, `/${root.id}/${child.id}/${leaf.id}/`);
  });

  test('A26 no department becomes its own ancestor, and the tree has an end', async () => {
    const root = await create(top);
    const child = await create(root.id);
    const leaf = await create(child.id);
    for (const parent_id of [root.id, child.id, leaf.id])
      assertFails(await t.admin.patch(`depts/${root.id}`, { parent_id }), 409, 'dept.cycle', 'parent_id');
    assert.deepEqual(await get(root.id), root);
    let deepest = leaf;
    let answer: Answer;
    do {
      made += 1;
      answer = await t.admin.post('depts', { name: 'deep', code: `T-${made}`, parent_id: deepest.id });
      if (answer.status === 200) deepest = answer.body.data;
    } while (answer.status === 200 && deepest.path.length < 300);
    assertFails(answer, 409, 'dept.too_deep', 'parent_id');
    assertFails(await t.admin.patch(`depts/${top}`, { parent_id: deepest.id }), 409, 'dept.cycle');
  });

  test('A26 are not deleted while somebody or something is in them, which is named', async () => {
    const parent = await create(top);
    const child = await create(parent.id);
    assertFails(await t.admin.delete(`depts/${parent.id}`), 409, 'dept.has_children');
    assert.match((await t.admin.delete(`depts/${parent.id}`)).body.message, new RegExp(child.name));
    const user = await t.as({ username: 'sits-there' });
    await t.admin.patch(`users/${user.userId}`, { dept_id: child.id });
    const refused = await t.admin.delete(`depts/${child.id}`);
    assertFails(refused, 409, 'dept.has_users');
    assert.match(refused.body.message, /sits-there/);
    const batch = await t.admin.post('depts/batch-delete', { ids: [parent.id, child.id] });
    assertFails(batch, 409, 'conflict.batch_refused');
    assert.ok(await get(parent.id));
    await t.admin.patch(`users/${user.userId}`, { dept_id: null });
    assert.equal(
      (await t.admin.post('depts/batch-delete', { ids: [parent.id, child.id] })).status,
      200,
      'children first',
    );
    assert.equal(await get(parent.id), null);
  });

  test('A21 the scope holds for the tree, the options, the parents and the leaders', async () => {
    const [own, foreign] = [await create(top), await create(top)];
    const below = await create(own.id);
    const stranger = await t.as({});
    const manager: Client = await t.as({ permissions: ['system:dept:*'], scope: 'dept_and_below', dept: own.code });
    for (const path of ['depts', 'depts/options']) {
      const ids = (await manager.get(path)).body.data.items.map((dept: { id: number }) => dept.id);
      assert.deepEqual(ids, [own.id, below.id], path);
    }
    const fresh = { name: 'x', code: 'mine' };
    for (const parent_id of [foreign.id, top, 999_999, null])
      assertFails(await manager.post('depts', { ...fresh, parent_id }), 409, 'dept.parent_missing');
    assertFails(await manager.post('depts', fresh), 409, 'dept.parent_missing');
    assertFails(await manager.patch(`depts/${below.id}`, { parent_id: foreign.id }), 409, 'dept.parent_missing');
    for (const leader_id of [stranger.userId, 999_999])
      assertFails(await manager.patch(`depts/${below.id}`, { leader_id }), 409, 'dept.leader_missing');
    assert.equal((await manager.patch(`depts/${below.id}`, { leader_id: manager.userId })).status, 200);
    assert.equal((await manager.post('depts', { ...fresh, parent_id: below.id })).status, 200);
    assertFails(await manager.post('depts/batch-delete', { ids: [foreign.id] }), 409, 'conflict.batch_refused');
  });

  test('statements of each endpoint', async () => {
    const { id } = await create(top);
    const other = await create(top);
    const leaf = (await t.system.unscoped('depts', why).select().selectAll().where('id', '=', id).execute())[0];
    assert.equal(leaf?.path, `/${top}/${id}/`);
    const found: Record<string, number> = {};
    for (const [name, send] of Object.entries({
      list: () => t.admin.get('depts'),
      read: () => t.admin.get(`depts/${id}`),
      change: () => t.admin.patch(`depts/${id}`, { name: 'x' }),
      move: () => t.admin.patch(`depts/${id}`, { parent_id: other.id }),
      remove: () => t.admin.delete(`depts/${id}`),
    })) {
      await t.admin.get('users/me');
      const { status, statements, text } = await send();
      assert.equal(status, 200, text);
      found[name] = statements;
    }
    const [locking, keeping] = [2, 2];
    assert.deepEqual({ ...found, move: 0 }, { list: 1, read: 1, change: 5, move: 0, remove: 7 });
    assert.ok((found['move'] ?? 99) <= 8 + locking + keeping, `${found['move']} statements to move`);
  });
});
