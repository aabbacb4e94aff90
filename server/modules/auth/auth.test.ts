import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Answer, TEST_PASSWORD, type TestApp, useApp } from '#tests/harness.ts';
import { JWT_ALGORITHMS } from '../../config.schema.ts';

const form = { 'content-type': 'application/x-www-form-urlencoded' };
const credentials = { username: 'admin', password: TEST_PASSWORD };

/** Sends a form to the token endpoint, as RFC 6749 prescribes. */
function askToken(t: TestApp, fields: Record<string, string>, headers: Record<string, string> = {}) {
  const body = new URLSearchParams(fields).toString();
  return t.anonymous.post('auth/token', body, { headers: { ...form, ...headers } });
}

/** RFC 6749 §5.2: status, two members at most, and a description in the characters it allows. */
function assertOAuthError(answer: Answer, error: string, status = 400) {
  assert.deepEqual([answer.status, answer.body.error], [status, error], answer.text);
  assert.deepEqual(Object.keys(answer.body).sort(), ['error', 'error_description']);
  assert.match(answer.body.error_description, /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
  assert.match(String(answer.headers['content-type']), /^application\/json/);
  assert.equal(answer.headers['cache-control'], 'no-store');
  assert.ok(answer.headers['x-request-id']);
}

describe('the token endpoint (RFC 6749)', () => {
  const t = useApp();

  test('gives tokens for a password, without the envelope', async () => {
    const { status, body, headers } = await askToken(t, { grant_type: 'password', ...credentials, scope: 'any' });
    assert.equal(status, 200);
    assert.deepEqual(Object.keys(body).sort(), ['access_token', 'expires_in', 'refresh_token', 'scope', 'token_type']);
    assert.deepEqual([body.token_type, body.expires_in, body.scope], ['Bearer', 1800, 'any']);
    assert.equal(headers['cache-control'], 'no-store');
    assert.equal(headers['pragma'], 'no-cache');
    assert.equal(headers['set-cookie'], undefined);
    const me = await t.withToken(body.access_token).get('users/me');
    assert.equal(me.body.data.username, 'admin');
    assert.ok(me.body.data.last_sign_in_at);
  });

  test('takes a missing grant_type for a password, as OAuth2 forms of the field send it', async () => {
    assert.equal((await askToken(t, credentials)).status, 200);
    assert.equal((await askToken(t, { grant_type: '', ...credentials })).status, 400);
  });

  test('ignores parameters it does not know (§3.2), and takes client credentials without using them', async () => {
    const more = { client_id: 'console', client_secret: 'x', audience: 'somewhere' };
    assert.equal((await askToken(t, { grant_type: 'password', ...credentials, ...more })).status, 200);
  });

  test('gives new tokens for a refresh token, which works once', async () => {
    const first = (await askToken(t, { grant_type: 'password', ...credentials })).body;
    const second = await askToken(t, { grant_type: 'refresh_token', refresh_token: first.refresh_token });
    assert.equal(second.status, 200);
    assert.notEqual(second.body.refresh_token, first.refresh_token);
    assert.equal((await t.withToken(second.body.access_token).get('users/me')).status, 200);
    const again = await askToken(t, { grant_type: 'refresh_token', refresh_token: first.refresh_token });
    assertOAuthError(again, 'invalid_grant');
  });

  test('answers with the errors of §5.2', async () => {
    const wrong: [fields: Record<string, string>, error: string][] = [
      [{ grant_type: 'password', username: 'admin', password: 'wrong password' }, 'invalid_grant'],
      [{ grant_type: 'password', username: 'nobody', password: 'wrong password' }, 'invalid_grant'],
      [{ grant_type: 'refresh_token', refresh_token: 'x'.repeat(43) }, 'invalid_grant'],
      [{ grant_type: 'password', username: 'admin' }, 'invalid_request'],
      [{ grant_type: 'password', password: 'x' }, 'invalid_request'],
      [{ grant_type: 'refresh_token' }, 'invalid_request'],
      [{ grant_type: 'password', username: 'a'.repeat(256), password: 'x' }, 'invalid_request'],
      [{ grant_type: 'password', username: 'a\0', password: 'x' }, 'invalid_request'],
      [{ grant_type: 'client_credentials' }, 'unsupported_grant_type'],
      [{ grant_type: 'authorization_code', code: 'x' }, 'unsupported_grant_type'],
    ];
    for (const [fields, error] of wrong) {
      for (const language of ['zh-CN', 'en'])
        assertOAuthError(await askToken(t, fields, { 'accept-language': language }), error);
    }
    const twice = `${new URLSearchParams({ grant_type: 'password', ...credentials })}&username=nobody`;
    assertOAuthError(await t.anonymous.post('auth/token', twice, { headers: form }), 'invalid_request');
    assertOAuthError(await t.anonymous.post('auth/token', undefined), 'invalid_request');
    assertOAuthError(
      await t.anonymous.post('auth/token', '<x/>', { headers: { 'content-type': 'text/xml' } }),
      'invalid_request',
      415,
    );
    assertOAuthError(await askToken(t, { password: 'x'.repeat(1_100_000) }), 'invalid_request', 413);
  });

  test("answers a disabled user with the seed's 400, once the password was right", async () => {
    await t.admin.post('users', {
      username: 'off',
      email: 'off@example.com',
      password: 'testpassword',
      is_active: false,
    });
    const answer = await askToken(t, { grant_type: 'password', username: 'off', password: 'testpassword' });
    assertOAuthError(answer, 'invalid_grant');
    assert.equal(answer.body.error_description, 'Inactive user');
    const wrong = await askToken(t, { grant_type: 'password', username: 'off', password: 'not the password' });
    assert.notEqual(wrong.body.error_description, 'Inactive user');
  });
});

describe('signing in', () => {
  const t = useApp();

  test('gives an access token, and the refresh token in a cookie that scripts and other sites never see', async () => {
    const { status, body, headers } = await t.anonymous.post('auth/login', credentials);
    assert.equal(status, 200);
    assert.equal(body.message, '登录成功');
    assert.deepEqual(Object.keys(body.data).sort(), [
      'access_token',
      'challenge',
      'expires_in',
      'must_change_password',
      'must_enrol_factor',
      'token_type',
    ]);
    assert.equal(body.data.challenge, null);
    const cookie = String(headers['set-cookie']);
    assert.match(cookie, /^refresh_token=[\w-]{43}; /);
    for (const flag of ['Path=/api/v1/auth', 'HttpOnly', 'SameSite=Strict', 'Expires='])
      assert.match(cookie, new RegExp(flag));
    assert.doesNotMatch(cookie, /Secure|Domain/);
    assert.equal(headers['cache-control'], 'no-store');
    assert.equal((await t.withToken(body.data.access_token).get('users/me')).body.data.username, 'admin');
  });

  test('answers a wrong name and a wrong password alike', async () => {
    const wrong = await t.anonymous.post('auth/login', { username: 'admin', password: 'wrong password' });
    const unknown = await t.anonymous.post('auth/login', { username: 'nobody', password: 'wrong password' });
    for (const { status, body, headers } of [wrong, unknown]) {
      assert.equal(status, 401);
      assert.deepEqual(
        { ...body, request_id: '' },
        { code: 401, data: null, message: '用户名或密码错误', error: 'auth.bad_credentials', request_id: '' },
      );
      assert.equal(headers['www-authenticate'], 'Bearer');
      assert.equal(headers['set-cookie'], undefined);
    }
    const known = ({ headers }: Answer) => Object.keys(headers).sort();
    assert.deepEqual(known(wrong), known(unknown));
  });

  test('refuses what is missing, unknown or of another type', async () => {
    for (const body of [
      {},
      { username: 'admin' },
      { ...credentials, extra: 1 },
      { username: 1, password: 2 },
      [],
      'x',
      null,
    ]) {
      const answer = await t.anonymous.post('auth/login', JSON.stringify(body), {
        headers: { 'content-type': 'application/json' },
      });
      assert.deepEqual([answer.status, answer.body.error], [400, 'request.invalid'], JSON.stringify(body));
    }
  });

  test('a disabled user cannot sign in, and loses access with the next request', async () => {
    const { id } = (
      await t.admin.post('users', { username: 'going', email: 'going@example.com', password: 'testpassword' })
    ).body.data;
    const signIn = () => t.anonymous.post('auth/login', { username: 'going', password: 'testpassword' });
    const session = t.withToken((await signIn()).body.data.access_token);
    assert.equal((await session.get('users/me')).status, 200);
    await t.admin.patch(`users/${id}`, { is_active: false });
    assert.deepEqual([(await session.get('users/me')).status, (await signIn()).status], [400, 400]);
    assert.deepEqual(
      [(await signIn()).body.error, (await signIn()).body.message],
      ['auth.inactive_user', 'Inactive user'],
    );
    await t.admin.patch(`users/${id}`, { is_active: true });
    assert.equal((await session.get('users/me')).status, 401, 'the sessions from before stay ended');
    assert.equal((await signIn()).status, 200);
  });

  test("401 carries WWW-Authenticate and the seed's text, whatever is wrong with the token", async () => {
    const { token } = t.admin;
    const headers: (string | undefined)[] = [
      undefined,
      '',
      'Bearer',
      'Bearer ',
      'Bearer x',
      `Basic ${token}`,
      token,
      `Bearer ${token}x`,
    ];
    for (const authorization of headers) {
      const answer = await t.anonymous.get(
        'users/me',
        authorization === undefined ? {} : { headers: { authorization } },
      );
      assert.deepEqual([answer.status, answer.body.error], [401, 'access.unauthenticated'], String(authorization));
      assert.equal(answer.body.message, 'Could not validate credentials');
      assert.equal(answer.headers['www-authenticate'], 'Bearer');
    }
    assert.equal((await t.anonymous.get('users/me', { headers: { authorization: `bearer ${token}` } })).status, 200);
    assert.equal((await t.anonymous.get(`users/me?access_token=${token}`)).status, 401);
  });
});

describe('signing in behind a proxy that ends TLS', () => {
  const t = useApp({ settings: { TRUSTED_PROXIES: '10.0.0.0/8' } });

  test('makes the cookie Secure, but not because a stranger says so', async () => {
    const headers = { 'x-forwarded-proto': 'https' };
    const cookieFrom = async (remoteAddress: string) =>
      String((await t.anonymous.post('auth/login', credentials, { headers, remoteAddress })).headers['set-cookie']);
    assert.match(await cookieFrom('10.1.2.3'), /; Secure/);
    assert.doesNotMatch(await cookieFrom('192.0.2.1'), /Secure/);
  });
});

describe('the rate of sign-ins', () => {
  const t = useApp({ settings: { SIGN_IN_RATE_PER_MINUTE: '3' } });

  test('is bounded for each address: 429 says when to come back', async () => {
    const signIn = (remoteAddress: string) => t.anonymous.post('auth/login', credentials, { remoteAddress });
    for (let attempt = 0; attempt < 3; attempt++) assert.equal((await signIn('192.0.2.1')).status, 200);
    const refused = await signIn('192.0.2.1');
    assert.deepEqual([refused.status, refused.body.error], [429, 'request.too_many']);
    const seconds = Number(refused.headers['retry-after']);
    assert.ok(seconds >= 1 && seconds <= 60, String(refused.headers['retry-after']));
    assert.match(refused.body.message, new RegExp(`${seconds} 秒`));
    assert.equal((await signIn('192.0.2.2')).status, 200);
  });

  test('is bounded at the token endpoint too, in its own words', async () => {
    for (let attempt = 0; attempt < 3; attempt++) assert.equal((await askToken(t, credentials)).status, 200);
    const refused = await askToken(t, credentials);
    assertOAuthError(refused, 'temporarily_unavailable', 429);
    assert.ok(refused.headers['retry-after']);
  });
});

for (const algorithm of JWT_ALGORITHMS) {
  describe(`access tokens by ${algorithm}`, () => {
    const t = useApp({ settings: { JWT_ALGORITHM: algorithm } });

    test('sign in and are read back', async () => {
      const { access_token } = (await t.anonymous.post('auth/login', credentials)).body.data;
      const [header, claims] = access_token
        .split('.')
        .slice(0, 2)
        .map((part: string) => JSON.parse(Buffer.from(part, 'base64url').toString()));
      const { kid, ...rest } = header;
      assert.deepEqual(rest, { alg: algorithm, typ: 'at+jwt' });
      assert.equal(kid, t.tokens.publicKey?.kid);
      assert.deepEqual(Object.keys(claims).sort(), ['exp', 'iat', 'sid', 'sub']);
      assert.equal(claims.exp - claims.iat, 1800);
      assert.equal((await t.withToken(access_token).get('users/me')).status, 200);
    });
  });
}
