import assert from 'node:assert/strict';
import { before, beforeEach, describe, test } from 'node:test';
import { features } from '#modules/index.ts';
import { assertFails } from '#tests/assert.ts';
import { type Answer, type Client, useApp } from '#tests/harness.ts';

const VIEW = 'system:user:view-as';
const MINUTE = 60_000;

let elapsedMs = 0;

describe('viewing as another user', () => {
  const t = useApp({ settings: { VIEW_AS_MINUTES: '15' }, now: () => new Date(Date.now() + elapsedMs) });
  const rights = ['system:user:query', 'system:user:update', 'system:user:export', 'system:dept:query'];
  let support: Client;
  let staff: Client;
  before(async () => {
    support = await t.as({ permissions: [...rights, VIEW], scope: 'dept_and_below', dept: 'NORTH' });
  });
  beforeEach(async () => {
    staff = await t.as({ permissions: ['system:user:query', 'system:user:export'], scope: 'self', dept: 'NORTH-RD' });
  });

  const view = async (viewer: Client, { userId }: Client) => {
    const answer = await viewer.post(`users/${userId}/view-as`);
    assert.equal(answer.status, 200, answer.text);
    return { ...answer.body.data, eyes: t.withToken(answer.body.data.access_token) };
  };
  const lastRequest = () => t.logLines.map((text) => JSON.parse(text)).findLast((entry) => entry.msg === 'request');

  test('sees what they see, in their scope, and lasts as long as it says', async () => {
    const { eyes, user, expires_in, expires_at } = await view(support, staff);
    assert.deepEqual([user.id, user.name], [staff.userId, null]);
    assert.ok(expires_in > 890 && expires_in <= 900);
    assert.equal((await eyes.get('users/me')).body.data.id, staff.userId);
    assert.equal((await eyes.get('users')).body.data.total, 1, 'their scope, not the own one');
    assert.ok((await support.get('users')).body.data.total > 1);
    assert.equal((await eyes.get('depts')).status, 403);
    assert.equal((await eyes.post('users/export', {})).status, 200, 'a declared read');
    elapsedMs = 15 * MINUTE + 1000;
    assert.ok(Date.parse(expires_at) < Date.now() + elapsedMs);
    assertFails(await eyes.get('users/me'), 401, 'access.unauthenticated');
    elapsedMs = 0;
  });

  test('changes nothing: every route that is no declared read refuses, whatever the rights', async () => {
    const { eyes } = await view(t.admin, await t.as({ permissions: ['*:*:*'] }));
    const routes = features(t.config, t.tokens).flatMap((feature) => feature.routes ?? []);
    const open: string[] = [];
    for (const route of routes.filter(({ access, method }) => access !== 'public' && method !== 'GET')) {
      const { method, path } = route;
      if (route.allowViewing) {
        open.push(`${method} ${path}`);
        continue;
      }
      const verb = method.toLowerCase() as 'post' | 'put' | 'patch' | 'delete';
      assertFails(await eyes[verb](path.slice(1).replace(/:\w+/g, '999999'), {}), 403, 'access.read_only');
    }
    assert.deepEqual(open.sort(), ['DELETE /auth/view-as', 'POST /jobs/preview', 'POST /users/export']);
  });

  test('A18 never upwards, never as the administrator, never as oneself, never out of sight, not nested', async () => {
    const above = await t.as({ permissions: ['system:menu:delete'], scope: 'self', dept: 'NORTH-RD' });
    const outside = await t.as({ permissions: [], scope: 'self', dept: 'SOUTH-RD' });
    const { id: admin } = (await t.admin.get('users?username=admin')).body.data.items[0];
    const second = await t.as({ permissions: ['*:*:*'], superuser: true });
    assertFails(await support.post(`users/${above.userId}/view-as`), 403, 'ceiling.exceeded');
    assertFails(await support.post(`users/${outside.userId}/view-as`), 404, 'user.not_found');
    assertFails(await support.post(`users/${support.userId}/view-as`), 409, 'view.self');
    assertFails(await support.post(`users/${admin}/view-as`), 404, 'user.not_found');
    assertFails(await second.post(`users/${admin}/view-as`), 403, 'view.administrator');
    assertFails(await t.admin.post(`users/${second.userId}/view-as`), 403, 'view.administrator');
    assertFails(await staff.post(`users/${support.userId}/view-as`), 403, 'access.forbidden');
    const { eyes } = await view(t.admin, support);
    assertFails(await eyes.post(`users/${staff.userId}/view-as`), 403, 'access.read_only');
    await t.admin.patch(`users/${staff.userId}`, { is_active: false });
    assertFails(await support.post(`users/${staff.userId}/view-as`), 409, 'view.inactive');
  });

  test('asks for a fresh proof of the viewer', async () => {
    elapsedMs = 11 * MINUTE;
    assertFails(await support.post(`users/${staff.userId}/view-as`), 403, 'access.step_up_required');
    elapsedMs = 0;
  });

  test('ends when the viewer returns, and leaves the own session alone', async () => {
    const { eyes } = await view(support, staff);
    const own = await support.get('online-users').then(() => support.get('users/me/sessions'));
    assert.equal((await eyes.delete('auth/view-as')).status, 200);
    assertFails(await eyes.get('users/me'), 401, 'access.unauthenticated');
    assert.equal((await support.get('users/me')).status, 200);
    assert.ok(own.body.data.items.some((row: { method: string }) => row.method === 'view-as'));
    assertFails(await support.delete('auth/view-as'), 409, 'view.none');
    assertFails(await (await view(support, staff)).eyes.post('auth/logout'), 403, 'access.read_only');
  });

  test('is one at a time: the next one ends the one before', async () => {
    const other = await t.as({ permissions: [], scope: 'self', dept: 'NORTH-RD' });
    const first = await view(support, staff);
    const second = await view(support, other);
    assert.deepEqual(
      [(await first.eyes.get('users/me')).status, (await second.eyes.get('users/me')).status],
      [401, 200],
    );
  });

  test('A3 A5 ends when either loses rights, is disabled, deleted, or signed out', async () => {
    const roleOf = async ({ userId }: Client) => (await t.admin.get(`users/${userId}`)).body.data.role_ids[0];
    const ways: Record<string, (viewer: Client, viewed: Client) => Promise<Answer>> = {
      'the viewer loses the permission': async (viewer) =>
        t.admin.put(`roles/${await roleOf(viewer)}/permissions`, { permissions: rights }),
      'the viewer loses a right that the other has': async (viewer) =>
        t.admin.put(`roles/${await roleOf(viewer)}/permissions`, { permissions: ['system:user:query', VIEW] }),
      'the viewer loses sight': async (viewer) =>
        t.admin.put(`roles/${await roleOf(viewer)}/data-scope`, { data_scope: 'self' }),
      'the other gains a right': async (_, viewed) =>
        t.admin.put(`roles/${await roleOf(viewed)}/permissions`, { permissions: ['system:menu:delete'] }),
      'the viewer signs out': (viewer) => viewer.post('auth/logout'),
      'the viewer is signed out by an administrator': (viewer) => t.admin.delete(`online-users/${viewer.sessionId}`),
      'the viewer is disabled': (viewer) => t.admin.patch(`users/${viewer.userId}`, { is_active: false }),
      'the other is deleted': (_, viewed) => t.admin.delete(`users/${viewed.userId}`),
      'the viewer is deleted': (viewer) => t.admin.delete(`users/${viewer.userId}`),
      "the viewer's password is reset": (viewer) =>
        t.admin.post(`users/${viewer.userId}/reset-password`, { password: 'another good one' }),
      "the other's password is reset": (_, viewed) =>
        t.admin.post(`users/${viewed.userId}/reset-password`, { password: 'another good one' }),
    };
    for (const [way, takeAway] of Object.entries(ways)) {
      const viewer = await t.as({ permissions: [...rights, VIEW], scope: 'dept_and_below', dept: 'NORTH' });
      const viewed = await t.as({ permissions: rights, scope: 'self', dept: 'NORTH-RD' });
      const { eyes } = await view(viewer, viewed);
      assert.equal((await eyes.get('users/me')).status, 200, way);
      const { status, text } = await takeAway(viewer, viewed);
      assert.equal(status, 200, `${way}: ${text}`);
      assert.equal((await eyes.get('users/me')).status, 401, way);
      assert.equal((await eyes.get('users/me')).status, 401, `${way}, and stays over`);
    }
    const { eyes } = await view(support, staff);
    await t.admin.patch(`users/${staff.userId}`, { is_active: false });
    assertFails(await eyes.get('users/me'), 400, 'auth.inactive_user');
    await t.admin.patch(`users/${staff.userId}`, { is_active: true });
    assertFails(await eyes.get('users/me'), 401, 'access.unauthenticated');
  });

  test('names both in every line of the log, and costs no statement once it is known', async () => {
    const { eyes } = await view(support, staff);
    assert.ok(t.logLines.some((line) => line.includes('a view as a user begins')));
    await eyes.get('users/me');
    assert.deepEqual([lastRequest().user_id, lastRequest().viewer_id], [staff.userId, support.userId]);
    for (let round = 0; round < 3; round++) assert.equal((await eyes.get('users/me')).statements, 1, 'the profile');
    await eyes.delete('users/999999');
    assert.deepEqual([lastRequest().status, lastRequest().viewer_id], [403, support.userId]);
    await eyes.delete('auth/view-as');
    const ended = t.logLines.map((text) => JSON.parse(text)).findLast((entry) => entry.msg === 'a view as a user ends');
    assert.deepEqual([ended.user_id, ended.viewer_id], [staff.userId, support.userId]);
    const claims = JSON.parse(Buffer.from(eyes.token.split('.')[1] ?? '', 'base64url').toString());
    assert.deepEqual([claims.sub, claims.act], [String(staff.userId), { sub: String(support.userId) }]);
  });

  test('A41 names both in what is kept: of the beginning, of an export, and of a refused attempt', async () => {
    const { eyes } = await view(support, staff);
    await eyes.post('users/export', {});
    await eyes.delete(`users/${support.userId}`);
    const kept = async (query: string) => (await t.admin.get(`audit-logs?${query}`)).body.data.items;
    for (const action of ['export', 'refused']) {
      const [latest] = await kept(`actor_id=${staff.userId}&action=${action}`);
      assert.deepEqual([latest?.actor_id, latest?.viewer_id], [staff.userId, support.userId], action);
    }
    const [begun] = await kept(`actor_id=${support.userId}&action=call`);
    assert.deepEqual([begun?.actor_id, begun?.viewer_id], [support.userId, null]);
    assert.match(JSON.stringify(begun?.detail), /view-as/);
  });

  test('A2 a token of the one session is worth nothing in the other, whichever way it is put together', async () => {
    const { eyes } = await view(support, staff);
    const { sid } = JSON.parse(Buffer.from(eyes.token.split('.')[1] ?? '', 'base64url').toString());
    for (const claims of [
      { sub: String(support.userId), sid },
      { sub: String(staff.userId), sid: support.sessionId },
      { sub: String(staff.userId), sid: support.sessionId, act: { sub: String(support.userId) } },
    ])
      assertFails(await t.withToken(t.tokens.sign(claims)).get('users/me'), 401, 'access.unauthenticated');
  });
});

describe('a view that lasts longer than an access token', () => {
  const settings = { VIEW_AS_MINUTES: '120', JWT_ACCESS_TOKEN_EXPIRE_MINUTES: '5' };
  const t = useApp({ settings });

  test('has a token for all of it, because it cannot be renewed', async () => {
    const { userId } = await t.as({ permissions: [] });
    const { access_token, expires_in } = (await t.admin.post(`users/${userId}/view-as`)).body.data;
    const { exp, iat } = JSON.parse(Buffer.from(access_token.split('.')[1] ?? '', 'base64url').toString());
    assert.ok(expires_in > 7190 && expires_in <= 7200, String(expires_in));
    assert.equal(exp - iat, expires_in);
  });
});
