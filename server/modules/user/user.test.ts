import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertFails } from '#tests/assert.ts';
import { type ActorOptions, type TestApp, useApp } from '#tests/harness.ts';

const sample = { username: 'testuser', email: 'test@example.com', password: 'testpassword' };
const why = 'a test looks at what is stored';

let users = 0;
/** A new user, made by the administrator. */
async function create(t: TestApp, fields: object = {}) {
  users += 1;
  const { status, body } = await t.admin.post('users', {
    username: `someone-${users}`,
    email: `someone-${users}@example.com`,
    password: 'testpassword',
    ...fields,
  });
  assert.equal(status, 200, JSON.stringify(body));
  return body.data;
}

const count = async (t: TestApp) => (await t.admin.get('users?page_size=1')).body.data.total as number;

describe('users', () => {
  const t = useApp();

  test("the seed's first test: create a user", async () => {
    const { status, body } = await t.admin.post('users/', sample);
    assert.equal(status, 200);
    assert.equal(body.code, 200);
    assert.equal(body.data.username, 'testuser');
    assert.equal(body.message, '用户创建成功');
    assert.equal('hashed_password' in body.data, false);
  });

  test("the seed's second test: read a user", async () => {
    const created = await t.admin.post('users/', {
      username: 'testuser2',
      email: 'test2@example.com',
      password: 'testpassword',
    });
    const { status, body } = await t.admin.get(`users/${created.body.data.id}`);
    assert.equal(status, 200);
    assert.equal(body.data.username, 'testuser2');
    assert.equal(body.message, '获取用户信息成功');
  });

  test('a created user has all fields, and reads back the same', async () => {
    const depts = await t.system.unscoped('depts', why).select().selectAll().where('code', '=', 'NORTH').execute();
    const fields = {
      name: '王小明',
      phone: '+86 138-0000-0000',
      avatar: 'https://example.com/a.png',
      remark: "it's 100% \\ _real_ 😀",
      dept_id: depts[0]?.id,
    };
    const created = await create(t, { ...fields, email: 'Mixed.Case@Example.com' });
    for (const [name, value] of Object.entries(fields)) assert.equal(created[name], value, name);
    assert.equal(created.email, 'mixed.case@example.com');
    assert.equal(created.dept_name, '北方分公司');
    assert.deepEqual(
      [created.is_active, created.is_superuser, created.must_change_password, created.version, created.last_sign_in_at],
      [true, false, false, 1, null],
    );
    assert.match(created.created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.equal(created.updated_at, created.created_at);
    assert.deepEqual((await t.admin.get(`users/${created.id}`)).body.data, created);
  });

  test('the password is stored as argon2id, and opens a session', async () => {
    const { id, username } = await create(t);
    const { hashed_password } = await t.system
      .unscoped('users', why)
      .select()
      .select('hashed_password')
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    assert.match(hashed_password, /^\$argon2id\$/);
    assert.equal((await t.anonymous.post('auth/login', { username, password: 'testpassword' })).status, 200);
  });

  test('what is missing, mistyped, too long or unknown is named field by field', async () => {
    const answer = await t.admin.post('users', {
      username: '-x',
      email: 'nobody',
      phone: 'call me',
      avatar: 'javascript:alert(1)',
      name: 'n'.repeat(51),
      dept_id: '1',
      nickname: 'x',
    });
    assert.equal(answer.status, 400);
    assert.equal(answer.body.error, 'request.invalid');
    assert.deepEqual(
      answer.body.details.map((detail: { path: string }) => detail.path).sort(),
      ['avatar', 'dept_id', 'email', 'name', 'nickname', 'password', 'phone', 'username'].sort(),
    );
  });

  test('a short password answers 422 and names the field', async () => {
    const answer = await t.admin.post('users', { username: 'short', email: 'short@example.com', password: 'short' });
    assertFails(answer, 422, 'user.password_too_short', 'password');
  });

  test('a taken name, a taken address and a missing department answer 409 with the field named', async () => {
    const { username, email } = await create(t);
    const other = { username: 'unique-name', email: 'unique@example.com', password: 'testpassword' };
    assertFails(await t.admin.post('users', { ...other, username }), 409, 'user.username_taken', 'username');
    assertFails(await t.admin.post('users', { ...other, email }), 409, 'user.email_taken', 'email');
    const upper = await t.admin.post('users', { ...other, email: email.toUpperCase() });
    assertFails(upper, 409, 'user.email_taken', 'email');
    assertFails(await t.admin.post('users', { ...other, dept_id: 999_999 }), 409, 'user.dept_missing', 'dept_id');
    const mine = await create(t);
    assertFails(await t.admin.patch(`users/${mine.id}`, { username }), 409, 'user.username_taken', 'username');
    assertFails(await t.admin.patch(`users/${mine.id}`, { email }), 409, 'user.email_taken', 'email');
    assertFails(await t.admin.patch(`users/${mine.id}`, { dept_id: 999_999 }), 409, 'user.dept_missing', 'dept_id');
    assert.deepEqual((await t.admin.get(`users/${mine.id}`)).body.data, mine);
  });

  test('of ten requests for one name at once, one wins and nine hear why not', async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        t.admin.post('users', { username: 'race', email: `race${index}@example.com`, password: 'testpassword' }),
      ),
    );
    const outcomes = answers.map((answer) => answer.body.error ?? 'created').sort();
    assert.deepEqual(outcomes, ['created', ...Array(9).fill('user.username_taken')]);
  });

  test('PATCH changes what is named, leaves the rest, and clears with null', async () => {
    const before = await create(t, { name: '甲', phone: '12345678', remark: 'r' });
    const named = (await t.admin.patch(`users/${before.id}`, { phone: null, remark: '' })).body.data;
    const { updated_at, ...rest } = before;
    assert.ok(named.updated_at >= updated_at);
    assert.deepEqual({ ...named, updated_at }, { ...rest, updated_at, phone: null, remark: '', version: 2 });
    assertFails(await t.admin.patch(`users/${before.id}`, { username: null }), 400, 'request.invalid', 'username');
    assertFails(await t.admin.patch(`users/${before.id}`, {}), 400, 'request.invalid');
  });

  test('a stale version answers 409 and changes nothing', async () => {
    const { id } = await create(t);
    assert.equal((await t.admin.patch(`users/${id}`, { name: 'first', version: 1 })).body.data.version, 2);
    assertFails(await t.admin.patch(`users/${id}`, { name: 'second', version: 1 }), 409, 'conflict.stale', 'version');
    assert.equal((await t.admin.get(`users/${id}`)).body.data.name, 'first');
  });

  test('a deleted user is gone, with its sessions', async () => {
    const { id, username } = await create(t);
    await t.anonymous.post('auth/login', { username, password: 'testpassword' });
    const { status, body } = await t.admin.delete(`users/${id}`);
    assert.deepEqual([status, body.data, body.message], [200, null, '用户删除成功']);
    for (const answer of [await t.admin.get(`users/${id}`), await t.admin.delete(`users/${id}`)])
      assertFails(answer, 404, 'user.not_found');
    const sessions = await t.system.unscoped('sessions', why).select().selectAll().where('user_id', '=', id).execute();
    assert.deepEqual(sessions, []);
  });

  test('batch delete takes all or none, and says which was refused and why', async () => {
    const [first, second] = [await create(t), await create(t)];
    const before = await count(t);
    const refused = await t.admin.post('users/batch-delete', { ids: [first.id, 999_999, t.admin.userId, second.id] });
    assert.deepEqual([refused.status, refused.body.error], [409, 'user.batch_refused']);
    assert.deepEqual(refused.body.details, [
      { path: 'ids.1', message: '用户不存在' },
      { path: 'ids.2', message: '不能修改、停用或删除超级管理员' },
    ]);
    assert.equal(await count(t), before);
    assert.equal((await t.admin.post('users/batch-delete', { ids: [first.id, second.id] })).status, 200);
    assert.equal(await count(t), before - 2);
    for (const ids of [[], [first.id, first.id], [0], ['1'], Array.from({ length: 201 }, (_, i) => i + 1)])
      assert.equal((await t.admin.post('users/batch-delete', { ids })).status, 400, JSON.stringify(ids));
  });

  test('the administrator cannot be deleted, disabled or, by others, changed', async () => {
    const other = await t.as({ permissions: ['system:user:*'], scope: 'all' });
    const id = t.admin.userId;
    for (const actor of [t.admin, other]) {
      assertFails(await actor.delete(`users/${id}`), 403, 'user.administrator_protected');
      assertFails(await actor.patch(`users/${id}`, { is_active: false }), 403, 'user.administrator_protected');
      assert.equal((await actor.post('users/batch-delete', { ids: [id] })).status, 409);
    }
    assertFails(await other.patch(`users/${id}`, { name: 'x' }), 403, 'user.administrator_protected');
    assert.equal((await t.admin.patch(`users/${id}`, { remark: 'myself' })).status, 200);
    assert.equal((await t.admin.get(`users/${id}`)).body.data.is_active, true);
  });

  test('nobody deletes or disables themselves', async () => {
    const manager = await t.as({ permissions: ['system:user:*'], scope: 'all' });
    assertFails(await manager.delete(`users/${manager.userId}`), 403, 'user.self_protected');
    assertFails(await manager.patch(`users/${manager.userId}`, { is_active: false }), 403, 'user.self_protected');
    const batch = await manager.post('users/batch-delete', { ids: [manager.userId] });
    assert.deepEqual(batch.body.details, [{ path: 'ids.0', message: '不能停用或删除自己' }]);
    assert.equal((await manager.get('users/me')).status, 200);
  });

  test('an address with a slash at the end is the same address', async () => {
    const { id } = await create(t);
    for (const path of [`users/${id}`, 'users/me', 'users'])
      assert.deepEqual((await t.admin.get(`${path}/`)).body, (await t.admin.get(path)).body, path);
    assert.equal((await t.admin.patch(`users/${id}/`, { name: 'x' })).status, 200);
    assert.equal((await t.admin.delete(`users/${id}/`)).status, 200);
  });

  test('messages follow Accept-Language; Chinese is the default', async () => {
    const wordings: [header: string | undefined, message: string][] = [
      [undefined, '用户不存在'],
      ['en', 'User not found'],
      ['en-GB,en;q=0.9', 'User not found'],
      ['zh-CN,en;q=0.8', '用户不存在'],
      ['fr-FR, en;q=0.3, zh;q=0.1', 'User not found'],
      ['fr', '用户不存在'],
      ['en;q=0', '用户不存在'],
      [';;,,q=;', '用户不存在'],
    ];
    for (const [language, expected] of wordings) {
      const headers = language === undefined ? {} : { 'accept-language': language };
      assert.equal((await t.admin.get('users/999999', { headers })).body.message, expected, String(language));
    }
    const english = { headers: { 'accept-language': 'en' } };
    const { body } = await t.admin.post('users', { ...sample, username: 'x' }, english);
    assert.deepEqual(body.details, [{ path: 'username', message: 'must have at least 2 characters' }]);
  });

  test('everybody reads and changes themselves, whatever their rights; not their name or rights', async () => {
    const me = await t.as({ permissions: [], scope: 'self' });
    assert.equal((await me.get('users/me')).body.data.id, me.userId);
    const { body } = await me.patch('users/me', { name: '我', phone: '5551234', version: 1 });
    assert.deepEqual([body.data.name, body.data.phone, body.data.version], ['我', '5551234', 2]);
    assertFails(await me.patch('users/me', { name: 'late', version: 1 }), 409, 'conflict.stale', 'version');
    assertFails(await me.patch('users/me', { email: 'ADMIN@example.com' }), 409, 'user.email_taken', 'email');
    for (const field of ['username', 'is_active', 'dept_id', 'is_superuser', 'remark'])
      assertFails(await me.patch('users/me', { [field]: 'x' }), 400, 'request.invalid', field);
  });

  test('a department manager creates only within the own departments', async () => {
    const depts = await t.system.unscoped('depts', why).select().select(['id', 'code']).execute();
    const idOf = (code: string) => depts.find((dept) => dept.code === code)?.id;
    const permissions: ActorOptions['permissions'] = ['system:user:*'];
    const manager = await t.as({ permissions, scope: 'dept_and_below', dept: 'NORTH' });
    const fresh = (username: string) => ({ username, email: `${username}@example.com`, password: 'testpassword' });
    const inside = await manager.post('users', { ...fresh('inside'), dept_id: idOf('NORTH-RD') });
    assert.equal(inside.status, 200);
    const foreign = await manager.post('users', { ...fresh('foreign'), dept_id: idOf('SOUTH-RD') });
    assertFails(foreign, 409, 'user.dept_missing', 'dept_id');
    const moved = await manager.patch(`users/${inside.body.data.id}`, { dept_id: idOf('SOUTH-RD') });
    assertFails(moved, 409, 'user.dept_missing', 'dept_id');
  });

  test('a failure between two writes leaves nothing', async () => {
    const before = await count(t);
    const insert = { email: 'half@example.com', hashed_password: '!', created_at: new Date(), updated_at: new Date() };
    let effects = 0;
    const broken = t.system.inTransaction(async (ctx) => {
      await ctx.unscoped('users', why).insert({ ...insert, username: 'half' });
      await ctx.afterCommit(() => {
        effects += 1;
      });
      await ctx.unscoped('users', why).insert({ ...insert, username: 'other-half' });
    });
    await assert.rejects(broken, /email|constraint/i);
    assert.equal(effects, 0, 'what waits for the commit never runs after a rollback');
    assert.equal(await count(t), before);
  });
});
