import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TEST_PASSWORD, useApp } from '#tests/harness.ts';

const credentials = { username: 'admin', password: TEST_PASSWORD };
const why = 'a test looks at what is stored';

let elapsedMs = 0;
const now = () => new Date(Date.now() + elapsedMs);

describe('a sign-in', () => {
  const t = useApp({ now });

  const cookieOf = (headers: Record<string, unknown>) => String(headers['set-cookie']).split(';')[0] ?? '';
  const signIn = async () => {
    const { body, headers } = await t.anonymous.post('auth/login', credentials);
    return { cookie: cookieOf(headers), client: t.withToken(body.data.access_token) };
  };
  const refresh = async (cookie: string, headers: Record<string, string> = {}) => {
    const answer = await t.anonymous.post('auth/refresh', undefined, { headers: { cookie, ...headers } });
    return { ...answer, cookie: cookieOf(answer.headers), client: t.withToken(answer.body.data?.access_token ?? '') };
  };

  test('goes on by its cookie, which is another one each time', async () => {
    const first = await signIn();
    const second = await refresh(first.cookie);
    assert.deepEqual([second.status, second.body.message, second.body.data.token_type], [200, '登录已续期', 'Bearer']);
    assert.notEqual(second.cookie, first.cookie);
    assert.equal((await refresh(second.cookie)).status, 200);
    assert.equal((await second.client.get('users/me')).status, 200);
  });

  test('without a cookie, or with a wrong one, asks to sign in again', async () => {
    for (const cookie of [
      '',
      'refresh_token=',
      'refresh_token=wrong',
      `refresh_token=${'x'.repeat(5000)}`,
      'other=1',
    ]) {
      const answer = await refresh(cookie);
      assert.deepEqual([answer.status, answer.body.error], [401, 'auth.session_expired'], cookie.slice(0, 40));
      assert.equal(answer.headers['www-authenticate'], 'Bearer');
    }
  });

  test('two tabs that refresh at once do not end it', async () => {
    const { cookie, client } = await signIn();
    const answers = await Promise.all([refresh(cookie), refresh(cookie)]);
    assert.deepEqual(answers.map((answer) => answer.status).sort(), [200, 401]);
    assert.equal((await client.get('users/me')).status, 200);
    const winner = answers.find((answer) => answer.status === 200);
    assert.equal((await refresh(winner?.cookie ?? '')).status, 200);
  });

  test('ends, with every token that grew from it, when a used refresh token comes back later', async () => {
    const first = await signIn();
    const second = await refresh(first.cookie);
    const other = await signIn();
    elapsedMs += 11_000;
    assert.equal((await second.client.get('users/me')).status, 200);
    assert.equal((await refresh(first.cookie)).status, 401);
    for (const client of [first.client, second.client]) assert.equal((await client.get('users/me')).status, 401);
    assert.equal((await refresh(second.cookie)).status, 401);
    assert.equal((await other.client.get('users/me')).status, 200, 'another sign-in of the same user goes on');
    const ended = await t.system
      .unscoped('sessions', why)
      .select()
      .selectAll()
      .where('revoked_reason', '=', 'refresh token replayed')
      .execute();
    assert.equal(ended.length, 1);
    assert.ok(t.logLines.some((line) => line.includes('a used refresh token came back')));
  });

  test('expires when it is not used for its lifetime, and lives on when it is', async () => {
    const day = 86_400_000;
    const idle = await signIn();
    const used = await signIn();
    elapsedMs += 6 * day;
    const renewed = await refresh(used.cookie);
    assert.equal(renewed.status, 200);
    elapsedMs += 2 * day;
    assert.equal((await refresh(idle.cookie)).status, 401);
    assert.equal((await refresh(renewed.cookie)).status, 200);
    elapsedMs = 0;
  });

  test('signed out: both tokens are refused from the next request on, and the cookie is taken back', async () => {
    const { cookie, client } = await signIn();
    const { status, body, headers } = await client.post('auth/logout', undefined, { headers: { cookie } });
    assert.deepEqual([status, body.message, body.data], [200, '已退出登录', null]);
    assert.match(String(headers['set-cookie']), /^refresh_token=; .*Path=\/api\/v1\/auth; Expires=Thu, 01 Jan 1970/);
    assert.equal((await client.get('users/me')).status, 401);
    assert.equal((await refresh(cookie)).status, 401);
    assert.equal((await client.post('auth/logout')).status, 401);
  });

  test('of a user who was disabled or deleted does not go on', async () => {
    for (const change of ['disable', 'delete'] as const) {
      const user = { username: change, email: `${change}@example.com`, password: 'testpassword' };
      const { id } = (await t.admin.post('users', user)).body.data;
      const cookie = cookieOf(
        (await t.anonymous.post('auth/login', user && { username: change, password: user.password })).headers,
      );
      if (change === 'disable') await t.admin.patch(`users/${id}`, { is_active: false });
      else await t.admin.delete(`users/${id}`);
      assert.equal((await refresh(cookie)).status, 401, change);
    }
  });

  test('costs no statement to check once it is known, and few to open', async () => {
    const { cookie, client } = await signIn();
    await client.get('users/me');
    assert.equal((await client.get('users/me')).statements, 1, 'the profile alone');
    assert.equal((await client.get('users')).statements <= 3, true);
    assert.equal((await t.anonymous.get('users/me')).statements, 0);
    assert.equal((await t.withToken('forged').get('users/me')).statements, 0);
    assert.equal((await t.anonymous.post('auth/login', credentials)).statements, 7);
    assert.ok((await refresh(cookie)).statements <= 6);
  });
});
