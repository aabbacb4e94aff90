import assert from 'node:assert/strict';
import { createHmac, createPublicKey, generateKeyPairSync, randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { passwordWork } from '#core/password.ts';
import { type Client, TEST_PASSWORD, useApp } from '#tests/harness.ts';

const credentials = { username: 'admin', password: TEST_PASSWORD };
const wrong = { username: 'admin', password: 'wrong password' };

const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;

/** A token made by hand, so that nothing of the program's own signing helps it. */
function forge(header: object, claims: object, secret: string | Buffer | null, hash = 'sha256'): string {
  const content = `${encode(header)}.${encode(claims)}`;
  return `${content}.${secret === null ? '' : createHmac(hash, secret).update(content).digest('base64url')}`;
}

const HEADER = { alg: 'HS256', typ: 'at+jwt' };
const claimsOf = ({ userId, sessionId }: Client) => ({
  sub: String(userId),
  sid: sessionId,
  iat: inSeconds(0),
  exp: inSeconds(600),
});

describe('attacks on tokens', () => {
  const t = useApp();
  const assertRefused = async (token: string, why: string) => {
    const { status, body } = await t.withToken(token).get('users/me');
    assert.deepEqual([status, body.error], [401, 'access.unauthenticated'], why);
  };

  test('A1 a token signed with a published or default secret is refused', async () => {
    const secrets = [
      '09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7',
      'vgb0tnl9d58+6n-6h-ea&u^1#s0ccp!794=kryvqw',
      'secret',
      'your-256-bit-secret',
      '\0',
    ];
    for (const secret of secrets) await assertRefused(forge(HEADER, claimsOf(t.admin), secret), secret);
    const genuine = forge(HEADER, claimsOf(t.admin), t.config.JWT_SECRET_KEY);
    assert.equal((await t.withToken(genuine).get('users/me')).status, 200, 'the forgery itself is well made');
  });

  test('A2 no other algorithm, type, age or form of token is believed', async () => {
    const { JWT_SECRET_KEY: secret } = t.config;
    const claims = claimsOf(t.admin);
    for (const alg of ['none', 'None', 'NONE', 'nOnE', ''])
      for (const end of ['', 'x']) await assertRefused(forge({ ...HEADER, alg }, claims, null) + end, alg);
    await assertRefused(forge({ ...HEADER, alg: 'HS384' }, claims, secret, 'sha384'), 'HS384');
    await assertRefused(forge({ ...HEADER, alg: 'HS512' }, claims, secret, 'sha512'), 'HS512');
    for (const typ of ['JWT', 'refresh+jwt', 'challenge+jwt', '', undefined])
      await assertRefused(forge({ alg: 'HS256', typ }, claims, secret), String(typ));
    const { sub, sid, exp } = claims;
    await assertRefused(forge(HEADER, { sub, sid }, secret), 'without an end');
    await assertRefused(forge(HEADER, { sub, sid, exp: inSeconds(-1) }, secret), 'expired');
    await assertRefused(forge(HEADER, { sub, exp }, secret), 'without a session');
    await assertRefused(forge(HEADER, { sub: 1, sid, exp }, secret), 'with a number for a user');
    await assertRefused(forge(HEADER, { sub, sid: randomUUID(), exp }, secret), 'with a session nobody opened');
    const other = await t.as({ permissions: [] });
    await assertRefused(forge(HEADER, { sub, sid: other.sessionId, exp }, secret), "with somebody else's session");
    const keyInside = {
      ...HEADER,
      jwk: { kty: 'oct', k: Buffer.from('mine').toString('base64url') },
      kid: '../../dev/null',
    };
    await assertRefused(forge(keyInside, claims, 'mine'), 'that brings its own key');
  });

  test('A2 a refresh token is no access token, and the other way round', async () => {
    const tokens = (await t.anonymous.post('auth/token', { grant_type: 'password', ...credentials })).body;
    await assertRefused(tokens.refresh_token, 'a refresh token');
    const asRefresh = { grant_type: 'refresh_token', refresh_token: tokens.access_token };
    assert.equal((await t.anonymous.post('auth/token', asRefresh)).body.error, 'invalid_grant');
    const cookie = `refresh_token=${tokens.access_token}`;
    assert.equal((await t.anonymous.post('auth/refresh', undefined, { headers: { cookie } })).status, 401);
  });

  test('A3 an access token is worth nothing after sign-out, password change, disabling and deletion', async () => {
    const user = { username: 'leaving', email: 'leaving@example.com', password: 'testpassword' };
    const { id } = (await t.admin.post('users', user)).body.data;
    const signIn = async (password = 'testpassword') =>
      t.withToken((await t.anonymous.post('auth/login', { username: 'leaving', password })).body.data.access_token);
    const signedOut = await signIn();
    await signedOut.post('auth/logout');
    assert.equal((await signedOut.get('users/me')).status, 401);
    const [changing, elsewhere] = [await signIn(), await signIn()];
    await changing.post('users/me/password', { old_password: 'testpassword', new_password: 'another password' });
    assert.equal((await elsewhere.get('users/me')).status, 401);
    await t.admin.patch(`users/${id}`, { is_active: false });
    assert.equal((await changing.get('users/me')).status, 400);
    await t.admin.patch(`users/${id}`, { is_active: true });
    assert.equal((await changing.get('users/me')).status, 401, 'enabled again, but the old session is over');
    const last = await signIn('another password');
    await t.admin.delete(`users/${id}`);
    assert.equal((await last.get('users/me')).status, 401);
  });

  test('A6 a changed password leaves no other session alive, nor its refresh token', async () => {
    const user = { username: 'careful', email: 'careful@example.com', password: 'testpassword' };
    await t.admin.post('users', user);
    const ask = async () => (await t.anonymous.post('auth/token', { ...user, grant_type: 'password' })).body;
    const [here, thief] = [await ask(), await ask()];
    const change = { old_password: 'testpassword', new_password: 'another password' };
    assert.equal((await t.withToken(here.access_token).post('users/me/password', change)).status, 200);
    const refresh = (token: string) =>
      t.anonymous.post('auth/token', { grant_type: 'refresh_token', refresh_token: token });
    assert.equal((await t.withToken(thief.access_token).get('users/me')).status, 401);
    assert.equal((await refresh(thief.refresh_token)).body.error, 'invalid_grant');
    assert.equal((await refresh(here.refresh_token)).status, 200);
  });
});

describe('attacks on asymmetric tokens', () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const t = useApp({ settings: { JWT_ALGORITHM: 'RS256', JWT_SECRET_KEY: pem } });

  test('A2 the public key is no secret to sign with', async () => {
    const publicKey = createPublicKey(privateKey);
    const forms = [
      publicKey.export({ type: 'spki', format: 'pem' }),
      publicKey.export({ type: 'pkcs1', format: 'pem' }),
      publicKey.export({ type: 'spki', format: 'der' }),
    ];
    for (const key of forms) {
      for (const alg of ['HS256', 'RS256']) {
        const token = forge({ ...HEADER, alg }, claimsOf(t.admin), key);
        assert.equal((await t.withToken(token).get('users/me')).status, 401, alg);
      }
    }
    assert.equal((await t.admin.get('users/me')).status, 200);
  });
});

describe('attacks on refresh tokens', () => {
  let elapsedMs = 0;
  const t = useApp({ now: () => new Date(Date.now() + elapsedMs) });

  test('A4 a stolen refresh token that was used before ends the whole family, the thief’s tokens too', async () => {
    const refresh = (token: string) =>
      t.anonymous.post('auth/token', { grant_type: 'refresh_token', refresh_token: token });
    const stolen = (await t.anonymous.post('auth/token', { grant_type: 'password', ...credentials })).body
      .refresh_token;
    const thief = (await refresh(stolen)).body;
    elapsedMs += 60_000;
    const next = (await refresh(thief.refresh_token)).body;
    assert.equal((await t.withToken(next.access_token).get('users/me')).status, 200);
    assert.equal((await refresh(stolen)).body.error, 'invalid_grant');
    assert.equal((await t.withToken(next.access_token).get('users/me')).status, 401);
    assert.equal((await refresh(next.refresh_token)).body.error, 'invalid_grant');
  });
});

describe('attacks on signing in', () => {
  const t = useApp();

  test('A9 a wrong name and a wrong password take the same answer, the same headers and the same work', async () => {
    const unknown = { ...wrong, username: 'nobody-of-this-name' };
    const answers = new Set<string>();
    for (const credentials of [wrong, unknown]) {
      const before = passwordWork().done;
      const { status, body, headers } = await t.anonymous.post('auth/login', credentials);
      // How long that takes is measured by bench/sign-in-timing.ts.
      assert.equal(passwordWork().done - before, 1, `${credentials.username}: hashes compared`);
      const { 'x-request-id': _id, 'x-trace-id': _trace, date: _date, ...rest } = headers;
      for (const name of Object.keys(rest)) if (name.startsWith('x-ratelimit')) delete rest[name];
      answers.add(JSON.stringify([status, { ...body, request_id: '' }, rest]));
    }
    assert.equal(answers.size, 1, [...answers].join('\n'));
  });

  test('A12 twenty sign-ins at once leave the service answering', async () => {
    let pending = 20;
    const signIns = Array.from({ length: pending }, () =>
      t.anonymous.post('auth/login', wrong).finally(() => {
        pending -= 1;
      }),
    );
    let answered = 0;
    while (pending > 0) {
      assert.equal((await t.anonymous.get('/healthz')).status, 200);
      answered += 1;
      await new Promise(setImmediate);
    }
    for (const { status } of await Promise.all(signIns)) assert.equal(status, 401);
    // Hashing on the event loop would let through one request for each sign-in at the very most.
    assert.ok(answered > 60, `only ${answered} requests were answered meanwhile`);
  });

  test('A12 a long password costs no hashing, a very long one not even reading', async () => {
    const long = { ...wrong, password: 'x'.repeat(300) };
    const answer = await t.anonymous.post('auth/login', long);
    assert.deepEqual([answer.status, answer.statements], [400, 0]);
    assert.equal((await t.anonymous.post('auth/login', { ...wrong, password: 'x'.repeat(2_000_000) })).status, 413);
    const ofUser = await t.admin.post('users', { username: 'long', email: 'l@example.com', password: 'x'.repeat(129) });
    assert.equal(ofUser.status, 400);
  });
});

describe('attacks by many sign-ins', () => {
  const t = useApp({ settings: { SIGN_IN_RATE_PER_MINUTE: '5' } });

  test('A7 guessing is slowed by address, and locks nobody else out', async () => {
    const statuses: number[] = [];
    for (let attempt = 0; attempt < 8; attempt++)
      statuses.push((await t.anonymous.post('auth/login', wrong, { remoteAddress: '192.0.2.1' })).status);
    assert.deepEqual(statuses, [401, 401, 401, 401, 401, 429, 429, 429]);
    const answer = await t.anonymous.post('auth/login', credentials, { remoteAddress: '192.0.2.2' });
    assert.equal(answer.status, 200, 'the administrator himself comes from elsewhere');
  });

  test('A13 a forwarding header of a stranger gives no fresh attempts', async () => {
    const statuses: number[] = [];
    for (let attempt = 0; attempt < 8; attempt++) {
      const headers = {
        'x-forwarded-for': `203.0.113.${attempt}`,
        forwarded: `for=203.0.113.${attempt}`,
        'x-real-ip': `203.0.113.${attempt}`,
      };
      statuses.push((await t.anonymous.post('auth/login', wrong, { headers, remoteAddress: '192.0.2.3' })).status);
    }
    assert.deepEqual(statuses.slice(5), [429, 429, 429]);
  });
});
