import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { useApp } from '#tests/harness.ts';

describe('a batch of which something was refused', () => {
  const t = useApp({ settings: { METRICS_TOKEN: 'token-of-the-batch-test-0123456789' } });
  const refused = async () => {
    const { body } = await t.admin.get('audit-logs?action=refused&order_by=id');
    return body.data.items.map(({ detail }: { detail: object }) => detail) as object[];
  };
  const counted = async (error: string) => {
    const headers = { authorization: 'Bearer token-of-the-batch-test-0123456789' };
    const { text } = await t.anonymous.get('/metrics', { headers });
    return Number(new RegExp(`refusals_total\\{error="${error}"\\} (\\d+)`).exec(text)?.[1] ?? 0);
  };

  test('is kept and counted like a single attempt, with what it was about', async () => {
    const { id } = (await t.admin.get('roles?keyword=staff')).body.data.items[0];
    assert.equal((await t.admin.delete(`roles/${id}`)).status, 403);
    const { id: free } = (await t.admin.post('roles', { code: 'free', name: 'free' })).body.data;
    const roles = await t.admin.post('roles/batch-delete', { ids: [free, id] });
    assert.deepEqual([roles.status, roles.body.error], [409, 'conflict.batch_refused']);
    const users = await t.admin.post('users/batch-delete', { ids: [999_999, t.admin.userId] });
    assert.deepEqual([users.status, users.body.error], [409, 'user.batch_refused']);
    assert.deepEqual(await refused(), [
      { method: 'DELETE', route: '/roles/:id', params: { id }, error: 'role.builtin' },
      { method: 'POST', route: '/roles/batch-delete', error: 'role.builtin', ids: [free, id] },
      {
        method: 'POST',
        route: '/users/batch-delete',
        error: 'user.administrator_protected',
        ids: [999_999, t.admin.userId],
      },
    ]);
    assert.equal(await counted('role.builtin'), 2);
    assert.equal(await counted('user.administrator_protected'), 1);
  });

  test('is no refused attempt where nothing was forbidden', async () => {
    const before = await refused();
    for (const path of ['roles/batch-delete', 'users/batch-delete'])
      assert.equal((await t.admin.post(path, { ids: [999_999] })).status, 409);
    assert.deepEqual(await refused(), before);
  });
});
