import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, type TestApp, testApp, useApp } from '#tests/harness.ts';

const creating = 'system:api-key:create';

async function make(client: Client, permissions: readonly string[]) {
  const body = { name: 'attacked', permissions, expires_in_days: 30 };
  const { status, body: answer, text } = await client.post('users/me/api-keys', body);
  assert.equal(status, 200, text);
  return answer.data as { id: number; key: string };
}

describe('attacks on API keys', () => {
  const t = useApp();

  test('A15 a revoked key is refused at the next request, and no copy of the table makes one', async () => {
    const owner = await t.as({ permissions: ['system:user:query', creating] });
    const { id, key } = await make(owner, ['system:user:query']);
    const machine = t.withToken(key);
    assert.equal((await machine.get('users')).status, 200);
    const row = await t.system
      .unscoped('api_keys', 'a test looks at what is stored')
      .select()
      .select(['key_hash', 'prefix'])
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    for (const stolen of [row.key_hash, `fva_${row.key_hash}`, `${row.prefix}_${row.key_hash}`])
      assert.equal((await t.withToken(stolen).get('users')).status, 401);
    await owner.delete(`users/me/api-keys/${id}`);
    assert.equal((await machine.get('users')).status, 401);
  });

  test('A15 A17 a key gives itself, its owner or another key nothing: neither roles, nor rights, nor a password', async () => {
    const { key } = await make(t.admin, ['*:*:*']);
    const machine = t.withToken(key);
    const victim = await t.as({ permissions: [], scope: 'self' });
    const role = (await t.admin.post('roles', { code: 'ladder', name: 'x', permissions: ['*:*:*'] })).body.data.id;
    const attempts = [
      await machine.post('users/me/api-keys', { name: 'x', permissions: ['*:*:*'], expires_in_days: 1 }),
      await machine.put(`users/${victim.userId}/roles`, { role_ids: [role] }),
      await machine.patch(`users/${victim.userId}`, { role_ids: [role] }),
      await machine.patch(`users/${victim.userId}`, { email: 'mine@example.com' }),
      await machine.post(`users/${victim.userId}/reset-password`, { password: 'chosen by a machine' }),
      await machine.post('users/me/password', { old_password: 'x', new_password: 'chosen by a machine' }),
      await machine.patch('users/me', { email: 'mine@example.com' }),
      await machine.post('auth/step-up', { method: 'password', password: 'x' }),
      await machine.post(`users/${victim.userId}/view-as`),
    ];
    for (const { status, body } of attempts) assert.deepEqual([status, body.error], [403, 'access.session_required']);
    assert.equal((await victim.get('users')).status, 403);
  });

  test('A2 A15 a key is neither a refresh token nor the other way round', async () => {
    const { key } = await make(t.admin, ['system:user:query']);
    const form = { grant_type: 'refresh_token', refresh_token: key };
    assert.equal((await t.anonymous.post('auth/token', form)).body.error, 'invalid_grant');
    const cookie = { headers: { cookie: `refresh_token=${key}` } };
    assert.equal((await t.anonymous.post('auth/refresh', undefined, cookie)).status, 401);
  });
});

const redisUrl = process.env['TEST_REDIS_URL'] ?? '';

describe('API keys on two instances', { skip: redisUrl === '' && 'TEST_REDIS_URL is not set' }, () => {
  let first: TestApp;
  let second: TestApp;
  before(async () => {
    const settings = { REDIS_URL: redisUrl };
    first = await testApp({ settings });
    second = await testApp({ settings, beside: first });
    for (const one of [first, second]) while ((await one.anonymous.get('/readyz')).body.redis !== 'ok') await sleep(10);
  });
  after(async () => {
    await second.close();
    await first.close();
  });

  test('A15 a key revoked on one is refused by the other, long before its entry would expire', async () => {
    const { id, key } = await make(first.admin, ['system:user:query']);
    const machine = second.withToken(key);
    assert.equal((await machine.get('users')).status, 200);
    await first.admin.delete(`users/me/api-keys/${id}`);
    for (let attempt = 0; attempt < 100 && (await machine.get('users')).status === 200; attempt++) await sleep(20);
    assert.equal((await machine.get('users')).status, 401);
  });

  test('a key makes as many requests as it may on both together', async () => {
    const body = { name: 'x', permissions: ['system:user:query'], expires_in_days: 1, rate_per_minute: 4 };
    const { key } = (await first.admin.post('users/me/api-keys', body)).body.data;
    const [one, two] = [first.withToken(key), second.withToken(key)];
    const statuses = [];
    for (const client of [one, two, one, two, one, two]) statuses.push((await client.get('users')).status);
    assert.deepEqual(statuses, [200, 200, 200, 200, 429, 429]);
  });
});
