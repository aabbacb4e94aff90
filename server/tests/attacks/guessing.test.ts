import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { memoryCounters } from '#extensions/counters-memory.ts';
import { solve, solvedCaptcha } from '#tests/captcha.ts';
import { type Answer, TEST_PASSWORD, type TestApp, testApp, useApp } from '#tests/harness.ts';

const ATTACKER = '203.0.113.66';
const OFFICE = '198.51.100.10';
/** What an installation has that sets nothing, with less work so that the tests are quick. */
const DEFAULTS = {
  SIGN_IN_CAPTCHA_AFTER: '3',
  SIGN_IN_DELAY_AFTER: '5',
  SIGN_IN_ADDRESS_CAPTCHA_AFTER: '20',
  SIGN_IN_ADDRESS_DELAY_AFTER: '100',
  SIGN_IN_ACCOUNT_CAPTCHA_AFTER: '20',
  CAPTCHA_DIFFICULTY: '4',
  CAPTCHA_DIFFICULTY_MAX: '8',
};

type Login = {
  username?: string;
  password?: string;
  from?: string;
  captcha?: object;
  headers?: Record<string, string>;
};

function signInsOf(t: TestApp) {
  const login = ({ username = 'admin', password = 'wrong', from = ATTACKER, captcha, headers = {} }: Login = {}) =>
    t.anonymous.post(
      'auth/login',
      { username, password, ...(captcha && { captcha }) },
      { remoteAddress: from, headers },
    );
  const loginSolved = async (how: Login = {}) => {
    const { username = 'admin', from = ATTACKER } = how;
    return login({ ...how, captcha: await solvedCaptcha(t.anonymous, username, from) });
  };
  return { login, loginSolved };
}

const errorOf = ({ body }: Answer) => body.error ?? 'let in';

describe('guessing passwords', () => {
  let elapsedMs = 0;
  const t = useApp({ settings: DEFAULTS, now: () => new Date(Date.now() + elapsedMs) });
  const right = { password: TEST_PASSWORD };

  test('A7 becomes work after three failures and makes wait after five, twice as long each time', async () => {
    const { login, loginSolved } = signInsOf(t);
    const username = 'guessed';
    for (let i = 0; i < 3; i++) assert.equal(errorOf(await login({ username })), 'auth.bad_credentials');
    assert.equal(errorOf(await login({ username })), 'auth.captcha_required');
    for (let i = 0; i < 3; i++) assert.equal(errorOf(await loginSolved({ username })), 'auth.bad_credentials');
    const waits: number[] = [];
    for (let i = 0; i < 12; i++) {
      const refused = await login({ username });
      assert.deepEqual([refused.status, errorOf(refused)], [429, 'auth.too_many_attempts']);
      const seconds = Number(refused.headers['retry-after']);
      assert.ok(refused.body.message.includes(String(seconds)), refused.body.message);
      waits.push(seconds);
      elapsedMs += seconds * 1000;
      assert.equal(errorOf(await loginSolved({ username })), 'auth.bad_credentials');
    }
    assert.deepEqual(waits, [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]);
  });

  test('A7 at the same time gains nothing', async () => {
    const { login } = signInsOf(t);
    const captchas = await Promise.all(
      Array.from({ length: 30 }, () => solvedCaptcha(t.anonymous, 'at-once', ATTACKER)),
    );
    const answers = await Promise.all(captchas.map((captcha) => login({ username: 'at-once', captcha })));
    const looked = answers.filter((answer) => errorOf(answer) === 'auth.bad_credentials');
    assert.equal(looked.length, 6);
    assert.ok(answers.every((answer) => ['auth.bad_credentials', 'auth.too_many_attempts'].includes(errorOf(answer))));
  });

  test('A7 in the name of the administrator does not lock the administrator out', async () => {
    const { login, loginSolved } = signInsOf(t);
    for (let i = 0; i < 6; i++) await loginSolved();
    assert.equal((await login(right)).status, 429, 'the attacker must wait, even with the right password');
    assert.equal((await login({ ...right, from: OFFICE })).status, 200, 'the administrator need not');
    for (let i = 0; i < 40; i++) await loginSolved({ from: `203.0.113.${100 + (i % 40)}` });
    const first = await login({ ...right, from: OFFICE });
    assert.equal(errorOf(first), 'auth.captcha_required', 'forty addresses cost the administrator a proof of work');
    const drawn = (await t.anonymous.get('auth/captcha', { query: { for: 'admin' }, remoteAddress: OFFICE })).body.data;
    assert.equal(drawn.difficulty, 4, 'the easiest one, whatever others did');
    assert.equal((await loginSolved({ ...right, from: OFFICE })).status, 200, 'and nothing more');
  });

  test('A7 a right password takes the failures of its own name and address back, and no other', async () => {
    const { login } = signInsOf(t);
    const address = '203.0.113.9';
    await t.admin.post('users', { username: 'typist', email: 'typist@example.com', password: 'testpassword' });
    for (let i = 0; i < 2; i++) await login({ username: 'typist', from: address });
    for (let i = 0; i < 2; i++) await login({ username: 'other-name', from: address });
    assert.equal((await login({ username: 'typist', password: 'testpassword', from: address })).status, 200);
    for (let i = 0; i < 3; i++)
      assert.equal(errorOf(await login({ username: 'typist', from: address })), 'auth.bad_credentials');
    assert.equal(errorOf(await login({ username: 'other-name', from: address })), 'auth.bad_credentials');
    assert.equal(errorOf(await login({ username: 'other-name', from: address })), 'auth.captcha_required');
  });

  test('A7 one password in a hundred names is noticed at the address', async () => {
    const { login, loginSolved } = signInsOf(t);
    const from = '2001:db8:1:1::1';
    for (let i = 0; i < 20; i++) await login({ username: `spray-${i}`, from });
    const neighbour = '2001:db8:1:1:ffff::2';
    assert.equal(errorOf(await login({ username: 'fresh-name', from: neighbour })), 'auth.captcha_required');
    for (let i = 20; i < 101; i++) await loginSolved({ username: `spray-${i}`, from });
    assert.equal((await login({ username: 'fresh-name', from: neighbour })).status, 429);
    assert.equal(errorOf(await login({ username: 'fresh-name', from: '2001:db8:1:2::1' })), 'auth.bad_credentials');
  });

  test('A7 at the token endpoint counts together with the other', async () => {
    const { login } = signInsOf(t);
    const ask = (more: object = {}) =>
      t.anonymous.post(
        'auth/token',
        { grant_type: 'password', username: 'by-form', password: 'wrong', ...more },
        { remoteAddress: ATTACKER },
      );
    for (let i = 0; i < 3; i++) assert.equal((await ask()).body.error, 'invalid_grant');
    assert.match((await ask()).body.error_description, /GET \/auth\/captcha/);
    assert.equal(errorOf(await login({ username: 'by-form' })), 'auth.captcha_required');
    const { id, solution } = await solvedCaptcha(t.anonymous, 'by-form', ATTACKER);
    assert.match((await ask({ captcha_id: id, captcha_solution: solution })).body.error_description, /password/);
  });

  test('A9 an unknown name meets the same waits and the same work as a known one', async () => {
    const { login, loginSolved } = signInsOf(t);
    await t.admin.post('users', { username: 'known', email: 'known@example.com', password: 'testpassword' });
    const seen = async (username: string, from: string) => {
      const answers: unknown[] = [];
      for (let i = 0; i < 9; i++) {
        const answer = i < 4 ? await login({ username, from }) : await loginSolved({ username, from });
        const refused = await login({ username, from });
        for (const { status, body, headers } of [answer, refused])
          answers.push([status, { ...body, request_id: '' }, headers['retry-after']]);
        elapsedMs += Number(refused.headers['retry-after'] ?? 0) * 1000;
      }
      return answers;
    };
    assert.deepEqual(await seen('known', '203.0.113.21'), await seen('unknown', '203.0.113.22'));
  });

  test('A13 a forwarding header from anybody but a trusted proxy is no other address', async () => {
    const { login } = signInsOf(t);
    for (let i = 0; i < 4; i++) {
      const headers = { 'x-forwarded-for': `192.0.2.${i}`, 'x-real-ip': `192.0.2.${i}`, forwarded: `for=192.0.2.${i}` };
      const answer = await login({ username: 'forwarded', from: '203.0.113.30', headers });
      assert.equal(errorOf(answer), i < 3 ? 'auth.bad_credentials' : 'auth.captcha_required');
    }
  });
});

describe('guessing from behind a trusted proxy', () => {
  const t = useApp({ settings: { ...DEFAULTS, TRUSTED_PROXIES: '10.0.0.0/8' } });

  test('A13 counts the address that the proxy saw, not those a client wrote in front of it', async () => {
    const { login } = signInsOf(t);
    const through = (client: string, forged: string) =>
      login({ username: 'proxied', from: '10.1.1.1', headers: { 'x-forwarded-for': `${forged}, ${client}` } });
    for (let i = 0; i < 3; i++) await through('203.0.113.40', `192.0.2.${i}`);
    assert.equal(errorOf(await through('203.0.113.40', '192.0.2.99')), 'auth.captcha_required');
    assert.equal(errorOf(await through('203.0.113.41', '203.0.113.40')), 'auth.bad_credentials');
  });
});

describe('the proof of work', () => {
  let elapsedMs = 0;
  const t = useApp({
    settings: { ...DEFAULTS, SIGN_IN_CAPTCHA_AFTER: '0', CAPTCHA_DIFFICULTY: '6' },
    now: () => new Date(Date.now() + elapsedMs),
  });
  const right = { password: TEST_PASSWORD };
  const draw = async (name = 'admin', remoteAddress = ATTACKER) =>
    (await t.anonymous.get('auth/captcha', { query: { for: name }, remoteAddress })).body.data;
  const refused = async (captcha: object | undefined, why: string, how: Login = {}) => {
    const answer = await signInsOf(t).login({ ...right, ...how, ...(captcha && { captcha }) });
    assert.deepEqual([answer.status, errorOf(answer)], [400, 'auth.captcha_required'], why);
  };

  test('A8 is used once', async () => {
    const { login } = signInsOf(t);
    const captcha = solve(await draw());
    assert.equal((await login({ ...right, captcha })).status, 200);
    await refused(captcha, 'again');
    const twice = solve(await draw());
    const both = await Promise.all([login({ ...right, captcha: twice }), login({ ...right, captcha: twice })]);
    assert.deepEqual(both.map((answer) => answer.status).sort(), [200, 400], 'twice at once');
  });

  test('A8 is spent by a wrong solution, so that nobody can try two hundred', async () => {
    const drawn = await draw();
    await refused(solve(drawn, true), 'a wrong one');
    await refused(solve(drawn), 'the right one, too late');
  });

  test('A8 is worth nothing for another name, another address, another time', async () => {
    await refused(solve(await draw('somebody')), 'another name');
    await refused(solve(await draw('admin', OFFICE)), 'another address');
    const old = solve(await draw());
    elapsedMs += 120_001;
    await refused(old, 'after two minutes');
    const early = solve(await draw());
    elapsedMs -= 240_000;
    await refused(early, 'from a time to come');
    elapsedMs += 119_999;
  });

  test('A8 cannot be left out, made up or made easier', async () => {
    await refused(undefined, 'none');
    const headers = { 'x-captcha-bypass': '1', 'x-test': 'true', 'user-agent': 'e2e' };
    await refused(undefined, 'by a header', { headers });
    const { id, challenge, difficulty } = await draw();
    const [nonce, , issuedAt, signature] = id.split('.');
    for (const made of [
      `${nonce}.0.${issuedAt}.${signature}`,
      `${nonce}.${difficulty}.${issuedAt}`,
      'x',
      '.'.repeat(200),
    ])
      await refused({ id: made, solution: '1' }, made);
    await refused(
      solve({ id: `${nonce}.${difficulty}.${Date.now()}.${challenge}`, challenge, difficulty }),
      'another time written in',
    );
    const body = await signInsOf(t).login({ ...right, captcha: { id, solution: 'x'.repeat(17) } });
    assert.equal(body.body.error, 'request.invalid');
  });

  test('A8 becomes harder with each failure, up to its limit', async () => {
    const { login } = signInsOf(t);
    const difficulties: number[] = [];
    for (let i = 0; i < 6; i++) {
      const drawn = await draw('harder', '203.0.113.50');
      difficulties.push(drawn.difficulty);
      await login({ username: 'harder', from: '203.0.113.50', captcha: solve(drawn) });
    }
    assert.deepEqual(difficulties, [6, 7, 7, 8, 8, 8]);
  });
});

describe('a clock that jumps', () => {
  let elapsedMs = 0;
  const year = 365 * 86_400_000;
  // As in production: what is counted goes by a clock that nobody sets.
  const t = useApp({ settings: DEFAULTS, now: () => new Date(Date.now() + elapsedMs), counters: memoryCounters() });

  test('A7 neither ends a wait nor makes it last', async () => {
    const { login, loginSolved } = signInsOf(t);
    for (let i = 0; i < 3; i++) await login({ username: 'jumped' });
    for (let i = 0; i < 3; i++) await loginSolved({ username: 'jumped' });
    for (const jump of [year, -year, 0]) {
      elapsedMs = jump;
      const answer = await login({ username: 'jumped' });
      assert.equal(answer.status, 429, String(jump));
      assert.ok(Number(answer.headers['retry-after']) <= 2);
    }
  });
});

describe('several instances', () => {
  const counters = memoryCounters();
  const settings = { ...DEFAULTS, SIGN_IN_RATE_PER_MINUTE: '5' };
  const first = useApp({ settings, counters });
  let second: TestApp;
  before(async () => {
    second = await testApp({ settings, counters, beside: first });
  });
  after(() => second.close());

  test('A7 count together: failures, proofs of work and the rate of an address', async () => {
    const from = '203.0.113.70';
    for (const t of [first, second, first]) await signInsOf(t).login({ username: 'spread', from });
    assert.equal(errorOf(await signInsOf(second).login({ username: 'spread', from })), 'auth.captcha_required');
    const captcha = await solvedCaptcha(first.anonymous, 'spread', from);
    assert.equal(errorOf(await signInsOf(second).login({ username: 'spread', from, captcha })), 'auth.bad_credentials');
    for (const t of [first, second]) {
      const answer = await signInsOf(t).login({ username: 'anybody', from });
      assert.deepEqual([answer.status, errorOf(answer)], [429, 'request.too_many']);
      assert.ok(Number(answer.headers['retry-after']) > 0);
    }
    assert.equal((await signInsOf(second).login({ password: TEST_PASSWORD, from: OFFICE })).status, 200);
  });
});
