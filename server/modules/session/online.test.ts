import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { before, describe, test } from 'node:test';
import { assertFails } from '#tests/assert.ts';
import { type Client, TEST_PASSWORD, useApp } from '#tests/harness.ts';

const PHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.3 Mobile/15E148 Safari/604.1';
const permissions = ['monitor:online:query', 'monitor:online:sign-out'];
const why = 'a test looks at what is stored';

let elapsedMs = 0;

describe('online users', () => {
  const t = useApp({ now: () => new Date(Date.now() + elapsedMs) });
  let made = 0;
  /** A user with a password, and what their sign-in from an address and a browser answers. */
  const person = async (fields: object = {}) => {
    made += 1;
    const user = { username: `person-${made}`, email: `p${made}@example.com`, password: 'testpassword', ...fields };
    const { body, text } = await t.admin.post('users', user);
    assert.ok(body.data, text);
    return { ...user, id: body.data.id as number };
  };
  const signIn = async ({ username }: { username: string }, address = '192.0.2.7', userAgent = PHONE) => {
    const credentials = { username, password: 'testpassword' };
    const more = { remoteAddress: address, headers: { 'user-agent': userAgent } };
    const { body, text } = await t.anonymous.post('auth/login', credentials, more);
    assert.ok(body.data?.access_token, text);
    return t.withToken(body.data.access_token);
  };
  const listed = async (client: Client, query: string) => (await client.get(`online-users?${query}`)).body.data;
  const currentOf = async (client: Client) =>
    (await client.get('users/me/sessions')).body.data.items.find(
      ({ is_current }: { is_current: boolean }) => is_current,
    ).id as string;

  test('say who, from where, with what, since when and when last', async () => {
    const { id, username } = await person({ name: '张三' });
    await signIn({ username });
    const { items, total } = await listed(t.admin, 'keyword=张三');
    const { id: sessionId, created_at, last_seen_at, expires_at, dept_name, ...rest } = items[0];
    assert.equal(total, 1);
    assert.deepEqual(rest, {
      user_id: id,
      username,
      name: '张三',
      method: 'password',
      address: '192.0.2.7',
      browser: 'Safari 18',
      os: 'iOS 18',
      device: 'mobile',
      is_online: true,
      is_current: false,
    });
    assert.equal(dept_name, null);
    assert.match(sessionId, /^[0-9a-f-]{36}$/);
    assert.equal(created_at, last_seen_at);
    assert.equal(Date.parse(expires_at) - Date.parse(created_at), 7 * 86_400_000);
    assert.ok(!JSON.stringify(items).includes('token'));
  });

  test('are found by name, address, browser, device, user, time and whether they were seen lately; and in order', async () => {
    const one = await person();
    await signIn(one, '198.51.100.3', 'curl/8.11.0');
    const only = async (query: string) =>
      (await listed(t.admin, `${query}&page_size=200`)).items.map((row: { user_id: number }) => row.user_id);
    for (const query of [
      `keyword=${one.username.toUpperCase()}`,
      'address=100.3',
      'browser=CURL',
      'device=program',
      `user_id=${one.id}`,
    ])
      assert.deepEqual(await only(query), [one.id], query);
    assert.deepEqual(await only(`user_id=${one.id}&device=tablet`), []);
    assert.deepEqual(await only(`user_id=${one.id}&keyword=%25`), [], 'a wildcard is a letter');
    elapsedMs += 6 * 60_000;
    assert.deepEqual(await only(`user_id=${one.id}&is_online=true`), []);
    assert.deepEqual(await only(`user_id=${one.id}&is_online=false`), [one.id]);
    const later = await person();
    await signIn(later);
    const order = await only('order_by=-created_at');
    assert.ok(order.indexOf(later.id) < order.indexOf(one.id));
    assert.deepEqual((await only('order_by=created_at')).toReversed().slice(0, 2), order.slice(0, 2));
    const from = new Date(Date.now() + elapsedMs - 60_000).toISOString();
    assert.deepEqual(await only(`user_id=${one.id}&created_at_from=${from}`), []);
    assert.deepEqual(await only(`user_id=${one.id}&created_at_to=${from}`), [one.id]);
    for (const bad of ['order_by=user_agent', 'device=toaster', 'page_size=1000', 'user_id=0', 'unknown=1'])
      assert.equal((await t.admin.get(`online-users?${bad}`)).status, 400, bad);
    elapsedMs = 0;
  });

  test('that are signed out are refused at their next request, and gone from the list', async () => {
    const user = await person();
    const [here, there] = [await signIn(user), await signIn(user)];
    const sessionId = await currentOf(here);
    assert.equal((await t.admin.delete(`online-users/${sessionId}`)).status, 200);
    assert.deepEqual([(await here.get('users/me')).status, (await there.get('users/me')).status], [401, 200]);
    assert.equal((await listed(t.admin, `user_id=${user.id}`)).total, 1);
    assertFails(await t.admin.delete(`online-users/${sessionId}`), 404, 'session.not_found');
    assertFails(await t.admin.delete(`online-users/${randomUUID()}`), 404, 'session.not_found');
    assert.equal((await t.admin.delete('online-users/1')).status, 400);
    const stored = await t.system.unscoped('sessions', why).select().selectAll().where('id', '=', sessionId).execute();
    assert.equal(stored[0]?.revoked_reason, 'signed out by an administrator');
  });

  test('are signed out all or none, and the answer says which was refused', async () => {
    const user = await person();
    const [one, two] = [await signIn(user), await signIn(user)];
    const ids = [await currentOf(one), await currentOf(two)];
    const refused = await t.admin.post('online-users/batch-sign-out', { ids: [...ids, randomUUID()] });
    assertFails(refused, 409, 'conflict.batch_refused');
    assert.deepEqual(
      refused.body.details.map(({ path }: { path: string }) => path),
      ['ids.2'],
    );
    assert.equal((await one.get('users/me')).status, 200);
    assert.equal((await t.admin.post('online-users/batch-sign-out', { ids })).status, 200);
    for (const client of [one, two]) assert.equal((await client.get('users/me')).status, 401);
    assert.equal((await t.admin.post('online-users/batch-sign-out', { ids: [] })).status, 400);
  });

  test('A18 nobody signs out who holds more than they do, nor their own session by accident', async () => {
    const guard = await t.as({ permissions, scope: 'all' });
    const above = await t.as({ permissions: [...permissions, 'system:user:delete'], scope: 'all' });
    const equal = await t.as({ permissions, scope: 'all' });
    assertFails(await guard.delete(`online-users/${above.sessionId}`), 403, 'ceiling.exceeded');
    assertFails(await guard.delete(`online-users/${t.admin.sessionId}`), 403, 'ceiling.exceeded');
    const batch = await guard.post('online-users/batch-sign-out', { ids: [equal.sessionId, above.sessionId] });
    assert.deepEqual([batch.status, batch.body.details[0].path], [409, 'ids.1']);
    for (const client of [above, t.admin, equal]) assert.equal((await client.get('users/me')).status, 200);
    assertFails(await guard.delete(`online-users/${guard.sessionId}`), 409, 'session.own');
    assert.equal((await guard.delete(`online-users/${equal.sessionId}`)).status, 200);
    const reader = await t.as({ permissions: ['monitor:online:query'] });
    assertFails(await reader.delete(`online-users/${above.sessionId}`), 403, 'access.forbidden');
  });

  test('A19 A21 outside the scope are neither seen, counted, found nor signed out', async () => {
    const guard = await t.as({ permissions, scope: 'dept', dept: 'NORTH-RD' });
    const inside = await t.as({ permissions: [], dept: 'NORTH-RD', scope: 'self' });
    const outside = await t.as({ permissions: [], dept: 'SOUTH-RD', scope: 'self' });
    const { items, total } = await listed(guard, 'page_size=200');
    assert.deepEqual(
      [items.map((row: { user_id: number }) => row.user_id).sort(), total],
      [[guard.userId, inside.userId].sort(), 2],
    );
    assert.equal((await listed(guard, `user_id=${outside.userId}`)).total, 0);
    assert.equal((await listed(guard, 'keyword=actor')).total, 2);
    assertFails(await guard.delete(`online-users/${outside.sessionId}`), 404, 'session.not_found');
    assertFails(await guard.get(`users/${outside.userId}/sessions`), 404, 'session.user_missing');
    assertFails(await guard.get('users/999999/sessions'), 404, 'session.user_missing');
    assert.deepEqual((await guard.get(`users/${inside.userId}/sessions`)).body.data.items[0].id, inside.sessionId);
    assert.equal((await outside.get('users/me')).status, 200);
    assert.equal((await guard.delete(`online-users/${inside.sessionId}`)).status, 200);
  });

  test('cost three statements a page, whatever its length', async () => {
    const guard = await t.as({ permissions, scope: 'dept_and_below', dept: 'HQ' });
    for (const client of [t.admin, guard]) {
      await client.get('online-users');
      for (const query of [
        'page_size=1',
        'page_size=200',
        'page_size=200&keyword=a&is_online=true&order_by=created_at',
      ])
        assert.equal((await client.get(`online-users?${query}`)).statements, 3, query);
    }
    assert.equal((await t.admin.get(`users/${guard.userId}/sessions`)).statements, 4);
    assert.equal((await guard.get('users/me/sessions')).statements, 3);
  });
});

describe('the own sessions', () => {
  const t = useApp();
  const credentials = { username: 'admin', password: TEST_PASSWORD };
  const signIn = async () => t.withToken((await t.anonymous.post('auth/login', credentials)).body.data.access_token);
  let other: Client;
  before(async () => {
    other = await t.as({ permissions: ['*:*:*'] });
  });

  test('are listed, the present one marked, and ended one by one or all others at once', async () => {
    const [here, one, two, three] = [await signIn(), await signIn(), await signIn(), await signIn()];
    const list = async () => (await here.get('users/me/sessions?page_size=200')).body.data.items;
    const items: { id: string; is_current: boolean; username?: string }[] = await list();
    assert.equal(items.filter(({ is_current }) => is_current).length, 1);
    assert.ok(items.every((item) => item.username === undefined));
    const current = items.find(({ is_current }) => is_current)?.id ?? '';
    assertFails(await here.delete(`users/me/sessions/${current}`), 409, 'session.own');
    const idOf = async (client: Client) =>
      (await client.get('users/me/sessions?page_size=200')).body.data.items.find(
        (row: { is_current: boolean }) => row.is_current,
      ).id;
    assert.equal((await here.delete(`users/me/sessions/${await idOf(one)}`)).status, 200);
    assert.deepEqual([(await one.get('users/me')).status, (await two.get('users/me')).status], [401, 200]);
    assert.equal((await here.delete('users/me/sessions')).status, 200);
    for (const client of [two, three, t.admin]) assert.equal((await client.get('users/me')).status, 401);
    assert.equal((await here.get('users/me')).status, 200);
    assert.deepEqual(
      (await list()).map(({ id }: { id: string }) => id),
      [current],
    );
    assert.equal((await other.get('users/me')).status, 200, "another user's sessions go on");
  });

  test('A19 of somebody else cannot be ended here, whatever the rights', async () => {
    const here = await signIn();
    assertFails(await here.delete(`users/me/sessions/${other.sessionId}`), 404, 'session.not_found');
    assertFails(await here.delete(`users/me/sessions/${randomUUID()}`), 404, 'session.not_found');
    assert.equal((await other.get('users/me')).status, 200);
  });
});
