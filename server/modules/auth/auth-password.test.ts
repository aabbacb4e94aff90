import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hash as bcrypt } from '@node-rs/bcrypt';
import { type TestApp, useApp } from '#tests/harness.ts';

const why = 'a test prepares its data';

let users = 0;
/** A user as it would stand in the database, with any hash. */
async function insertUser(t: TestApp, hashedPassword: string, more: { must_change_password?: boolean } = {}) {
  users += 1;
  const username = `stored-${users}`;
  const at = new Date();
  const row = {
    username,
    email: `${username}@example.com`,
    hashed_password: hashedPassword,
    created_at: at,
    updated_at: at,
  };
  const id = await t.system.unscoped('users', why).insert({ ...row, ...more });
  return { id, username };
}

async function storedHash(t: TestApp, id: number): Promise<string> {
  const query = t.system.unscoped('users', why).select().select('hashed_password').where('id', '=', id);
  return (await query.executeTakeFirstOrThrow()).hashed_password;
}

const login = (t: TestApp, username: string, password: string) =>
  t.anonymous.post('auth/login', { username, password });

describe('passwords of older systems', () => {
  const t = useApp();

  test('bcrypt hashes sign in, in every spelling, and become argon2id', async () => {
    const hash = await bcrypt('old password', 4);
    for (const version of ['2b', '2y', '2a']) {
      const { id, username } = await insertUser(t, hash.replace(/^\$2[aby]\$/, `$${version}$`));
      assert.equal((await login(t, username, 'wrong password')).status, 401, version);
      assert.match(await storedHash(t, id), /^\$2/);
      assert.equal((await login(t, username, 'old password')).status, 200, version);
      assert.match(await storedHash(t, id), /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/, version);
      assert.equal((await login(t, username, 'old password')).status, 200, version);
      const user = (await t.admin.get(`users/${id}`)).body.data;
      assert.equal(user.version, 1, 'a new hash of the same password is no edit');
    }
  });

  test('a hash that is none signs nobody in', async () => {
    for (const hash of ['!', '', '$2b$', '$argon2id$', 'old password', '$2b$10$short']) {
      const { username } = await insertUser(t, hash);
      for (const password of ['old password', hash || 'x', '!'])
        assert.equal((await login(t, username, password)).status, 401, `${hash} / ${password}`);
    }
  });

  test('the same password typed on another keyboard is the same password', async () => {
    const user = { username: 'unicode', email: 'unicode@example.com', password: 'Ångström-passwörd' };
    assert.equal((await t.admin.post('users', user)).status, 200);
    assert.equal((await login(t, 'unicode', user.password.normalize('NFD'))).status, 200);
    assert.equal((await login(t, 'unicode', user.password.toLowerCase())).status, 401);
  });
});

describe('changing the own password', () => {
  const t = useApp();

  test('needs the old one, another new one, and a long enough one', async () => {
    const { username } = await createUser();
    const me = await signedIn(username);
    const change = (old_password: string, new_password: string) =>
      me.post('users/me/password', { old_password, new_password });
    const wrong: [old: string, fresh: string, status: number, error: string, path: string][] = [
      ['not the old one', 'new password', 400, 'user.password_wrong', 'old_password'],
      ['testpassword', 'testpassword', 422, 'user.password_same', 'new_password'],
      ['testpassword', 'short', 422, 'user.password_too_short', 'new_password'],
      ['testpassword', 'x'.repeat(129), 400, 'request.invalid', 'new_password'],
      ['', 'new password', 400, 'request.invalid', 'old_password'],
    ];
    for (const [old, fresh, status, error, path] of wrong) {
      const { status: actual, body } = await change(old, fresh);
      assert.deepEqual([actual, body.error, body.details[0].path], [status, error, path]);
    }
    const minimum = await change('testpassword', 'short');
    assert.match(minimum.body.message, /8/);
    assert.equal((await login(t, username, 'testpassword')).status, 200);
  });

  test('ends the other sessions of the user, and nobody else’s', async () => {
    const { username } = await createUser();
    const [here, there] = [await signedIn(username), await signedIn(username)];
    const answer = await here.post('users/me/password', {
      old_password: 'testpassword',
      new_password: 'a new password',
    });
    assert.deepEqual([answer.status, answer.body.message], [200, '密码修改成功']);
    assert.deepEqual([(await here.get('users/me')).status, (await there.get('users/me')).status], [200, 401]);
    assert.equal((await t.admin.get('users/me')).status, 200);
    assert.deepEqual(
      [(await login(t, username, 'testpassword')).status, (await login(t, username, 'a new password')).status],
      [401, 200],
    );
  });

  test('who has to change it can do nothing else first', async () => {
    const { hashed_password } = await t.system
      .unscoped('users', why)
      .select()
      .select('hashed_password')
      .where('username', '=', (await createUser()).username)
      .executeTakeFirstOrThrow();
    const { id, username } = await insertUser(t, hashed_password, { must_change_password: true });
    const role = await t.system
      .unscoped('roles', why)
      .select()
      .select('id')
      .where('code', '=', 'admin')
      .executeTakeFirstOrThrow();
    await t.system.unscoped('user_roles', why).insert({ user_id: id, role_id: role.id });
    const signIn = await login(t, username, 'testpassword');
    assert.equal(signIn.body.data.must_change_password, true);
    const me = t.withToken(signIn.body.data.access_token);
    const refused = [await me.get('users'), await me.patch('users/me', { name: 'x' }), await me.post('users', {})];
    for (const { status, body } of refused)
      assert.deepEqual([status, body.error], [403, 'access.password_change_required']);
    assert.equal((await me.get('users/me')).body.data.must_change_password, true);
    await me.post('users/me/password', { old_password: 'testpassword', new_password: 'a new password' });
    assert.equal((await me.get('users')).status, 200);
    assert.equal((await login(t, username, 'a new password')).body.data.must_change_password, false);
  });

  async function createUser() {
    users += 1;
    const username = `own-${users}`;
    await t.admin.post('users', { username, email: `${username}@example.com`, password: 'testpassword' });
    return { username };
  }

  async function signedIn(username: string) {
    return t.withToken((await login(t, username, 'testpassword')).body.data.access_token);
  }
});
