import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertFails } from '#tests/assert.ts';
import { newUser, setUpApp } from '#tests/factors.ts';
import { type Answer, type Client, testApp, useApp } from '#tests/harness.ts';

const why = 'a test looks at what is stored';
const MINUTE = 60_000;

let elapsedMs = 0;
/** Stands still but for what a test adds, in the middle of a step, so that no code grows old by itself. */
const START = Math.floor(Date.now() / 30_000) * 30_000 + 15_000;
const now = () => new Date(START + elapsedMs);

/**
 * Guesses wrong until the next guess has to wait, and tells how many were looked at. The waits double, so that one of the first
 * outlasts the slowest machine.
 */
async function untilRefused(guess: () => Promise<Answer>): Promise<number> {
  for (let looked = 0; looked < 20; looked++) {
    const answer = await guess();
    if (answer.status === 429) {
      assertFails(answer, 429, 'auth.too_many_attempts');
      return looked;
    }
    assertFails(answer, 400, 'factor.proof_wrong');
  }
  return assert.fail('nobody had to wait');
}

/** The defaults, which other tests set aside. */
const guessing = { SIGN_IN_DELAY_AFTER: '5' };

describe('an authenticator app', () => {
  const t = useApp({ now, settings: guessing });
  const challengeOf = async (login: () => Promise<Answer>) => {
    const { status, body, headers, text } = await login();
    assert.deepEqual([status, body.data.access_token, headers['set-cookie']], [200, null, undefined], text);
    return body.data.challenge as { token: string; methods: string[]; expires_in: number };
  };
  const answer = (token: string, code: string, method = 'totp') =>
    t.anonymous.post('auth/challenge', { token, method, code });

  test('is set up by its first code, and from then on asked for at every sign-in', async () => {
    const { client, login } = await newUser(t);
    assert.deepEqual((await client.get('users/me/factors')).body.data, {
      totp: { is_enabled: false, created_at: null, last_used_at: null },
      passkeys: [],
      recovery_codes_left: 0,
      is_required: false,
    });
    const begun = (await client.post('users/me/totp')).body.data;
    assert.match(begun.uri, /^otpauth:\/\/totp\/Fastify%20Vue3%20Admin:person-\d+\?secret=[A-Z2-7]{32}&issuer=/);
    assert.equal((await login()).body.data.challenge, null, 'not yet confirmed');
    assertFails(await client.post('users/me/totp/confirm', { code: '000000' }), 400, 'factor.proof_wrong', 'code');
    const { app, codes } = await setUpApp(t, client);
    assert.equal(new Set(codes).size, 10);
    for (const code of codes) assert.match(code, /^[a-z2-7]{4}(-[a-z2-7]{4}){3}$/);
    const factors = (await client.get('users/me/factors')).body.data;
    assert.deepEqual([factors.totp.is_enabled, factors.recovery_codes_left], [true, 10]);
    assertFails(await client.post('users/me/totp'), 409, 'factor.totp_exists');
    assertFails(await client.post('users/me/totp/confirm', { code: app.code() }), 409, 'factor.totp_exists');

    const challenge = await challengeOf(login);
    assert.deepEqual([challenge.methods, challenge.expires_in], [['totp', 'recovery-code'], 300]);
    assertFails(await answer(challenge.token, app.wrongCode()), 400, 'factor.proof_wrong', 'code');
    const signedIn = await answer(challenge.token, app.code());
    assert.deepEqual(
      [signedIn.status, signedIn.body.data.challenge, signedIn.body.data.token_type],
      [200, null, 'Bearer'],
    );
    assert.match(String(signedIn.headers['set-cookie']), /^refresh_token=/);
    assert.equal((await t.withToken(signedIn.body.data.access_token).get('users/me')).status, 200);
    assertFails(await answer(challenge.token, app.code(1)), 401, 'challenge.invalid');
  });

  test('is removed again, and its codes go with it', async () => {
    const { client, login } = await newUser(t);
    const { codes } = await setUpApp(t, client);
    assert.equal((await client.delete('users/me/totp')).status, 200);
    const { data } = (await client.get('users/me/factors')).body;
    assert.deepEqual([data.totp.is_enabled, data.recovery_codes_left], [false, 0]);
    assert.equal((await login()).body.data.challenge, null);
    assertFails(await client.delete('users/me/totp'), 404, 'factor.totp_missing');
    assertFails(await client.post('users/me/recovery-codes'), 409, 'factor.no_factor');
    const again = await setUpApp(t, client);
    assert.ok(!again.codes.some((code) => codes.includes(code)));
  });

  test('sends the code along where there is no room for a question (OAuth2)', async () => {
    const { client, username } = await newUser(t);
    const { app, codes } = await setUpApp(t, client);
    const grant = (otp?: string) =>
      t.anonymous.post('auth/token', {
        grant_type: 'password',
        username,
        password: 'testpassword',
        ...(otp && { otp }),
      });
    const without = await grant();
    assert.deepEqual([without.status, without.body.error], [400, 'invalid_grant']);
    assert.match(without.body.error_description, /otp/);
    assert.equal((await grant(app.wrongCode())).status, 400);
    assert.equal((await grant(app.code())).status, 200);
    assert.equal((await grant(app.code())).body.error, 'invalid_grant', 'the same code once more');
    assert.equal((await grant(codes[0])).status, 200);
  });

  test('ends the other sessions when it is the first factor, and only then', async () => {
    const { client, login } = await newUser(t);
    const other = t.withToken((await login()).body.data.access_token);
    await setUpApp(t, client);
    assert.deepEqual([(await client.get('users/me')).status, (await other.get('users/me')).status], [200, 401]);
  });

  test('A14 leaves no secret and no code behind in the database or the log', async () => {
    const { client, id } = await newUser(t);
    const begun = (await client.post('users/me/totp')).body.data;
    const stored = await t.system
      .unscoped('totp_secrets', why)
      .select()
      .selectAll()
      .where('user_id', '=', id)
      .execute();
    assert.equal(stored.length, 1);
    const { codes } = await setUpApp(t, client);
    const hashes = await t.system.unscoped('recovery_codes', why).select().selectAll().execute();
    const traces = JSON.stringify([stored, hashes]) + t.logLines.join('\n');
    assert.ok(!traces.includes(begun.setup_key));
    for (const code of codes) assert.ok(!traces.includes(code) && !traces.includes(code.replaceAll('-', '')));
  });

  test('A7 the same code at twenty places at once is taken once', async () => {
    const { client, login } = await newUser(t);
    const { app } = await setUpApp(t, client);
    const tokens: string[] = [];
    for (let count = 0; count < 4; count++) tokens.push((await challengeOf(login)).token);
    const code = app.code();
    const answers = await Promise.all(tokens.map((token) => answer(token, code)));
    assert.equal(answers.filter(({ status }) => status === 200).length, 1, answers.map(({ text }) => text).join('\n'));
    for (const { status, body } of answers)
      if (status !== 200) assert.ok(['factor.proof_wrong', 'auth.too_many_attempts'].includes(body.error), body.error);
    assertFails(await answer((await challengeOf(login)).token, code), 400, 'factor.proof_wrong');
    elapsedMs += MINUTE;
    assert.equal((await answer((await challengeOf(login)).token, app.code())).status, 200);
    const late = (await challengeOf(login)).token;
    assertFails(await answer(late, app.code(-1)), 400, 'factor.proof_wrong');
    assert.equal((await answer(late, app.code(1))).status, 200, 'a code of a later step');
  });

  test('A7 five wrong codes wear a challenge out, and soon the next ones of the user have to wait', async () => {
    const { client, login } = await newUser(t);
    const { app, codes } = await setUpApp(t, client);
    const { token } = await challengeOf(login);
    for (let attempt = 0; attempt < 5; attempt++)
      assertFails(await answer(token, app.wrongCode()), 400, 'factor.proof_wrong');
    assertFails(await answer(token, app.code()), 401, 'challenge.invalid');
    const next = (await challengeOf(login)).token;
    await untilRefused(async () => answer((await challengeOf(login)).token, app.wrongCode()));
    assert.equal((await answer(next, codes[0] as string, 'recovery-code')).status, 200, 'another way stays open');
  });

  test('A7 a right code starts the count anew', async () => {
    const { client, login } = await newUser(t);
    const { app } = await setUpApp(t, client);
    for (let round = 0; round < 2; round++) {
      const { token } = await challengeOf(login);
      for (let attempt = 0; attempt < 4; attempt++)
        assertFails(await answer(token, app.wrongCode()), 400, 'factor.proof_wrong');
      elapsedMs += MINUTE;
      assert.equal((await answer(token, app.code())).status, 200);
    }
  });

  test('A7 many wrong codes at once are no more than one after the other', async () => {
    const { client, login } = await newUser(t);
    const { app } = await setUpApp(t, client);
    const tokens: string[] = [];
    for (let count = 0; count < 12; count++) tokens.push((await challengeOf(login)).token);
    const answers = await Promise.all(tokens.map((token) => answer(token, app.wrongCode())));
    const looked = answers.filter(({ body }) => body.error === 'factor.proof_wrong').length;
    // The first wait is two seconds, which a busy machine may need for the rest of them.
    assert.ok(looked <= t.config.SIGN_IN_DELAY_AFTER + 3, answers.map(({ body }) => body.error).join());
    assert.ok(answers.some(({ status }) => status === 429));
  });

  test('A2 the token of a challenge is no access and no refresh token, and the other way round', async () => {
    const { client, login } = await newUser(t);
    const { app } = await setUpApp(t, client);
    const { token } = await challengeOf(login);
    assert.equal((await t.withToken(token).get('users/me')).status, 401);
    assert.equal(
      (await t.anonymous.post('auth/refresh', undefined, { headers: { cookie: `refresh_token=${token}` } })).status,
      401,
    );
    const grant = { grant_type: 'refresh_token', refresh_token: token };
    assert.equal((await t.anonymous.post('auth/token', grant)).body.error, 'invalid_grant');
    for (const other of [client.token, 'x']) assertFails(await answer(other, app.code()), 401, 'challenge.invalid');
    assertFails(
      await t.anonymous.post('auth/challenge', { token, method: 'password', code: '123456' }),
      400,
      'request.invalid',
    );
    assertFails(await answer(token, app.code(), 'passkey'), 409, 'auth.method_not_wanted');
    const stolen = { headers: { 'user-agent': 'another browser' } };
    assertFails(
      await t.anonymous.post('auth/challenge', { token, method: 'totp', code: app.code() }, stolen),
      401,
      'challenge.invalid',
    );
    assert.equal((await answer(token, app.code())).status, 200);
  });

  test('A6 a challenge is worth nothing after the password was changed or reset', async () => {
    const { client, login, id } = await newUser(t);
    const { app } = await setUpApp(t, client);
    const stolen = await challengeOf(login);
    elapsedMs += 1000;
    const change = { old_password: 'testpassword', new_password: 'another password' };
    assert.equal((await client.post('users/me/password', change)).status, 200);
    assertFails(await answer(stolen.token, app.code()), 401, 'auth.bad_credentials');
    const old = await challengeOf(() => login('another password'));
    elapsedMs += 1000;
    await t.admin.post(`users/${id}/reset-password`, { password: 'one time password' });
    assertFails(await answer(old.token, app.code()), 401, 'auth.bad_credentials');
    const fresh = await challengeOf(() => login('one time password'));
    assert.equal((await answer(fresh.token, app.code())).status, 200);
  });

  test('of a user who was disabled meanwhile opens nothing', async () => {
    const { client, login, id } = await newUser(t);
    const { app } = await setUpApp(t, client);
    const { token } = await challengeOf(login);
    await t.admin.patch(`users/${id}`, { is_active: false });
    assertFails(await answer(token, app.code()), 400, 'auth.inactive_user');
  });

  test('whose key is gone says so in the log, and leaves the recovery codes', async () => {
    const { client, login, id } = await newUser(t);
    const { app, codes } = await setUpApp(t, client);
    await t.system
      .unscoped('totp_secrets', why)
      .update({ sealed_secret: 'v1.gone.x.y' })
      .where('user_id', '=', id)
      .execute();
    const { token } = await challengeOf(login);
    assertFails(await answer(token, app.code()), 400, 'factor.proof_wrong');
    assert.ok(t.logLines.some((line) => line.includes('its key is missing from ENCRYPTION_KEY')));
    assert.equal((await answer(token, codes[0] as string, 'recovery-code')).status, 200);
  });

  test('a recovery code works once, however it is typed, and not after new ones were made', async () => {
    const { client, login } = await newUser(t);
    const { codes } = await setUpApp(t, client);
    const use = async (code: string) => answer((await challengeOf(login)).token, code, 'recovery-code');
    const [first = '', second = '', third = ''] = codes;
    assert.equal((await use(first)).status, 200);
    assertFails(await use(first), 400, 'factor.proof_wrong', 'code');
    assert.equal((await use(second.toUpperCase().replaceAll('-', ' '))).status, 200);
    const twice = await Promise.all([use(third), use(third)]);
    assert.deepEqual(twice.map(({ status }) => status).sort(), [200, 400]);
    assert.equal((await client.get('users/me/factors')).body.data.recovery_codes_left, 7);
    const fresh = (await client.post('users/me/recovery-codes')).body.data.recovery_codes;
    assertFails(await use(codes[4] as string), 400, 'factor.proof_wrong');
    assert.equal((await use(fresh[0])).status, 200);
    const { client: stranger, login: strangerLogin } = await newUser(t);
    await setUpApp(t, stranger);
    const { token } = await challengeOf(strangerLogin);
    assertFails(await answer(token, fresh[1], 'recovery-code'), 400, 'factor.proof_wrong');
  });
});

describe('the secret of an authenticator app, when the keys change', () => {
  const t = useApp({ now });

  test('is read by the older key, and encrypted anew when it is used', async () => {
    const { client, username, id } = await newUser(t);
    const { app } = await setUpApp(t, client);
    const stored = async () =>
      (
        await t.system
          .unscoped('totp_secrets', why)
          .select()
          .select('sealed_secret')
          .where('user_id', '=', id)
          .executeTakeFirstOrThrow()
      ).sealed_secret;
    const before = await stored();
    const later = await testApp({ now, beside: t, settings: { ENCRYPTION_KEY: 'a key that came later, a third one' } });
    try {
      const form = { grant_type: 'password', username, password: 'testpassword', otp: app.code() };
      assert.equal((await later.anonymous.post('auth/token', form)).status, 200);
      assert.notEqual((await stored()).split('.')[1], before.split('.')[1]);
      elapsedMs += MINUTE;
      const again = { ...form, otp: app.code() };
      assert.equal((await t.anonymous.post('auth/token', again)).status, 400, 'the older program has no such key');
      assert.equal((await later.anonymous.post('auth/token', again)).status, 200);
    } finally {
      await later.close();
    }
  });
});

describe('a role that asks for a second factor', () => {
  const t = useApp({ now });
  const roleWith = async (permissions: string[]) =>
    (await t.admin.post('roles', { code: `strict-${permissions.length}-${elapsedMs}`, name: 'Strict', permissions }))
      .body.data;

  test('lets its members in only to set one up, from the next request on', async () => {
    const role = await roleWith(['system:dept:query']);
    const { client, login, id } = await newUser(t, { role_ids: [role.id] });
    assert.equal((await client.get('depts')).status, 200);
    const changed = await t.admin.patch(`roles/${role.id}`, { requires_second_factor: true });
    assert.equal(changed.body.data.requires_second_factor, true);
    for (const path of ['depts', 'users/me/menus'])
      assertFails(await client.get(path), 403, 'access.second_factor_required');
    assert.equal((await login()).body.data.must_enrol_factor, true);
    assert.deepEqual(
      [(await client.get('users/me')).status, (await client.get('users/me/factors')).body.data.is_required],
      [200, true],
    );
    const { app } = await setUpApp(t, client);
    const open = await client.get('depts');
    assert.deepEqual([open.status, open.statements > 0], [200, true]);
    assert.equal((await client.get('users/me')).statements, 1, 'asked of the snapshot, not of the database');
    const { token } = (await login()).body.data.challenge;
    const signedIn = await t.anonymous.post('auth/challenge', { token, method: 'totp', code: app.code() });
    assert.equal(signedIn.body.data.must_enrol_factor, false);
    assertFails(await client.delete('users/me/totp'), 409, 'factor.last_required');
    assert.equal((await client.get('users/me/factors')).body.data.totp.is_enabled, true);
    await t.admin.patch(`roles/${role.id}`, { requires_second_factor: false });
    assert.equal((await client.delete('users/me/totp')).status, 200);
    await t.admin.patch(`roles/${role.id}`, { requires_second_factor: true, is_enabled: false });
    assert.equal((await client.get('users/me/menus')).status, 200, 'a disabled role asks for nothing');
    assert.ok(id > 0);
  });

  test('a password that has to be changed comes first', async () => {
    const role = await roleWith([]);
    await t.admin.patch(`roles/${role.id}`, { requires_second_factor: true });
    const { id, login } = await newUser(t, { role_ids: [role.id] });
    await t.admin.post(`users/${id}/reset-password`, { password: 'one time password' });
    const client = t.withToken((await login('one time password')).body.data.access_token);
    assertFails(await client.post('users/me/totp'), 403, 'access.password_change_required');
    const change = { old_password: 'one time password', new_password: 'testpassword' };
    assert.equal((await client.post('users/me/password', change)).status, 200);
    assertFails(await client.get('depts'), 403, 'access.second_factor_required');
    await setUpApp(t, client);
    assertFails(await client.get('depts'), 403, 'access.forbidden');
  });

  test('may be the one of the administrators, of which nothing else can be changed', async () => {
    const { id } = (await t.admin.get('roles?order_by=id')).body.data.items[0];
    assertFails(
      await t.admin.patch(`roles/${id}`, { requires_second_factor: true, name: 'x' }),
      403,
      'role.administrator',
    );
    const lower = await t.as({ permissions: ['system:role:update', 'system:role:query'] });
    assertFails(await lower.patch(`roles/${id}`, { requires_second_factor: true }), 403, 'ceiling.exceeded');
    assert.equal((await t.admin.patch(`roles/${id}`, { requires_second_factor: true })).status, 200);
    assertFails(await t.admin.get('roles'), 403, 'access.second_factor_required');
    await setUpApp(t, t.admin);
    assert.equal((await t.admin.patch(`roles/${id}`, { requires_second_factor: false })).status, 200);
  });
});

describe('a step-up', () => {
  const t = useApp({ now, settings: guessing });

  test('is asked for before dangerous actions, once the last proof is too old', async () => {
    const { client, id } = await newUser(t, { role_ids: [] });
    const target = await newUser(t);
    const role = (
      await t.admin.post('roles', { code: 'danger', name: 'Danger', permissions: ['system:user:*'], data_scope: 'all' })
    ).body.data;
    await t.admin.put(`users/${id}/roles`, { role_ids: [role.id] });
    const rename = () => client.patch(`users/${target.id}`, { name: 'new' });
    assert.equal(
      (await client.post(`users/${target.id}/reset-password`, {})).status,
      200,
      'a fresh sign-in is a proof',
    );
    elapsedMs += 11 * MINUTE;
    const asked = await client.post(`users/${target.id}/reset-password`, {});
    assertFails(asked, 403, 'access.step_up_required');
    assert.deepEqual(
      asked.body.details.map(({ path }: { path: string }) => path),
      ['password'],
    );
    assert.equal((await rename()).status, 200, 'what is not dangerous goes on');
    assertFails(await client.patch(`users/${target.id}`, { role_ids: [] }), 403, 'access.step_up_required');
    assertFails(await client.patch('users/me', { email: 'thief@example.com' }), 403, 'access.step_up_required');
    assertFails(await client.post('users/me/totp'), 403, 'access.step_up_required');
    assert.equal((await client.put(`users/${target.id}/roles?dry_run=true`, { role_ids: [] })).status, 200);
    assertFails(await client.put(`users/${target.id}/roles`, { role_ids: [] }), 403, 'access.step_up_required');

    const wrong = await client.post('auth/step-up', { method: 'password', password: 'wrong password' });
    assertFails(wrong, 400, 'factor.proof_wrong', 'password');
    assertFails(await client.post('auth/step-up', { method: 'totp', code: '123456' }), 409, 'factor.method_missing');
    assertFails(await client.delete(`users/${target.id}`), 403, 'access.step_up_required');
    const proven = await client.post('auth/step-up', { method: 'password', password: 'testpassword' });
    assert.deepEqual([proven.status, proven.body.data], [200, { expires_in: 600 }]);
    assert.equal((await client.delete(`users/${target.id}`)).status, 200);
    elapsedMs += 11 * MINUTE;
    assertFails(
      await client.post('users', {
        username: 'x1',
        email: 'x1@example.com',
        password: 'testpassword',
        role_ids: [role.id],
      }),
      403,
      'access.step_up_required',
    );
  });

  test('takes the factor of who has one, not the password', async () => {
    const { client } = await newUser(t);
    const { app, codes } = await setUpApp(t, client);
    elapsedMs += 11 * MINUTE;
    const asked = await client.delete('users/me/totp');
    assertFails(asked, 403, 'access.step_up_required');
    assert.deepEqual(
      asked.body.details.map(({ path }: { path: string }) => path),
      ['totp', 'recovery-code'],
    );
    const password = { method: 'password', password: 'testpassword' };
    assertFails(await client.post('auth/step-up', password), 409, 'factor.method_missing');
    assertFails(await client.post('auth/step-up/options'), 409, 'factor.method_missing');
    assertFails(
      await client.post('auth/step-up', { method: 'totp', code: app.wrongCode() }),
      400,
      'factor.proof_wrong',
    );
    assert.equal((await client.post('auth/step-up', { method: 'totp', code: app.code() })).status, 200);
    assert.equal((await client.post('users/me/recovery-codes')).status, 200);
    elapsedMs += 11 * MINUTE;
    const used = { method: 'recovery-code', code: codes[0] };
    assertFails(await client.post('auth/step-up', used), 400, 'factor.proof_wrong');
  });

  test('counts for its own session alone, and from the next request on', async () => {
    const { client, login } = await newUser(t);
    const other = t.withToken((await login()).body.data.access_token);
    elapsedMs += 11 * MINUTE;
    await client.post('auth/step-up', { method: 'password', password: 'testpassword' });
    assert.deepEqual(
      [(await client.post('users/me/totp')).status, (await other.post('users/me/totp')).status],
      [200, 403],
    );
  });

  test('A7 does not let a stolen session guess the password', async () => {
    const { client } = await newUser(t);
    const guess = () => client.post('auth/step-up', { method: 'password', password: 'wrong password' });
    const right = { method: 'password', password: 'testpassword' };
    for (let attempt = 0; attempt < 4; attempt++) assertFails(await guess(), 400, 'factor.proof_wrong');
    assert.equal((await client.post('auth/step-up', right)).status, 200);
    assert.ok((await untilRefused(guess)) >= t.config.SIGN_IN_DELAY_AFTER);
    assertFails(await client.post('auth/step-up', right), 429, 'auth.too_many_attempts');
  });

  test('costs no statement where it is not asked for', async () => {
    const { client } = await newUser(t);
    await client.get('users/me');
    assert.equal((await client.get('users/me')).statements, 1);
    elapsedMs += 11 * MINUTE;
    assert.equal((await client.delete('users/999999')).body.error, 'access.forbidden', 'the permission comes first');
    assert.equal((await client.post('users/me/totp')).statements, 1, 'refused by the snapshot; the one is its record');
  });
});

describe('factors of somebody else', () => {
  const t = useApp({ now });
  const helper = (more: object = {}): Promise<Client> =>
    t.as({ permissions: ['system:user:query', 'system:user:reset-factors'], ...more });

  test('are seen without details, and reset by who may: the sessions end with them', async () => {
    const { client, id, login } = await newUser(t);
    await setUpApp(t, client);
    const desk = await helper();
    assert.deepEqual((await desk.get(`users/${id}/factors`)).body.data, { methods: ['totp', 'recovery-code'] });
    assert.equal((await desk.delete(`users/${id}/factors`)).status, 200);
    assert.deepEqual((await desk.get(`users/${id}/factors`)).body.data, { methods: [] });
    assert.equal((await client.get('users/me')).status, 401);
    assert.equal((await login()).body.data.challenge, null);
    assert.ok(
      t.logLines.some(
        (line) => line.includes('the second factors of a user were reset') && line.includes(`"by":${desk.userId}`),
      ),
    );
  });

  test('A18 are not reset by who holds less, who may not, or who did not prove themselves', async () => {
    const { client, id } = await newUser(t);
    await setUpApp(t, client);
    const role = (await t.admin.post('roles', { code: 'above', name: 'Above', permissions: ['system:role:update'] }))
      .body.data;
    await t.admin.put(`users/${id}/roles`, { role_ids: [role.id] });
    const desk = await helper();
    assertFails(await desk.delete(`users/${id}/factors`), 403, 'ceiling.exceeded');
    assertFails(await desk.delete(`users/${t.admin.userId}/factors`), 403, 'user.administrator_protected');
    assertFails(await (await helper({ scope: 'self' })).delete(`users/${id}/factors`), 404, 'user.not_found');
    assertFails(await (await helper({ scope: 'self' })).get(`users/${id}/factors`), 404, 'user.not_found');
    assertFails(
      await (await helper({ permissions: ['system:user:query'] })).delete(`users/${id}/factors`),
      403,
      'access.forbidden',
    );
    const late = await helper();
    elapsedMs += 11 * MINUTE;
    assertFails(await late.delete(`users/${id}/factors`), 403, 'access.step_up_required');
    assert.equal((await client.get('users/me/factors')).body.data.totp.is_enabled, true);
  });
});
