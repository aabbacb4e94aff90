import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertFails } from '#tests/assert.ts';
import { Authenticator } from '#tests/authenticator.ts';
import { newUser, setUpApp } from '#tests/factors.ts';
import { type Answer, type Client, useApp } from '#tests/harness.ts';

let elapsedMs = 0;
/** Stands still but for what a test adds, in the middle of a step, so that no code grows old by itself. */
const START = Math.floor(Date.now() / 30_000) * 30_000 + 15_000;
const now = () => new Date(START + elapsedMs);

async function register(client: Client, key: Authenticator, name = 'Key'): Promise<Answer> {
  const begun = await client.post('users/me/passkeys/options');
  assert.equal(begun.status, 200, begun.text);
  return client.post('users/me/passkeys', { name, credential: key.create(begun.body.data.options) });
}

describe('passkeys', () => {
  const t = useApp({ now });
  const askAny = async () => (await t.anonymous.post('auth/passkey/options', {})).body.data.options;
  const verify = (credential: object) => t.anonymous.post('auth/passkey/verify', { credential });

  test('are registered, listed, renamed and removed; the first brings recovery codes', async () => {
    const { client, username } = await newUser(t);
    const { options } = (await client.post('users/me/passkeys/options')).body.data;
    assert.deepEqual(
      [options.rp, options.user.name, options.attestation],
      [{ id: 'localhost', name: 'Fastify Vue3 Admin' }, username, 'none'],
    );
    assert.ok(!Buffer.from(options.user.id, 'base64url').toString().includes(username));
    const added = await register(client, new Authenticator(), '我的手机');
    assert.equal(added.status, 200, added.text);
    const { passkey, recovery_codes } = added.body.data;
    assert.deepEqual(
      [passkey.name, passkey.is_backed_up, passkey.last_used_at, recovery_codes.length],
      ['我的手机', false, null, 10],
    );
    const second = (await register(client, new Authenticator({ counts: false }))).body.data;
    assert.deepEqual([second.passkey.is_backed_up, second.recovery_codes], [true, []]);
    const next = (await client.post('users/me/passkeys/options')).body.data.options;
    assert.deepEqual([next.excludeCredentials.length, next.excludeCredentials[0].transports], [2, ['usb']]);
    assert.equal((await client.patch(`users/me/passkeys/${passkey.id}`, { name: '旧手机' })).status, 200);
    const listed = (await client.get('users/me/passkeys')).body.data.items;
    assert.deepEqual(
      listed.map(({ name }: { name: string }) => name),
      ['旧手机', 'Key'],
    );
    assert.deepEqual((await client.get('users/me/factors')).body.data.passkeys, listed);
    assert.equal((await client.delete(`users/me/passkeys/${passkey.id}`)).status, 200);
    assert.equal((await client.get('users/me/factors')).body.data.recovery_codes_left, 10);
    assert.equal((await client.delete(`users/me/passkeys/${second.passkey.id}`)).status, 200);
    assert.equal((await client.get('users/me/factors')).body.data.recovery_codes_left, 0);
  });

  test('of somebody else are not renamed or removed, and none is registered twice', async () => {
    const [owner, thief] = [await newUser(t), await newUser(t)];
    const key = new Authenticator();
    const { passkey } = (await register(owner.client, key)).body.data;
    assertFails(
      await thief.client.patch(`users/me/passkeys/${passkey.id}`, { name: 'mine' }),
      404,
      'factor.passkey_missing',
    );
    assertFails(await thief.client.delete(`users/me/passkeys/${passkey.id}`), 404, 'factor.passkey_missing');
    assertFails(await register(thief.client, key), 409, 'factor.passkey_known');
    assert.deepEqual((await thief.client.get('users/me/factors')).body.data.passkeys, []);
  });

  test('sign in with nothing else, when they made sure of their owner', async () => {
    const { client, id, username } = await newUser(t);
    const key = new Authenticator();
    await register(client, key);
    const options = await askAny();
    assert.deepEqual([options.allowCredentials, options.userVerification, options.rpId], [[], 'required', 'localhost']);
    const signedIn = await verify(key.get(options));
    assert.equal(signedIn.status, 200, signedIn.text);
    assert.match(String(signedIn.headers['set-cookie']), /^refresh_token=/);
    const me = (await t.withToken(signedIn.body.data.access_token).get('users/me')).body.data;
    assert.deepEqual([me.id, me.username, signedIn.body.data.challenge], [id, username, null]);
    const { passkeys } = (await client.get('users/me/factors')).body.data;
    assert.ok(Math.abs(Date.parse(passkeys[0].last_used_at) - now().getTime()) < 5000);

    const simple = await newUser(t);
    const withoutPin = new Authenticator({ verifiesUser: false });
    await register(simple.client, withoutPin);
    assertFails(await verify(withoutPin.get(await askAny())), 400, 'factor.passkey_refused');
    await t.admin.patch(`users/${id}`, { is_active: false });
    assertFails(await verify(key.get(await askAny())), 400, 'auth.inactive_user');
  });

  test('are a second factor, also without a PIN', async () => {
    const { client, login } = await newUser(t);
    const key = new Authenticator({ verifiesUser: false });
    await register(client, key);
    const { token, methods } = (await login()).body.data.challenge;
    assert.deepEqual(methods, ['passkey', 'recovery-code']);
    const { options } = (await t.anonymous.post('auth/passkey/options', { token })).body.data;
    assert.deepEqual([options.allowCredentials.length, options.allowCredentials[0].id], [1, key.id]);
    const answer = (credential: object, sent = token) =>
      t.anonymous.post('auth/challenge', { token: sent, method: 'passkey', credential });
    const other = (await login()).body.data.challenge.token;
    assertFails(await answer(key.get(options), other), 400, 'factor.passkey_refused', 'credential');
    assertFails(await answer(key.get(await askAny())), 400, 'factor.passkey_refused');
    const signedIn = await answer(
      key.get((await t.anonymous.post('auth/passkey/options', { token })).body.data.options),
    );
    assert.equal(signedIn.status, 200, signedIn.text);
    assert.equal((await t.withToken(signedIn.body.data.access_token).get('users/me')).status, 200);
    assertFails(await t.anonymous.post('auth/passkey/options', { token }), 401, 'challenge.invalid');
    assertFails(await t.anonymous.post('auth/passkey/options', { token: 'x' }), 401, 'challenge.invalid');
  });

  test('prove a session once more, each its own', async () => {
    const { client } = await newUser(t);
    const key = new Authenticator();
    await register(client, key);
    const stranger = await newUser(t);
    const strangersKey = new Authenticator();
    await register(stranger.client, strangersKey);
    elapsedMs += 11 * 60_000;
    const asked = await client.post('users/me/passkeys/options');
    assertFails(asked, 403, 'access.step_up_required');
    assert.deepEqual(
      asked.body.details.map(({ path }: { path: string }) => path),
      ['passkey', 'recovery-code'],
    );
    const ask = async (of: Client) => (await of.post('auth/step-up/options')).body.data.options;
    const prove = (credential: object) => client.post('auth/step-up', { method: 'passkey', credential });
    assertFails(await prove(strangersKey.get(await ask(client))), 400, 'factor.passkey_refused');
    assertFails(await prove(key.get(await ask(stranger.client))), 400, 'factor.passkey_refused');
    assertFails(await prove(key.get(await askAny())), 400, 'factor.passkey_refused');
    assertFails(await client.post('auth/step-up', { method: 'passkey' }), 400, 'factor.passkey_refused');
    assert.equal((await prove(key.get(await ask(client)))).status, 200);
    assert.equal((await client.post('users/me/passkeys/options')).status, 200);
  });

  test('A4 an answer works once, in its time, and never for another challenge, site or ceremony', async () => {
    const { client } = await newUser(t);
    const key = new Authenticator();
    await register(client, key);
    const used = key.get(await askAny());
    const both = await Promise.all([verify(used), verify(used)]);
    assert.deepEqual(both.map(({ status }) => status).sort(), [200, 400]);
    assertFails(await verify(used), 400, 'factor.passkey_refused');
    const options = await askAny();
    assertFails(await verify(key.get({ ...options, challenge: 'bWFkZS11cA' })), 400, 'factor.passkey_refused');
    for (const origin of [
      'http://evil.example',
      'http://localhost.evil.example',
      'http://localhost@evil.example',
      'http://127.0.0.1:8000',
      'null',
    ])
      assertFails(await verify(key.get(await askAny(), { origin })), 400, 'factor.passkey_refused');
    assertFails(await verify(key.get(await askAny(), { type: 'webauthn.create' })), 400, 'factor.passkey_refused');
    assertFails(await verify(key.get({ ...(await askAny()), rpId: 'evil.example' })), 400, 'factor.passkey_refused');
    const registering = (await client.post('users/me/passkeys/options')).body.data.options;
    assertFails(await verify(key.get({ ...registering, rpId: 'localhost' })), 400, 'factor.passkey_refused');
    const late = key.get(await askAny());
    elapsedMs += 301_000;
    assertFails(await verify(late), 400, 'factor.passkey_refused');
    assert.equal((await verify(key.get(await askAny()))).status, 200);
    const left = await t.system
      .unscoped('passkey_challenges', 'a test looks at what is stored')
      .select()
      .selectAll()
      .execute();
    assert.ok(
      left.every((row) => row.expires_at > now()),
      'what nobody answered is forgotten',
    );
  });

  test('A9 an unknown key and a wrong signature take the same answer', async () => {
    const { client } = await newUser(t);
    const key = new Authenticator();
    await register(client, key);
    const unknown = await verify(new Authenticator().get(await askAny()));
    const other = new Authenticator().get(await askAny());
    const wrong = await verify({ ...other, id: key.id });
    const handle = key.get(await askAny());
    const foreign = await verify({ ...handle, response: { ...handle.response, userHandle: 'c29tZWJvZHkgZWxzZQ' } });
    for (const { status, body } of [unknown, wrong, foreign])
      assert.deepEqual({ status, ...body, request_id: '' }, { status: 400, ...unknown.body, request_id: '' });
  });

  test('whose counter goes back may be copies: they are refused, and the log says so', async () => {
    const { client } = await newUser(t);
    const key = new Authenticator();
    await register(client, key);
    assert.equal((await verify(key.get(await askAny()))).status, 200);
    key.counter -= 2;
    assertFails(await verify(key.get(await askAny())), 400, 'factor.passkey_refused');
    assert.ok(t.logLines.some((line) => line.includes('the counter of a passkey went back')));
    key.counter = 2 ** 32 - 10;
    assert.equal((await verify(key.get(await askAny()))).status, 200, 'the largest counters fit');
    assertFails(await verify(new Authenticator().get(await askAny())), 400, 'factor.passkey_refused');
    key.counter = 5;
    assertFails(await verify(key.get(await askAny())), 400, 'factor.passkey_refused');
    const synchronised = new Authenticator({ counts: false });
    await register(client, synchronised);
    for (let count = 0; count < 2; count++) assert.equal((await verify(synchronised.get(await askAny()))).status, 200);
  });

  test('A34 nothing that is sent instead of a credential is more than a refusal', async () => {
    const { client } = await newUser(t);
    const key = new Authenticator();
    await register(client, key);
    const good = key.get(await askAny());
    const junk = [
      'AA',
      Buffer.from('{}').toString('base64url'),
      Buffer.from('null').toString('base64url'),
      'x'.repeat(3999),
    ];
    for (const field of ['clientDataJSON', 'authenticatorData', 'signature'] as const) {
      for (const value of junk) {
        const fresh = key.get(await askAny());
        assertFails(
          await verify({ ...fresh, response: { ...fresh.response, [field]: value } }),
          400,
          'factor.passkey_refused',
        );
      }
    }
    for (const attestationObject of [...junk, 'oA', Buffer.from([0xbf, 0xff]).toString('base64url')]) {
      const begun = (await client.post('users/me/passkeys/options')).body.data.options;
      const made = new Authenticator().create(begun);
      const credential = { ...made, response: { ...made.response, attestationObject } };
      assertFails(await client.post('users/me/passkeys', { name: 'x', credential }), 400, 'factor.passkey_refused');
    }
    for (const wrong of [{ ...good, extra: 1 }, { ...good, id: '../..' }, { id: good.id }, { ...good, response: [] }])
      assertFails(await verify(wrong), 400, 'request.invalid');
  });

  test('are no more than twenty, and the role that asks for a factor keeps the last', async () => {
    const fresh = await t.as({ superuser: true });
    const role = (await fresh.post('roles', { code: 'keyed', name: 'Keyed', requires_second_factor: true })).body.data;
    const { client } = await newUser({ ...t, admin: fresh }, { role_ids: [role.id] });
    for (let count = 0; count < 20; count++) assert.equal((await register(client, new Authenticator())).status, 200);
    assertFails(await client.post('users/me/passkeys/options'), 409, 'factor.passkeys_full');
    const { items } = (await client.get('users/me/passkeys')).body.data;
    for (const { id } of items.slice(1)) assert.equal((await client.delete(`users/me/passkeys/${id}`)).status, 200);
    assertFails(await client.delete(`users/me/passkeys/${items[0].id}`), 409, 'factor.last_required');
    await setUpApp(t, client);
    assert.equal((await client.delete(`users/me/passkeys/${items[0].id}`)).status, 200);
  });
});

describe('passkeys of a site', () => {
  const t = useApp({ settings: { PUBLIC_URL: 'https://admin.example.com' } });

  test('are bound to its host, and made from its address alone', async () => {
    const { client } = await newUser(t);
    const { options } = (await client.post('users/me/passkeys/options')).body.data;
    assert.equal(options.rp.id, 'admin.example.com');
    const elsewhere = new Authenticator({ origin: 'http://localhost:8000' });
    assertFails(await register(client, elsewhere), 400, 'factor.passkey_refused');
    assertFails(
      await register(client, new Authenticator({ origin: 'http://admin.example.com' })),
      400,
      'factor.passkey_refused',
    );
    assert.equal((await register(client, new Authenticator({ origin: 'https://admin.example.com' }))).status, 200);
  });
});

describe('passkeys in production without an address', () => {
  const t = useApp({ settings: { APP_ENV: 'production', JWT_SECRET_KEY: 'kVf0Zt9qQ2xW7uJb4Yc1Lr8pDs5Hn3Gm6Ta' } });

  test('are refused with what to do', async () => {
    assertFails(await t.anonymous.post('auth/passkey/options', {}), 409, 'factor.passkeys_off');
    const refused = await t.admin.post('users/me/passkeys/options', undefined, {
      headers: { 'accept-language': 'en' },
    });
    assertFails(refused, 409, 'factor.passkeys_off');
    assert.match(refused.body.message, /PUBLIC_URL/);
  });
});
