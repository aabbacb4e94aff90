import assert from 'node:assert/strict';
import { createHash, createPublicKey, verify } from 'node:crypto';
import { before, describe, test } from 'node:test';
import { newUser, setUpApp } from '#tests/factors.ts';
import { type Answer, type Client, TEST_PASSWORD, useApp } from '#tests/harness.ts';
import { JWT_ALGORITHMS } from '../../config.schema.ts';

const headers = { 'content-type': 'application/x-www-form-urlencoded' };
const credentials = { grant_type: 'password', username: 'admin', password: TEST_PASSWORD };
const INTROSPECT = 'system:token:introspect';
const MINUTE = 60_000;

const send = (client: Client, path: string, fields: Record<string, string>) =>
  client.post(path, new URLSearchParams(fields).toString(), { headers });

let elapsedMs = 0;
const now = () => new Date(Date.now() + elapsedMs);

describe('revoking a token (RFC 7009)', () => {
  const t = useApp();
  const signIn = async () => (await send(t.anonymous, 'auth/token', credentials)).body;
  const refresh = (refresh_token: string) =>
    send(t.anonymous, 'auth/token', { grant_type: 'refresh_token', refresh_token });
  const revoke = (token: string, more: object = {}) => send(t.anonymous, 'auth/revoke', { token, ...more });

  test('A3 A4 ends the session with all its tokens, by whichever of them, also by one that was rotated', async () => {
    const ways: Record<string, (first: { access_token: string; refresh_token: string }) => Promise<string>> = {
      'the access token': async ({ access_token }) => access_token,
      'the refresh token': async ({ refresh_token }) => refresh_token,
      'a refresh token that was used': async ({ refresh_token }) => {
        assert.equal((await refresh(refresh_token)).status, 200);
        return refresh_token;
      },
    };
    for (const [way, tokenOf] of Object.entries(ways)) {
      const [first, other] = [await signIn(), await signIn()];
      const answer = await revoke(await tokenOf(first), { token_type_hint: 'refresh_token', client_id: 'x' });
      assert.deepEqual([answer.status, answer.headers['cache-control']], [200, 'no-store'], way);
      assert.equal((await t.withToken(first.access_token).get('users/me')).status, 401, way);
      assert.equal((await refresh(first.refresh_token)).status, 400, way);
      assert.equal((await t.withToken(other.access_token).get('users/me')).status, 200, `${way}: only that session`);
    }
  });

  test('A9 says the same of a token that is worth nothing, and does nothing', async () => {
    const { access_token } = await signIn();
    const known = await revoke((await signIn()).access_token);
    const [header, , signature] = access_token.split('.');
    const claims = Buffer.from(JSON.stringify({ sub: '1', sid: 'x', exp: 9_999_999_999 })).toString('base64url');
    for (const token of ['x', 'x'.repeat(43), `${header}.${claims}.${signature}`, `${access_token}x`]) {
      const { status, text } = await revoke(token);
      assert.deepEqual([status, text], [known.status, known.text], token);
    }
    assert.equal((await t.withToken(access_token).get('users/me')).status, 200);
  });

  test('answers with the errors of RFC 6749 §5.2', async () => {
    const assertError = (answer: Answer, error: string) => {
      assert.deepEqual([answer.status, answer.body.error], [400, error], answer.text);
      assert.deepEqual(Object.keys(answer.body).sort(), ['error', 'error_description']);
    };
    assertError(await send(t.anonymous, 'auth/revoke', {}), 'invalid_request');
    assertError(await revoke(''), 'invalid_request');
    assertError(await revoke('x'.repeat(4097)), 'invalid_request');
    assertError(await t.anonymous.post('auth/revoke', 'token=x&token=y', { headers }), 'invalid_request');
    const body = { name: 'x', permissions: [INTROSPECT], expires_in_days: 1 };
    const { key } = (await t.admin.post('users/me/api-keys', body)).body.data;
    assertError(await revoke(key), 'unsupported_token_type');
    assert.equal((await t.withToken(key).get('users/me')).status, 200, 'a key outlives whoever found it');
  });
});

describe('asking what a token is worth (RFC 7662)', () => {
  const t = useApp({ now });
  const held = ['system:user:query', 'system:dept:query'];
  let server: Client;
  before(async () => {
    const owner = await t.as({ permissions: [INTROSPECT, 'system:api-key:create'], scope: 'self' });
    const body = { name: 'a resource server', permissions: [INTROSPECT], expires_in_days: 30 };
    server = t.withToken((await owner.post('users/me/api-keys', body)).body.data.key);
  });
  const ask = async (token: string, client = server) => {
    const answer = await send(client, 'auth/introspect', { token, token_type_hint: 'access_token' });
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.headers['cache-control'], 'no-store');
    return answer.body;
  };
  const assertNothing = async (token: string, why: string) =>
    assert.deepEqual(await ask(token), { active: false }, why);
  const makeKey = async (client: Client, fields: object = {}) => {
    const body = { name: 'x', permissions: ['system:user:query'], expires_in_days: 1, ...fields };
    return (await client.post('users/me/api-keys', body)).body.data as { id: number; key: string; expires_at: string };
  };

  test('tells whose it is, until when, and what it may do now', async () => {
    const user = await t.as({ permissions: held });
    const { iat, exp, ...said } = await ask(user.token);
    const { username } = (await t.admin.get(`users/${user.userId}`)).body.data;
    const scope = [...held].sort().join(' ');
    const sorted = { ...said, scope: said.scope.split(' ').sort().join(' ') };
    assert.deepEqual(sorted, { active: true, token_type: 'Bearer', sub: String(user.userId), username, scope });
    assert.equal(exp - iat, 1800);
    const everything = await ask(t.admin.token);
    assert.ok(everything.scope.split(' ').length > 20);
    assert.doesNotMatch(everything.scope, /\*/, 'codes, not wildcards');
  });

  test('A5 A15 follows every loss at once: of a right, of the session, of the key, of the user', async () => {
    const user = await t.as({ permissions: held });
    const roleId = (await t.admin.get(`users/${user.userId}`)).body.data.role_ids[0];
    await t.admin.put(`roles/${roleId}/permissions`, { permissions: ['system:dept:query'] });
    assert.equal((await ask(user.token)).scope, 'system:dept:query');
    await user.post('auth/logout');
    await assertNothing(user.token, 'signed out');

    const owner = await t.as({ permissions: ['system:user:query', 'system:api-key:create'] });
    const { id, key, expires_at } = await makeKey(owner);
    const said = await ask(key);
    assert.deepEqual([said.active, said.scope, said.sub], [true, 'system:user:query', String(owner.userId)]);
    assert.equal(said.exp, Math.floor(Date.parse(expires_at) / 1000));
    await owner.delete(`users/me/api-keys/${id}`);
    await assertNothing(key, 'revoked');
    const { key: other } = await makeKey(owner);
    await t.admin.patch(`users/${owner.userId}`, { is_active: false });
    await assertNothing(other, 'of a user who was disabled');
    await assertNothing(owner.token, 'of a user who was disabled');
  });

  test('A2 says nothing of anything else: forged, over, refresh tokens, challenges, keys for other addresses', async () => {
    const { refresh_token } = (await send(t.anonymous, 'auth/token', credentials)).body;
    await assertNothing(refresh_token, 'a refresh token');
    await assertNothing('x', 'nonsense');
    await assertNothing(`${t.admin.token}x`, 'forged');
    const { client, login } = await newUser(t);
    await setUpApp(t, client);
    await assertNothing((await login()).body.data.challenge.token, 'the challenge of a sign-in');
    const owner = await t.as({ permissions: ['system:user:query', 'system:api-key:create'] });
    const { key } = await makeKey(owner, { addresses: ['127.0.0.1'] });
    await assertNothing(key, 'for one address');
    const { key: short } = await makeKey(owner);
    for (const token of [short, owner.token]) assert.equal((await ask(token)).active, true);
    elapsedMs = 24 * 60 * MINUTE + 1000;
    try {
      await assertNothing(short, 'a key that is over');
      await assertNothing(owner.token, 'an access token that is over');
    } finally {
      elapsedMs = 0;
    }
  });

  test('A18 says nothing of a view as somebody else: nobody keeps it from changing things elsewhere', async () => {
    const { userId } = await t.as({ permissions: ['system:user:query'] });
    const { access_token } = (await t.admin.post(`users/${userId}/view-as`)).body.data;
    assert.equal((await t.withToken(access_token).get('users/me')).status, 200);
    await assertNothing(access_token, 'a view');
  });

  test('says nothing of who has to do something first', async () => {
    const { id } = (
      await t.admin.post('users', { username: 'new', email: 'new@example.com', password: 'testpassword' })
    ).body.data;
    const { one_time_password: password } = (await t.admin.post(`users/${id}/reset-password`, {})).body.data;
    const login = (await t.anonymous.post('auth/login', { username: 'new', password })).body.data;
    assert.equal(login.must_change_password, true);
    await assertNothing(login.access_token, 'a new password is due');

    const member = await t.as({ permissions: held });
    const roleId = (await t.admin.get(`users/${member.userId}`)).body.data.role_ids[0];
    const { version } = (await t.admin.get(`roles/${roleId}`)).body.data;
    await t.admin.patch(`roles/${roleId}`, { requires_second_factor: true, version });
    await assertNothing(member.token, 'a second factor is due');
    await setUpApp(t, member);
    assert.equal((await ask(member.token)).active, true);
  });

  test('A16 is for who holds the permission, and costs no statement once the token is known', async () => {
    const user = await t.as({ permissions: held });
    const refused = await send(user, 'auth/introspect', { token: t.admin.token });
    assert.deepEqual([refused.status, refused.body.error], [403, 'access.forbidden']);
    const anonymous = await send(t.anonymous, 'auth/introspect', { token: t.admin.token });
    assert.deepEqual([anonymous.status, anonymous.headers['www-authenticate']], [401, 'Bearer']);
    assert.equal((await send(server, 'auth/introspect', {})).body.error, 'request.invalid');
    await ask(user.token);
    assert.equal((await send(server, 'auth/introspect', { token: user.token })).statements, 0);
    assert.ok(!t.logLines.some((line) => line.includes(user.token)), 'the token is in no log');
  });
});

for (const algorithm of JWT_ALGORITHMS) {
  describe(`the key set with ${algorithm}`, () => {
    const t = useApp({ settings: { JWT_ALGORITHM: algorithm } });

    test('is enough to verify a token elsewhere; a secret is in none', async () => {
      const { status, headers, text } = await t.anonymous.get('/.well-known/jwks.json');
      if (algorithm.startsWith('HS')) {
        assert.equal(status, 404);
        return;
      }
      assert.equal(status, 200);
      assert.match(String(headers['content-type']), /^application\/jwk-set\+json/);
      const [key, ...others] = JSON.parse(text).keys;
      assert.equal(others.length, 0);
      const secrets = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k'];
      assert.deepEqual(
        [key.alg, key.use, Object.keys(key).filter((name) => secrets.includes(name))],
        [algorithm, 'sig', []],
      );
      const { access_token } = (await t.anonymous.post('auth/login', { username: 'admin', password: TEST_PASSWORD }))
        .body.data;
      const [header, claims, signature] = access_token.split('.') as [string, string, string];
      assert.equal(JSON.parse(Buffer.from(header, 'base64url').toString()).kid, key.kid);
      const isGenuine = (signed: string) =>
        verify(
          algorithm === 'EdDSA' ? null : 'sha256',
          Buffer.from(signed),
          { key: createPublicKey({ key, format: 'jwk' }), dsaEncoding: 'ieee-p1363' },
          Buffer.from(signature, 'base64url'),
        );
      assert.deepEqual([isGenuine(`${header}.${claims}`), isGenuine(`${header}.${claims}x`)], [true, false]);
      const names = { RSA: ['e', 'kty', 'n'], EC: ['crv', 'kty', 'x', 'y'], OKP: ['crv', 'kty', 'x'] }[
        key.kty as 'RSA'
      ];
      const thumbprint = JSON.stringify(Object.fromEntries(names.map((name) => [name, key[name]])));
      assert.equal(key.kid, createHash('sha256').update(thumbprint).digest('base64url'), 'RFC 7638');
    });
  });
}
