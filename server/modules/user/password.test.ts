import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Answer, TEST_PASSWORD, type TestApp, useApp } from '#tests/harness.ts';

const why = 'a test looks at what is stored';

let made = 0;

function peopleOf(t: TestApp) {
  const create = (password: string, fields: object = {}) => {
    made += 1;
    return t.admin.post('users', { username: `chosen-${made}`, email: `c${made}@example.com`, password, ...fields });
  };
  const signIn = (username: string, password: string) => t.anonymous.post('auth/login', { username, password });
  const asPerson = async (username: string, password: string) =>
    t.withToken((await signIn(username, password)).body.data.access_token);
  return { create, signIn, asPerson };
}

const blamed = ({ status, body }: Answer) => [status, body.error, body.details?.[0]?.path];

describe('a password', () => {
  const t = useApp();

  test('is refused when it is short, common or made of the own name, and for nothing else', async () => {
    const { create } = peopleOf(t);
    const refused: [password: string, error: string][] = [
      ['seven77', 'password_too_short'],
      ['password123', 'password_common'],
      ['PassWord123', 'password_common'],
      ['ｐａｓｓｗｏｒｄ１２３', 'password_common'],
      ['sunshine2026!', 'password_common'],
      ['qwertyuiop', 'password_common'],
      ['12345678', 'password_common'],
      ['aaaaaaaaaaaaaaaa', 'password_common'],
      ['abababababab', 'password_common'],
      ['bcdefghijklm', 'password_common'],
      ['987654321', 'password_common'],
    ];
    for (const [password, error] of refused)
      assert.deepEqual(blamed(await create(password)), [422, `user.${error}`, 'password'], password);
    const person = { username: 'margaret', email: 'm.hamilton@example.com' };
    for (const password of ['margaret', 'Margaret2026!', '1margaret1', 'm.hamilton@example.com', 'm.hamilton99'])
      assert.deepEqual(blamed(await create(password, person)), [422, 'user.password_personal', 'password'], password);
    for (const password of [
      'testpassword',
      'correct horse',
      'zzyzxroad',
      '密码足够长的八个字',
      ' spaces around ',
      `${'x'.repeat(100)}yz`,
    ])
      assert.equal((await create(password)).status, 200, password);
    assert.equal((await create('apollo guidance with margaret', person)).status, 200);
  });

  test('is held to the same when it is changed, and when it is reset', async () => {
    const { create, asPerson } = peopleOf(t);
    const { id, username } = (await create('testpassword')).body.data;
    assert.deepEqual(blamed(await t.admin.post(`users/${id}/reset-password`, { password: 'password123' })), [
      422,
      'user.password_common',
      'password',
    ]);
    const client = await asPerson(username, 'testpassword');
    const change = (new_password: string) =>
      client.post('users/me/password', { old_password: 'testpassword', new_password });
    assert.deepEqual(blamed(await change('qwertyuiop')), [422, 'user.password_common', 'new_password']);
    assert.deepEqual(blamed(await change(`${username}1`)), [422, 'user.password_personal', 'new_password']);
    assert.equal((await change('a better one')).status, 200);
  });

  test('A12 of a megabyte is refused before anything is hashed or looked up', async () => {
    const { create, signIn } = peopleOf(t);
    const huge = 'x'.repeat(1_000_000);
    for (const answer of [
      await signIn('admin', huge),
      await t.anonymous.post('auth/token', { grant_type: 'password', username: 'admin', password: huge }),
      await create(huge),
      await t.admin.post('users/me/password', { old_password: TEST_PASSWORD, new_password: huge }),
    ]) {
      assert.equal(answer.status, 400, answer.text);
      assert.ok(answer.statements <= 1);
      assert.ok(answer.text.length < 2000);
    }
    assert.equal((await signIn('admin', 'x'.repeat(2_000_000))).status, 413);
    assert.ok(!t.logLines.join('').includes('x'.repeat(300)));
  });
});

describe('an old password', () => {
  let elapsedMs = 0;
  const t = useApp({
    now: () => new Date(Date.now() + elapsedMs),
    settings: { PASSWORD_EXPIRE_DAYS: '90', PASSWORD_HISTORY: '2', SIGN_IN_DELAY_AFTER: '3' },
  });

  test('must be changed once it has expired, and not before', async () => {
    const { create, signIn, asPerson } = peopleOf(t);
    const { username } = (await create('testpassword')).body.data;
    elapsedMs = 89 * 86_400_000;
    assert.equal((await signIn(username, 'testpassword')).body.data.must_change_password, false);
    elapsedMs = 90 * 86_400_000;
    const client = await asPerson(username, 'testpassword');
    assert.equal((await client.get('users')).body.error, 'access.password_change_required');
    const change = { old_password: 'testpassword', new_password: 'a better one' };
    assert.equal((await client.post('users/me/password', change)).status, 200);
    assert.equal((await client.get('users/me/permissions')).status, 200);
    elapsedMs += 60_000;
    assert.equal((await signIn(username, 'a better one')).body.data.must_change_password, false);
    elapsedMs = -10 * 365 * 86_400_000;
    assert.equal((await signIn(username, 'a better one')).body.data.must_change_password, false, 'a clock set back');
    elapsedMs = 0;
  });

  test('is not taken again while it is remembered; only hashes are', async () => {
    const { create, signIn } = peopleOf(t);
    const { username, id } = (await create('testpassword')).body.data;
    let present = 'testpassword';
    const change = async (wanted: string) => {
      const client = t.withToken((await signIn(username, present)).body.data.access_token);
      const answer = await client.post('users/me/password', { old_password: present, new_password: wanted });
      if (answer.status === 200) present = wanted;
      return answer;
    };
    for (const wanted of ['the second one', 'the third one']) assert.equal((await change(wanted)).status, 200);
    for (const wanted of ['testpassword', 'the second one'])
      assert.deepEqual(blamed(await change(wanted)), [422, 'user.password_recent', 'new_password']);
    assert.equal((await change('the fourth one')).status, 200);
    assert.equal((await change('testpassword')).status, 200, 'forgotten by now');
    const rows = await t.system
      .unscoped('password_history', why)
      .select()
      .selectAll()
      .where('user_id', '=', id)
      .execute();
    assert.equal(rows.length, 2);
    for (const row of rows) assert.match(row.hashed_password, /^\$argon2id\$/);
  });

  test('A7 that is guessed with a stolen session makes wait, like one that is guessed at the door', async () => {
    const { create, asPerson, signIn } = peopleOf(t);
    const { username } = (await create('testpassword')).body.data;
    const client = await asPerson(username, 'testpassword');
    const guess = () => client.post('users/me/password', { old_password: 'guess', new_password: 'a better one' });
    for (let i = 0; i < 4; i++) assert.equal((await guess()).body.error, 'user.password_wrong');
    assert.equal((await guess()).body.error, 'auth.too_many_attempts');
    assert.equal((await signIn(username, 'testpassword')).status, 429);
  });
});

describe('who has to wait', () => {
  const t = useApp({ settings: { SIGN_IN_DELAY_AFTER: '3', SIGN_IN_DELAY_MAX_SECONDS: '600' } });
  const permissions = ['system:user:query', 'system:user:unlock'];

  test('is seen by an administrator, who may end it', async () => {
    const { create, signIn } = peopleOf(t);
    const { username, id } = (await create('testpassword')).body.data;
    for (let i = 0; i < 5; i++) await signIn(username, 'wrong');
    assert.equal((await signIn(username, 'testpassword')).status, 429);
    const user = (await t.admin.get(`users/${id}`)).body.data;
    assert.ok(Date.parse(user.must_wait_until) > Date.now());
    const { items } = (await t.admin.get(`users?username=${username}`)).body.data;
    assert.ok(Date.parse(items[0].must_wait_until) > Date.now());
    const helper = await t.as({ permissions, scope: 'all' });
    assert.equal((await helper.post(`users/${id}/unlock`)).status, 200);
    assert.equal((await t.admin.get(`users/${id}`)).body.data.must_wait_until, null);
    assert.equal((await signIn(username, 'testpassword')).status, 200);
  });

  test('A18 A19 is let in early by nobody out of whose sight or above whom they are', async () => {
    const { create } = peopleOf(t);
    const { id } = (await create('testpassword')).body.data;
    const elsewhere = await t.as({ permissions, scope: 'dept', dept: 'NORTH' });
    assert.equal((await elsewhere.post(`users/${id}/unlock`)).body.error, 'user.not_found');
    const below = await t.as({ permissions, scope: 'all' });
    assert.equal((await below.post(`users/${t.admin.userId}/unlock`)).body.error, 'ceiling.exceeded');
    const reader = await t.as({ permissions: ['system:user:query'], scope: 'all' });
    assert.equal((await reader.post(`users/${id}/unlock`)).status, 403);
  });
});

describe('a password in production', () => {
  const t = useApp({
    settings: {
      APP_ENV: 'production',
      DATABASE_URL: 'sqlite::memory:',
      REDIS_URL: '',
      JWT_SECRET_KEY: 'Zq8vX2mP0sLk7RtY4wNb6HcJ1dFg3aQe9uVi',
      PUBLIC_URL: 'https://admin.example.com',
    },
  });

  test('is not the one of the published samples', async () => {
    const { create } = peopleOf(t);
    assert.deepEqual(blamed(await create('testpassword')), [422, 'user.password_common', 'password']);
    assert.equal((await create('a better one')).status, 200);
  });
});
