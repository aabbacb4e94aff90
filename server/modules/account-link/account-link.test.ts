import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { solvedCaptcha } from '#tests/captcha.ts';
import { type Answer, type TestApp, useApp } from '#tests/harness.ts';
import { until, useWorkers } from '#tests/work.ts';
import { removeOldLinks } from './link.service.ts';

const why = 'a test looks at what is stored';
const SITE = 'https://admin.example.com';
const settings = { CAPTCHA_DIFFICULTY: '4', PUBLIC_URL: SITE };

const blamed = ({ status, body }: Answer) => [status, body.error];
const withoutId = ({ status, body }: Answer) => [status, { ...body, request_id: '' }];

/** Asks for letters and reads them, as a browser and a mail program do. */
function postOf(t: TestApp, work: ReturnType<typeof useWorkers>) {
  const ask = async (path: 'forgot-password' | 'register', email: string, headers: Record<string, string> = {}) =>
    t.anonymous.post(`auth/${path}`, { email, captcha: await solvedCaptcha(t.anonymous, email) }, { headers });
  const queued = async () =>
    (await t.system.unscoped('tasks', why).select().selectAll().where('handler', '=', 'account-link.send').execute())
      .length;
  const deliver = async () => {
    const worker = await work(t);
    await until('all letters are sent', async () => {
      const open = await t.system
        .unscoped('tasks', why)
        .select()
        .select('id')
        .where('handler', '=', 'account-link.send')
        .where('state', '!=', 'succeeded')
        .execute();
      return open.length === 0;
    });
    await worker.stop(2000);
  };
  const letter = async (path: 'forgot-password' | 'register', email: string, headers?: Record<string, string>) => {
    const answer = await ask(path, email, headers);
    assert.equal(answer.status, 200, answer.text);
    await deliver();
    const mail = t.mails.at(-1);
    assert.equal(mail?.to, email.toLowerCase());
    return { ...mail, token: /#token=([\w-]{43})\s/.exec(mail?.text ?? '')?.[1] ?? '' };
  };
  return { ask, deliver, letter, queued };
}

describe('a forgotten password', () => {
  let elapsedMs = 0;
  const t = useApp({ settings, now: () => new Date(Date.now() + elapsedMs) });
  const work = useWorkers();
  let post: ReturnType<typeof postOf>;
  before(() => {
    post = postOf(t, work);
  });
  let made = 0;
  const person = async () => {
    made += 1;
    const user = { username: `forgetful-${made}`, email: `forgetful-${made}@example.com`, password: 'testpassword' };
    return { ...user, id: (await t.admin.post('users', user)).body.data.id as number };
  };
  const signIn = (username: string, password: string) => t.anonymous.post('auth/login', { username, password });
  const reset = (token: string, new_password = 'a better one') =>
    t.anonymous.post('auth/reset-password', { token, new_password });

  test('is replaced by a mailed link, once, and every session ends', async () => {
    const { username, email } = await person();
    const session = t.withToken((await signIn(username, 'testpassword')).body.data.access_token);
    const { token, subject, text } = await post.letter('forgot-password', email.toUpperCase());
    assert.equal(subject, '重置密码');
    assert.ok(text?.includes(username) && text.includes(`${SITE}/reset-password#token=${token}`));
    assert.deepEqual(blamed(await reset(token, 'password123')), [422, 'user.password_common']);
    assert.deepEqual(blamed(await reset(token, `${username}9`)), [422, 'user.password_personal']);
    const done = await reset(token);
    assert.deepEqual([done.status, done.body.data], [200, null], 'nobody is signed in by it');
    assert.equal((await session.get('users/me')).status, 401);
    assert.equal((await signIn(username, 'testpassword')).status, 401);
    assert.equal((await signIn(username, 'a better one')).body.data.must_change_password, false);
    assert.deepEqual(blamed(await reset(token, 'yet another one')), [400, 'account_link.invalid']);
  });

  test('A10 is not replaced by an old link, a used one, another one or one of somebody who is gone', async () => {
    const { id, email, username } = await person();
    const { token: first } = await post.letter('forgot-password', email);
    const { token: second } = await post.letter('forgot-password', email);
    const refused = async (token: string, what: string) =>
      assert.deepEqual(blamed(await reset(token)), [400, 'account_link.invalid'], what);
    await refused(first, 'one that was sent before');
    await refused('x'.repeat(43), 'a made-up one');
    elapsedMs = 30 * 60_000 + 1000;
    await refused(second, 'after half an hour');
    elapsedMs = -86_400_000;
    await refused(second, 'from a time to come');
    elapsedMs = 0;
    await t.admin.patch(`users/${id}`, { email: `new-${email}` });
    await refused(second, 'of an address that is no more theirs');
    await t.admin.patch(`users/${id}`, { email });
    await t.admin.patch(`users/${id}`, { is_active: false });
    await refused(second, 'of a disabled user');
    await t.admin.patch(`users/${id}`, { is_active: true });
    const client = t.withToken((await signIn(username, 'testpassword')).body.data.access_token);
    await client.post('users/me/password', { old_password: 'testpassword', new_password: 'changed by hand' });
    await refused(second, 'older than the password');
    assert.equal((await signIn(username, 'changed by hand')).status, 200);
  });

  test('A10 two at once with one link: one of them', async () => {
    const { email } = await person();
    const { token } = await post.letter('forgot-password', email);
    const both = await Promise.all([reset(token, 'a better one'), reset(token, 'another better one')]);
    assert.deepEqual(both.map((answer) => answer.status).sort(), [200, 400]);
  });

  test('A9 tells nobody who has the address: same answer, same statements, and the rest later', async () => {
    const { email } = await person();
    const before = t.mails.length;
    const [known, unknown] = [
      await post.ask('forgot-password', email),
      await post.ask('forgot-password', 'nobody@example.com'),
    ];
    assert.deepEqual(withoutId(known), withoutId(unknown));
    assert.equal(known.statements, unknown.statements);
    await post.deliver();
    assert.deepEqual(
      t.mails.slice(before).map(({ to }) => to),
      [email],
    );
  });

  test('A14 leaves its link nowhere but in the letter', async () => {
    const { email } = await person();
    const { token } = await post.letter('forgot-password', email);
    for (const table of ['account_links', 'tasks', 'task_logs', 'sign_in_logs'] as const) {
      const rows = await t.system.unscoped(table, why).select().selectAll().execute();
      assert.ok(!JSON.stringify(rows).includes(token), table);
    }
    assert.ok(!t.logLines.join('').includes(token));
  });

  test('A10 sends links to the site that was set, whatever the request says of itself', async () => {
    const { email } = await person();
    const { text } = await post.letter('forgot-password', email, {
      host: 'evil.example',
      'x-forwarded-host': 'evil.example',
      origin: 'https://evil.example',
    });
    assert.ok(text?.includes(`${SITE}/`) && !text.includes('evil'));
  });

  test('is asked for with work, and three times an hour at most', async () => {
    const { email } = await person();
    assert.deepEqual(blamed(await t.anonymous.post('auth/forgot-password', { email })), [400, 'auth.captcha_required']);
    const captcha = await solvedCaptcha(t.anonymous, 'another@example.com');
    assert.deepEqual(blamed(await t.anonymous.post('auth/forgot-password', { email, captcha })), [
      400,
      'auth.captcha_required',
    ]);
    const before = await post.queued();
    for (let i = 0; i < 6; i++) assert.equal((await post.ask('forgot-password', email)).status, 200);
    assert.equal((await post.queued()) - before, 3);
    await post.deliver();
  });

  test('speaks the language of who asks', async () => {
    const { email } = await person();
    const { subject } = await post.letter('forgot-password', email, { 'accept-language': 'en' });
    assert.equal(subject, 'Reset your password');
  });

  test('is tried again when the mail server does not answer', async () => {
    const { email } = await person();
    const mailer = t.environment.mailer as { send: typeof t.environment.mailer.send };
    const { send } = mailer;
    let failures = 0;
    mailer.send = async () => {
      failures += 1;
      mailer.send = send;
      throw new Error('connect ECONNREFUSED');
    };
    const { token } = await post.letter('forgot-password', email);
    assert.equal(failures, 1);
    assert.equal((await reset(token)).status, 200);
  });

  test('leaves no old links behind', async () => {
    elapsedMs = 2 * 86_400_000;
    assert.ok((await removeOldLinks(t.system)) > 0);
    assert.deepEqual(await t.system.unscoped('account_links', why).select().selectAll().execute(), []);
    elapsedMs = 0;
  });
});

describe('registration', () => {
  const t = useApp({ settings: { ...settings, REGISTRATION_ENABLED: 'true' } });
  const work = useWorkers();
  let post: ReturnType<typeof postOf>;
  before(() => {
    post = postOf(t, work);
  });
  const complete = (body: object) => t.anonymous.post('auth/register/complete', body);

  test('makes a user of who has the address, without any right', async () => {
    const { token, text } = await post.letter('register', 'new@example.com');
    assert.ok(text?.includes(`${SITE}/register#token=${token}`));
    assert.deepEqual(blamed(await complete({ token, username: 'newcomer', password: 'newcomer1' })), [
      422,
      'user.password_personal',
    ]);
    assert.equal((await complete({ token, username: 'newcomer', password: 'testpassword', name: '新人' })).status, 200);
    const { body } = await t.anonymous.post('auth/login', { username: 'newcomer', password: 'testpassword' });
    const client = t.withToken(body.data.access_token);
    const me = (await client.get('users/me')).body.data;
    assert.deepEqual(
      [me.email, me.name, me.role_ids, me.position_ids, me.dept_id, me.is_superuser],
      ['new@example.com', '新人', [], [], null, false],
    );
    assert.deepEqual((await client.get('users/me/permissions')).body.data.permissions, []);
    assert.equal((await client.get('users')).status, 403);
    assert.deepEqual(blamed(await complete({ token, username: 'twice', password: 'testpassword' })), [
      400,
      'account_link.invalid',
    ]);
  });

  test('A10 A25 takes no role, department, right or other address', async () => {
    const { token } = await post.letter('register', 'greedy@example.com');
    for (const more of [
      { role_ids: [1] },
      { dept_id: 1 },
      { is_superuser: true },
      { is_active: true },
      { email: 'boss@example.com' },
      { must_change_password: false },
    ])
      assert.deepEqual(blamed(await complete({ token, username: 'greedy', password: 'testpassword', ...more })), [
        400,
        'request.invalid',
      ]);
    const { token: resetToken } = await post.letter('forgot-password', 'admin@example.com');
    assert.deepEqual(blamed(await complete({ token: resetToken, username: 'greedy', password: 'testpassword' })), [
      400,
      'account_link.invalid',
    ]);
    assert.equal((await t.anonymous.post('auth/reset-password', { token, new_password: 'testpassword' })).status, 400);
  });

  test('A9 tells nobody who has the address: its owner gets a letter that says so', async () => {
    const [known, unknown] = [
      await post.ask('register', 'admin@example.com'),
      await post.ask('register', 'fresh@example.com'),
    ];
    assert.deepEqual([withoutId(known), known.statements], [withoutId(unknown), unknown.statements]);
    const before = t.mails.length;
    await post.deliver();
    const letters = Object.fromEntries(t.mails.slice(before).map(({ to, text }) => [to, text]));
    assert.match(letters['fresh@example.com'] ?? '', /#token=/);
    assert.doesNotMatch(letters['admin@example.com'] ?? '', /token/);
    assert.match(letters['admin@example.com'] ?? '', /admin.*forgot-password/s);
  });

  test('gives no name that another has, in capital letters or not', async () => {
    const { token } = await post.letter('register', 'second-admin@example.com');
    for (const username of ['admin', 'Admin', 'ADMIN'])
      assert.deepEqual(blamed(await complete({ token, username, password: 'testpassword' })), [
        409,
        'user.username_taken',
      ]);
    assert.equal((await complete({ token, username: 'second', password: 'testpassword' })).status, 200);
  });
});

describe('an installation that offers neither', () => {
  const t = useApp({ settings });

  test('says so, and takes no registration', async () => {
    assert.deepEqual((await t.anonymous.get('auth/options')).body.data, {
      password_reset: true,
      registration: false,
      password_min_length: 8,
    });
    const captcha = await solvedCaptcha(t.anonymous, 'a@example.com');
    assert.deepEqual(blamed(await t.anonymous.post('auth/register', { email: 'a@example.com', captcha })), [
      404,
      'account_link.registration_off',
    ]);
    const body = { token: 'x'.repeat(43), username: 'somebody', password: 'testpassword' };
    assert.deepEqual(blamed(await t.anonymous.post('auth/register/complete', body)), [
      404,
      'account_link.registration_off',
    ]);
    Object.assign(t.environment.mailer, { isOn: false });
    assert.equal((await t.anonymous.get('auth/options')).body.data.password_reset, false);
    assert.deepEqual(blamed(await t.anonymous.post('auth/forgot-password', { email: 'a@example.com' })), [
      404,
      'account_link.mail_off',
    ]);
  });
});
