import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Answer, useApp } from '#tests/harness.ts';

describe('statements that each endpoint of the users sends', () => {
  const t = useApp();

  test('are few, and do not grow with the rows of a page', async () => {
    const user = (name: string) => ({ username: name, email: `${name}@example.com`, password: 'testpassword' });
    const { id } = (await t.admin.post('users', user('counted'))).body.data;
    const others: number[] = [];
    for (let index = 0; index < 3; index++)
      others.push((await t.admin.post('users', user(`other-${index}`))).body.data.id);

    const counted: Record<string, () => Promise<Answer>> = {
      'GET users/me': () => t.admin.get('users/me'),
      'GET users/:id': () => t.admin.get(`users/${id}`),
      'GET users': () => t.admin.get('users'),
      'GET users, one row': () => t.admin.get('users?page_size=1'),
      'GET users?keyword': () => t.admin.get('users?keyword=o'),
      'GET users, nothing found': () => t.admin.get('users?keyword=nothing-of-the-kind'),
      'POST users': () => t.admin.post('users', user('another')),
      'PATCH users/:id': () => t.admin.patch(`users/${id}`, { name: 'x' }),
      'PATCH users/me': () => t.admin.patch('users/me', { name: 'x' }),
      'POST users/batch-delete': () => t.admin.post('users/batch-delete', { ids: others.slice(0, 1) }),
      'DELETE users/:id': () => t.admin.delete(`users/${id}`),
      'GET users/me, anonymous': () => t.anonymous.get('users/me'),
      'GET users?page=0, refused': () => t.admin.get('users?page=0'),
    };
    const found: Record<string, number> = {};
    for (const [name, send] of Object.entries(counted)) {
      // The snapshot of its rights is read with the client's first request only, and again after a change of itself.
      await t.admin.get('users/me');
      const { status, statements, text } = await send();
      assert.ok(status === 200 || /anonymous|refused/.test(name), `${name}: ${text}`);
      found[name] = statements;
    }
    // Exact on purpose: whoever adds a statement to a request notices, and says so here. Of a write, one writes the audit records,
    // one reads the row before it is changed, and one asks what goes with a row that is deleted.
    assert.deepEqual(found, {
      'GET users/me': 1,
      'GET users/:id': 1,
      'GET users': 3,
      'GET users, one row': 3,
      'GET users?keyword': 3,
      'GET users, nothing found': 1,
      'POST users': 4,
      'PATCH users/:id': 6,
      'PATCH users/me': 4,
      'POST users/batch-delete': 7,
      'DELETE users/:id': 7,
      'GET users/me, anonymous': 0,
      'GET users?page=0, refused': 0,
    });
  });
});
