import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { before, describe, test } from 'node:test';
import { type Client, useApp } from '#tests/harness.ts';

const why = 'a test prepares its data';
const NOW = new Date('2026-11-24T08:40:00.000Z');
const at = (text: string) => new Date(text);
const MISSING = ['me', 'users', 'sign-ins'] as const;

interface Point {
  readonly from: string;
  readonly count: number;
}
const found = (points: readonly Point[]) =>
  points.filter(({ count }) => count > 0).map(({ from, count }) => [from, count]);

interface SignInPoint {
  readonly from: string;
  readonly succeeded: number;
  readonly refused: number;
}
/** Intervals in which somebody signed in, or was refused. */
const attempts = (points: readonly SignInPoint[]) =>
  points
    .filter(({ succeeded, refused }) => succeeded + refused > 0)
    .map(({ from, succeeded, refused }) => [from, succeeded, refused]);

describe('the figures of the dashboard', () => {
  const t = useApp({ now: () => NOW });
  let manager: Client;
  let staff: Client;
  const ids = { north: 0, south: 0 };

  const log = (userId: number | null, created: string, outcome = 'refused') =>
    t.system.unscoped('sign_in_logs', why).insert({
      user_id: userId,
      username: 'x',
      outcome,
      method: 'password',
      device: 'other',
      request_id: 'x',
      created_at: at(created),
    });
  const signIn = async (userId: number, created: string, more: object = {}) => {
    const times = { created_at: at(created), last_seen_at: at(created), expires_at: new Date(NOW.getTime() + 1000) };
    await t.system.unscoped('sessions', why).insert({ id: randomUUID(), user_id: userId, ...times, ...more });
    await log(userId, created, 'signed-in');
  };

  before(async () => {
    await t.system
      .unscoped('users', why)
      .update({ created_at: at('2026-01-01T00:00:00Z') })
      .execute();
    await t.system
      .unscoped('sessions', why)
      .update({ created_at: at('2026-01-01T00:00:00Z') })
      .execute();
    const depts = await t.system.unscoped('depts', why).select().select(['id', 'code']).execute();
    const add = async (username: string, dept: string, created: string, is_active = true) =>
      t.system.unscoped('users', why).insert({
        username,
        email: `${username}@example.com`,
        hashed_password: '!',
        is_active,
        dept_id: depts.find(({ code }) => code === dept)?.id ?? null,
        created_at: at(created),
      });
    // 17:00 of the 23rd in UTC is the 24th in Shanghai.
    ids.north = await add('north', 'NORTH-RD', '2026-11-23T17:00:00Z');
    ids.south = await add('south', 'SOUTH', '2026-11-23T15:00:00Z');
    await add('older', 'SOUTH', '2026-10-10T12:00:00Z', false);
    await signIn(ids.north, '2026-11-24T08:10:00Z');
    await signIn(ids.north, '2026-11-24T07:59:59.999Z', { revoked_at: at('2026-11-24T08:00:00Z') });
    await signIn(ids.south, '2026-11-23T17:00:00Z');
    await signIn(ids.south, '2026-11-22T12:00:00Z', { expires_at: at('2026-11-23T00:00:00Z') });
    await log(ids.north, '2026-11-24T08:20:00Z');
    await log(null, '2026-11-24T08:30:00Z');
    const permissions = ['monitor:dashboard:query'];
    manager = await t.as({ permissions, scope: 'dept_and_below', dept: 'NORTH', username: 'the-manager' });
    staff = await t.as({ permissions: [], scope: 'self', dept: 'NORTH', username: 'the-staff' });
    for (const { userId } of [manager, staff]) {
      const old = { created_at: at('2026-01-01T00:00:00Z') };
      await t.system.unscoped('users', why).update(old).where('id', '=', userId).execute();
      await t.system.unscoped('sessions', why).update(old).where('user_id', '=', userId).execute();
    }
  });

  const read = async (client: Client, path: string, tz?: string) => {
    const { status, body, text } = await client.get(`dashboard/${path}`, tz === undefined ? {} : { query: { tz } });
    assert.equal(status, 200, text);
    return body.data;
  };

  test('count users, and the new ones by the days of the reader', async () => {
    const stored = await t.system.unscoped('users', why).select().select('is_active').execute();
    const utc = await read(t.admin, 'users');
    assert.equal(utc.total, stored.length);
    assert.equal(utc.active, stored.filter(({ is_active }) => is_active).length);
    assert.equal(utc.new_days.length, 30);
    assert.deepEqual(found(utc.new_days), [['2026-11-23T00:00:00.000Z', 2]]);
    assert.equal(utc.new_before, 1);
    const shanghai = await read(t.admin, 'users', 'Asia/Shanghai');
    assert.deepEqual(found(shanghai.new_days), [
      ['2026-11-22T16:00:00.000Z', 1],
      ['2026-11-23T16:00:00.000Z', 1],
    ]);
    assert.equal(shanghai.new_days.at(-1).from, '2026-11-23T16:00:00.000Z', 'today comes last');
  });

  test('count sign-ins by day and hour, and who is signed in', async () => {
    const figures = await read(t.admin, 'sign-ins');
    assert.deepEqual(attempts(figures.days), [
      ['2026-11-22T00:00:00.000Z', 1, 0],
      ['2026-11-23T00:00:00.000Z', 1, 0],
      ['2026-11-24T00:00:00.000Z', 2, 2],
    ]);
    assert.deepEqual(attempts(figures.hours), [
      ['2026-11-23T17:00:00.000Z', 1, 0],
      ['2026-11-24T07:00:00.000Z', 1, 0],
      ['2026-11-24T08:00:00.000Z', 1, 2],
    ]);
    assert.deepEqual([figures.days.length, figures.hours.length, figures.before_hours], [30, 24, 1]);
    // The administrator, the manager and the member of staff are signed in too.
    assert.deepEqual([figures.live_sessions, figures.online_users], [5, 5]);
  });

  test('A21 are of the users in the data scope of the reader alone', async () => {
    const users = await read(manager, 'users');
    assert.deepEqual([users.total, users.active], [3, 3], 'north, the manager, the member of staff');
    assert.deepEqual(found(users.new_days), [['2026-11-23T00:00:00.000Z', 1]]);
    assert.equal(users.new_before, 0);
    const signIns = await read(manager, 'sign-ins');
    assert.deepEqual(attempts(signIns.days), [['2026-11-24T00:00:00.000Z', 2, 1]], 'not what nobody tried');
    assert.deepEqual([signIns.live_sessions, signIns.online_users, signIns.before_hours], [3, 3, 0]);
  });

  test('of oneself are open to everybody, and hold nobody else', async () => {
    const own = await read(staff, 'me');
    assert.equal(own.dept_name, '北方分公司', 'although the department itself is out of their scope');
    assert.deepEqual([own.live_sessions, own.previous_sign_in, attempts(own.sign_in_days)], [1, null, []]);
    assert.deepEqual(
      own.roles.map(({ name }: { name: string }) => name),
      ['the-staff'],
    );
    await signIn(staff.userId, '2026-11-20T10:00:00Z', {
      address: '10.0.0.9',
      user_agent: 'Test',
      expires_at: at('2026-11-21T00:00:00Z'),
    });
    const later = await read(staff, 'me');
    const signedIn = { at: '2026-11-20T10:00:00.000Z', address: '10.0.0.9', user_agent: 'Test' };
    assert.deepEqual(later.previous_sign_in, signedIn);
    assert.deepEqual([later.live_sessions, attempts(later.sign_in_days)], [1, [['2026-11-20T00:00:00.000Z', 1, 0]]]);
    for (const path of ['users', 'sign-ins', 'requests', 'process'])
      assert.equal((await staff.get(`dashboard/${path}`)).status, 403, path);
    for (const path of ['requests', 'process'])
      assert.equal((await manager.get(`dashboard/${path}`)).status, 403, path);
  });

  test('name the zone that is not known', async () => {
    for (const path of MISSING) {
      const { status, body } = await t.admin.get(`dashboard/${path}`, { query: { tz: 'Mars/Olympus' } });
      assert.deepEqual([status, body.error, body.details[0].path], [400, 'dashboard.time_zone_unknown', 'tz'], path);
      const odd = await t.admin.get(`dashboard/${path}`, { query: { tz: "'; drop table users" } });
      assert.deepEqual([odd.status, odd.body.error], [400, 'request.invalid'], path);
    }
  });

  test('of requests count each one, its errors and its route', async () => {
    const before = await read(t.admin, 'requests');
    await t.admin.get('users/999999');
    await t.admin.get('nothing-here');
    await t.admin.get('/healthz');
    const after = await read(t.admin, 'requests');
    // Its own request is counted once it is answered: the one before is among these.
    assert.equal(after.last_hour.count - before.last_hour.count, 3);
    assert.equal(after.last_hour.client_errors - before.last_hour.client_errors, 2);
    assert.equal(after.last_hour.server_errors, 0);
    const routes = after.routes.filter(({ path }: { path: string }) => path === '/api/v1/users/:id');
    assert.deepEqual([routes.length, routes[0].method, routes[0].tally.client_errors], [1, 'GET', 1]);
    assert.ok(after.last_hour.p95_ms > 0);
    assert.equal(after.since, NOW.toISOString());
    assert.deepEqual(
      after.minutes.map(({ from }: { from: string }) => from),
      [NOW.toISOString()],
    );
  });

  test('of the process are what the process uses', async () => {
    const { samples, node_version, uptime_seconds, instance } = await read(t.admin, 'process');
    assert.equal(node_version, process.version);
    assert.ok(instance.startsWith(`${process.pid}@`));
    assert.ok(uptime_seconds <= process.uptime());
    assert.ok(samples[0].rss_bytes > samples[0].heap_bytes && samples[0].heap_bytes > 1e6);
  });

  test('statements of each endpoint', async () => {
    const statements: Record<string, number> = {};
    for (const path of ['me', 'users', 'sign-ins', 'requests', 'process'])
      statements[path] = (await t.admin.get(`dashboard/${path}`)).statements;
    assert.deepEqual(statements, { me: 5, users: 2, 'sign-ins': 3, requests: 0, process: 0 });
  });

  test('their permissions stand in the menus: of people below the dashboard, of the process at the page of the server', async () => {
    const pages = t.system.unscoped('menus', why).select();
    const rows = await pages
      .leftJoin('menus as page', 'page.id', 'menus.parent_id')
      .select(['menus.permission', 'page.name as page'])
      .where('menus.permission', 'in', ['monitor:dashboard:query', 'monitor:server:query'])
      .orderBy('menus.permission')
      .execute();
    assert.deepEqual(rows, [
      { permission: 'monitor:dashboard:query', page: 'dashboard' },
      { permission: 'monitor:server:query', page: 'monitor' },
    ]);
  });
});
