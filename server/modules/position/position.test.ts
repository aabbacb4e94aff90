import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertFails } from '#tests/assert.ts';
import { useApp } from '#tests/harness.ts';

describe('positions', () => {
  const t = useApp();
  let made = 0;
  const create = async (fields: object = {}) => {
    made += 1;
    const answer = await t.admin.post('positions', { name: `岗位 ${made}`, code: `P-${made}`, ...fields });
    assert.equal(answer.status, 200, answer.text);
    return answer.body.data;
  };

  test('are created, read, listed, changed and deleted', async () => {
    const fields = { code: 'DEV.1', name: '工程师', order: -5, is_enabled: false, remark: '备注' };
    const { body } = await t.admin.post('positions', fields);
    const { id, version, created_at, updated_at, updated_by_name: _editor, ...rest } = body.data;
    assert.deepEqual([body.message, rest, version, updated_at], ['岗位创建成功', fields, 1, created_at]);
    assert.deepEqual((await t.admin.get(`positions/${id}`)).body.data, body.data);
    const page = (await t.admin.get('positions?keyword=dev.1')).body.data;
    assert.deepEqual(page, { items: [body.data], total: 1, page: 1, page_size: 20 });
    const changed = (await t.admin.patch(`positions/${id}`, { remark: null, version: 1 })).body.data;
    assert.deepEqual([changed.remark, changed.version, changed.name], [null, 2, '工程师']);
    assertFails(await t.admin.patch(`positions/${id}`, { name: 'late', version: 1 }), 409, 'conflict.stale');
    assert.equal((await t.admin.delete(`positions/${id}`)).status, 200);
    for (const answer of [
      await t.admin.get(`positions/${id}`),
      await t.admin.patch(`positions/${id}`, { name: 'x' }),
      await t.admin.delete(`positions/${id}`),
    ])
      assertFails(answer, 404, 'position.not_found');
  });

  test('refuse a code twice and unknown fields; two creations at once leave one', async () => {
    const { code, id } = await create();
    assertFails(await t.admin.post('positions', { code, name: 'x' }), 409, 'position.code_taken');
    const other = await create();
    assertFails(await t.admin.patch(`positions/${other.id}`, { code }), 409, 'position.code_taken');
    const answers = await Promise.all([1, 2, 3].map(() => t.admin.post('positions', { code: 'ONCE', name: 'x' })));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 409, 409]);
    for (const wrong of [{ id: 1 }, { code: '' }, { code: 'a b' }, { order: 1.5 }, { is_enabled: 'yes' }, {}])
      assert.equal((await t.admin.patch(`positions/${id}`, wrong)).status, 400, JSON.stringify(wrong));
  });

  test('options hold the enabled ones, for everybody who is signed in', async () => {
    const [on, off] = [await create(), await create({ is_enabled: false })];
    const anybody = await t.as({ permissions: [], scope: 'self' });
    const ids = (await anybody.get('positions/options')).body.data.items.map((one: { id: number }) => one.id);
    assert.deepEqual([ids.includes(on.id), ids.includes(off.id)], [true, false]);
    assert.equal((await anybody.get('positions')).status, 403);
  });

  test('are held by users, and not deleted while they are, whoever asks', async () => {
    const [held, free] = [await create(), await create()];
    const user = await t.as({});
    const given = await t.admin.patch(`users/${user.userId}`, { position_ids: [held.id, free.id] });
    assert.deepEqual(given.body.data.position_ids, [held.id, free.id]);
    assertFails(await t.admin.patch(`users/${user.userId}`, { position_ids: [999_999] }), 409, 'position.missing');
    assert.deepEqual((await t.admin.get(`users/${user.userId}`)).body.data.position_ids, [held.id, free.id]);
    await t.admin.patch(`users/${user.userId}`, { position_ids: [held.id] });
    const elsewhere = await t.as({ permissions: ['system:position:delete'], scope: 'self' });
    const refused = await elsewhere.delete(`positions/${held.id}`);
    assertFails(refused, 409, 'position.in_use');
    assert.ok(!refused.text.includes('actor-'), 'names nobody out of sight');
    const batch = await t.admin.post('positions/batch-delete', { ids: [free.id, held.id] });
    assertFails(batch, 409, 'conflict.batch_refused');
    assert.equal(batch.body.details[0].path, 'ids.1');
    assert.equal((await t.admin.get(`positions/${free.id}`)).status, 200, 'all or none');
    assert.equal((await t.admin.post('positions/batch-delete', { ids: [free.id] })).status, 200);
  });

  test('statements of each endpoint', async () => {
    const { id } = await create();
    const found: Record<string, number> = {};
    for (const [name, send] of Object.entries({
      list: () => t.admin.get('positions'),
      read: () => t.admin.get(`positions/${id}`),
      create: () => t.admin.post('positions', { code: 'counted', name: 'x' }),
      change: () => t.admin.patch(`positions/${id}`, { name: 'x' }),
      remove: () => t.admin.delete(`positions/${id}`),
    }))
      found[name] = (await send()).statements;
    assert.deepEqual(found, { list: 3, read: 1, create: 3, change: 5, remove: 5 });
  });
});
