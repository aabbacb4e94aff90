import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { useApp } from '#tests/harness.ts';

const sample = { username: 'testuser', email: 'test@example.com', password: 'testpassword' };

describe('users', () => {
  const t = useApp();

  test("the seed's first test: create a user", async () => {
    const { status, body } = await t.admin.post('users/', sample);
    assert.equal(status, 200);
    assert.equal(body.code, 200);
    assert.equal(body.data.username, 'testuser');
    assert.equal(body.message, '用户创建成功');
    assert.equal('hashed_password' in body.data, false);
  });

  test("the seed's second test: read a user", async () => {
    const created = await t.admin.post('users/', { username: 'testuser2', email: 'test2@example.com', password: 'testpassword' });
    const { status, body } = await t.admin.get(`users/${created.body.data.id}`);
    assert.equal(status, 200);
    assert.equal(body.data.username, 'testuser2');
    assert.equal(body.message, '获取用户信息成功');
  });
});
