import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { crc32 } from 'node:zlib';
import { PermissionSet } from '#core/access.ts';
import { isOpenToKeys } from '#core/feature.ts';
import { features } from '#modules/index.ts';
import { assertFails } from '#tests/assert.ts';
import { type Client, useApp } from '#tests/harness.ts';
import { liesIn, networksOf } from './address-list.ts';
import { recordUsedKeys } from './api-key.service.ts';

const why = 'a test looks at what is stored';
const DAY = 86_400_000;

let elapsedMs = 0;

describe('API keys', () => {
  const t = useApp({ settings: { API_KEY_MAX_DAYS: '90' }, now: () => new Date(Date.now() + elapsedMs) });
  const codes = ['system:user:query', 'system:user:update', 'system:dept:query'];
  const creating = 'system:api-key:create';
  let owner: Client;
  before(async () => {
    owner = await t.as({ permissions: [...codes, creating], scope: 'dept_and_below', dept: 'NORTH' });
  });

  const make = async (client: Client, fields: object = {}) => {
    const body = { name: 'nightly import', permissions: ['system:user:query'], expires_in_days: 30, ...fields };
    const answer = await client.post('users/me/api-keys', body);
    assert.equal(answer.status, 200, answer.text);
    const { id, key, expires_at } = answer.body.data;
    return { id: id as number, key: key as string, expires_at, machine: t.withToken(key) };
  };

  test('are made, listed by their first letters, and revoked at once; the key itself is shown once', async () => {
    const { id, key, expires_at, machine } = await make(owner, { addresses: ['127.0.0.0/8'], rate_per_minute: 50 });
    assert.match(key, /^fva_[0-9a-f]{8}_[\w-]{43}[0-9a-f]{8}$/);
    const { items } = (await owner.get('users/me/api-keys?order_by=-id')).body.data;
    const { created_at, ...rest } = items[0];
    assert.deepEqual(rest, {
      id,
      name: 'nightly import',
      prefix: key.slice(0, 12),
      permissions: ['system:user:query'],
      addresses: ['127.0.0.0/8'],
      rate_per_minute: 50,
      state: 'live',
      expires_at,
      last_used_at: null,
      user_id: owner.userId,
      username: 'actor-1',
      user_name: null,
    });
    assert.equal(Date.parse(expires_at) - Date.parse(created_at), 30 * DAY);
    assert.equal((await machine.get('users')).status, 200);
    assert.equal((await machine.get('users/me')).body.data.id, owner.userId);
    assert.equal((await owner.delete(`users/me/api-keys/${id}`)).status, 200);
    assertFails(await machine.get('users'), 401, 'access.unauthenticated');
    assertFails(await owner.delete(`users/me/api-keys/${id}`), 404, 'api_key.not_found');
    assert.equal((await owner.get('users/me/api-keys?order_by=-id')).body.data.items[0].state, 'revoked');
    const ofState = async (state: string) => (await owner.get(`users/me/api-keys?state=${state}`)).body.data.items;
    assert.ok((await ofState('revoked')).some((one: { id: number }) => one.id === id));
    assert.ok(!(await ofState('live')).some((one: { id: number }) => one.id === id));
  });

  test('are refused with what they cannot be', async () => {
    const body = { name: 'x', permissions: ['system:user:query'], expires_in_days: 1 };
    const ask = (fields: object, client = owner) => client.post('users/me/api-keys', { ...body, ...fields });
    assertFails(await ask({ expires_in_days: 91 }), 422, 'api_key.lives_too_long', 'expires_in_days');
    const permissions = ['system:user:query', 'system:user:fly'];
    assertFails(await ask({ permissions }), 422, 'api_key.unknown_permission', 'permissions.1');
    for (const address of [
      'example.com',
      '10.0.0.0/33',
      '10.0.0.1/-1',
      '1.2.3',
      'fe80::1%eth0',
      '::/129',
      '1.1.1.1/8/8',
    ])
      assertFails(await ask({ addresses: ['10.0.0.1', address] }), 422, 'api_key.address_invalid', 'addresses.1');
    for (const fields of [
      { permissions: [] },
      { permissions: ['all'] },
      { name: '' },
      { expires_in_days: 0 },
      { rate_per_minute: 0 },
      { user_id: 1 },
      { key: 'fva_mine' },
    ])
      assert.equal((await ask(fields)).status, 400, JSON.stringify(fields));
    assertFails(await ask({}, await t.as({ permissions: codes })), 403, 'access.forbidden');
    elapsedMs = 11 * 60_000;
    assertFails(await ask({}), 403, 'access.step_up_required');
    elapsedMs = 0;
  });

  test('of one user are fifty at most, the dead not counted', async () => {
    const busy = await t.as({ permissions: ['system:user:query', creating] });
    const { id } = await make(busy);
    for (let count = 1; count < 50; count++) await make(busy);
    const body = { name: 'x', permissions: ['system:user:query'], expires_in_days: 1 };
    assertFails(await busy.post('users/me/api-keys', body), 409, 'api_key.too_many');
    await busy.delete(`users/me/api-keys/${id}`);
    await make(busy);
  });

  test('A41 are named beside their owner in what is kept of a change, and so are making and revoking one', async () => {
    const { id, machine } = await make(owner, {
      name: 'a robot',
      permissions: ['system:user:query', 'system:user:update'],
    });
    const staff = await t.as({ permissions: [], scope: 'self', dept: 'NORTH-RD' });
    const { version } = (await machine.get(`users/${staff.userId}`)).body.data;
    assert.equal((await machine.patch(`users/${staff.userId}`, { remark: 'by a machine', version })).status, 200);
    await owner.delete(`users/me/api-keys/${id}`);
    const kept = async (entity: string, row: number) =>
      (await t.admin.get(`audit-logs?entity=${entity}&row_id=${row}`)).body.data.items;
    const [changed] = await kept('users', staff.userId);
    assert.deepEqual(
      [changed.actor_id, changed.api_key_id, changed.api_key_name, changed.session_id],
      [owner.userId, id, 'a robot', null],
    );
    const own = await kept('api_keys', id);
    assert.deepEqual(
      own.map((one: { action: string; actor_id: number; api_key_id: number | null }) => [
        one.action,
        one.actor_id,
        one.api_key_id,
      ]),
      [
        ['update', owner.userId, null],
        ['create', owner.userId, null],
      ],
    );
  });

  test('A15 never exceed their owner: not when made, not when the owner loses a right, a role, or is disabled', async () => {
    const tooMuch = { name: 'x', expires_in_days: 1, permissions: ['system:user:delete'] };
    assertFails(await owner.post('users/me/api-keys', tooMuch), 403, 'ceiling.exceeded', 'permission');
    for (const wildcard of ['*:*:*', 'system:*:*', 'system:user:*'])
      assertFails(
        await owner.post('users/me/api-keys', { ...tooMuch, permissions: [wildcard] }),
        403,
        'ceiling.exceeded',
      );

    const user = await t.as({ permissions: ['system:user:*', 'system:dept:query', creating] });
    const { machine } = await make(user, { permissions: ['system:user:*', 'system:dept:query'] });
    const roleId = (await t.admin.get(`users/${user.userId}`)).body.data.role_ids[0];
    const grant = (permissions: string[]) => t.admin.put(`roles/${roleId}/permissions`, { permissions });
    assert.deepEqual([(await machine.get('users')).status, (await machine.get('depts')).status], [200, 200]);
    await grant(['system:user:query', 'system:position:query']);
    assert.deepEqual([(await machine.get('users')).status, (await machine.get('depts')).status], [200, 403]);
    assertFails(await machine.post('users', {}), 403, 'access.forbidden');
    assertFails(await machine.get('positions'), 403, 'access.forbidden');
    await t.admin.put(`roles/${roleId}/data-scope`, { data_scope: 'self' });
    assert.equal((await machine.get('users')).body.data.total, 1);
    await t.admin.put(`users/${user.userId}/roles`, { role_ids: [] });
    assert.equal((await machine.get('users')).status, 403);
    await t.admin.put(`users/${user.userId}/roles`, { role_ids: [roleId] });
    assert.equal((await machine.get('users')).status, 200);
    await t.admin.patch(`users/${user.userId}`, { is_active: false });
    assertFails(await machine.get('users'), 400, 'auth.inactive_user');
    await t.admin.patch(`users/${user.userId}`, { is_active: true });
    assert.equal((await machine.get('users')).status, 200, 'a key outlives its owner being away');
    await t.admin.post(`users/${user.userId}/reset-password`, { password: 'another good one' });
    assertFails(await machine.get('users'), 403, 'access.password_change_required');
    await t.admin.delete(`users/${user.userId}`);
    assertFails(await machine.get('users'), 401, 'access.unauthenticated');
  });

  test('A15 of the administrator are no administrator', async () => {
    const { machine } = await make(t.admin, { permissions: ['system:user:*', 'system:dept:query'] });
    const { id } = (await t.admin.get('users?username=admin')).body.data.items[0];
    assert.equal((await machine.get(`users/${id}`)).status, 200);
    assertFails(await machine.patch(`users/${id}`, { remark: 'x' }), 403, 'user.administrator_protected');
    assert.equal((await machine.get('roles')).status, 403);
    const above = await t.as({ permissions: ['system:role:query'] });
    assertFails(await machine.patch(`users/${above.userId}`, { remark: 'x' }), 403, 'ceiling.exceeded');
    const below = await t.as({ permissions: ['system:user:query'] });
    assert.equal((await machine.patch(`users/${below.userId}`, { remark: 'x' })).status, 200);
  });

  test('A15 expire, also when they were just used', async () => {
    const { machine } = await make(owner, { expires_in_days: 2 });
    assert.equal((await machine.get('users')).status, 200);
    elapsedMs = 2 * DAY + 1000;
    assertFails(await machine.get('users'), 401, 'access.unauthenticated');
    elapsedMs = 0;
    assert.equal((await machine.get('users')).status, 200, 'the clock was wrong');
  });

  test('A15 that are made up, cut off, changed or forged are refused, most of them without asking the database', async () => {
    const { key } = await make(owner);
    const body = key.slice(0, -8);
    const sum = (text: string) => text + crc32(text).toString(16).padStart(8, '0');
    const madeUp = sum(`fva_00000000_${'A'.repeat(43)}`);
    const flipped = body.slice(0, -1) + (body.endsWith('A') ? 'B' : 'A');
    for (const [forged, statements] of [
      [body, 0],
      [key.slice(0, -1), 0],
      [`${key}x`, 0],
      [key.toUpperCase(), 0],
      [flipped + key.slice(-8), 0],
      ['fva_', 0],
      [`fva_${'x'.repeat(10_000)}`, 0],
      [madeUp, 1],
      [sum(flipped), 1],
    ] as const) {
      const answer = await t.withToken(forged).get('users/me');
      assertFails(answer, 401, 'access.unauthenticated');
      assert.equal(answer.statements, statements, forged.slice(0, 80));
    }
    assert.equal((await t.anonymous.get(`users/me?access_token=${key}`)).status, 401);
    assert.equal((await t.anonymous.get('users/me', { headers: { authorization: `Basic ${key}` } })).status, 401);
    assert.equal((await t.anonymous.get('users/me', { headers: { 'x-api-key': key } })).status, 401);
  });

  test('A15 A14 are kept as a hash alone, and are in no answer, log or list', async () => {
    const { key, machine } = await make(owner);
    await machine.get('users');
    await machine.get('nowhere');
    await machine.post('users', { key });
    const rows = JSON.stringify(await t.system.unscoped('api_keys', why).select().selectAll().execute());
    const secret = key.slice(13);
    const lists = (await owner.get('users/me/api-keys?page_size=200')).text + (await t.admin.get('api-keys')).text;
    for (const [place, text] of Object.entries({ rows, log: t.logLines.join('\n'), lists })) {
      assert.ok(text.length > 100, place);
      assert.ok(!text.includes(secret) && !text.includes(secret.slice(0, 20)), place);
    }
    assert.match(rows, /"key_hash":"[0-9a-f]{64}"/);
    assert.ok(!lists.includes('key_hash'));
  });

  test('A15 work from the addresses that they are for alone, whatever a header says', async () => {
    const { machine } = await make(owner, { addresses: ['192.0.2.7', '10.1.0.0/16', '2001:db8::/32'] });
    const from = (remoteAddress: string, headers = {}) => machine.get('users', { remoteAddress, headers });
    for (const address of ['192.0.2.7', '10.1.255.1', '2001:db8::1', '::ffff:10.1.2.3'])
      assert.equal((await from(address)).status, 200, address);
    for (const address of ['192.0.2.8', '10.2.0.1', '2001:db9::1', '127.0.0.1', '::1'])
      assertFails(await from(address), 403, 'api_key.address_refused');
    const claims = { 'x-forwarded-for': '192.0.2.7', forwarded: 'for=192.0.2.7', 'x-real-ip': '192.0.2.7' };
    assertFails(await from('198.51.100.1', claims), 403, 'api_key.address_refused');
  });

  test('make as many requests in a minute as they may, refused ones counted, each key for itself', async () => {
    const [slow, other] = [await make(owner, { rate_per_minute: 3 }), await make(owner)];
    assert.equal((await slow.machine.get('users')).status, 200);
    assert.equal((await slow.machine.get('roles')).status, 403);
    assert.equal((await slow.machine.get('users')).status, 200);
    const refused = await slow.machine.get('users');
    assertFails(refused, 429, 'request.too_many');
    assert.ok(Number(refused.headers['retry-after']) >= 1);
    assert.equal((await other.machine.get('users')).status, 200);
    assert.equal((await owner.get('users')).status, 200);
  });

  test('cost no statement once they are known; when they were used is written behind', async () => {
    const { id, machine } = await make(owner);
    await machine.get('users/me');
    for (let round = 0; round < 3; round++) assert.equal((await machine.get('users/me')).statements, 1, 'the profile');
    assert.equal((await machine.get('roles')).statements, 1, 'a refusal costs its record');
    const lastUsed = async () =>
      (await owner.get('users/me/api-keys?page_size=200')).body.data.items.find((row: { id: number }) => row.id === id)
        .last_used_at;
    assert.equal(await lastUsed(), null);
    const { statements } = t.database;
    await t.environment.usedKeys.writeBy((ids) => recordUsedKeys(t.system, ids));
    assert.equal(t.database.statements - statements, 1);
    assert.ok(Math.abs(Date.parse(await lastUsed()) - Date.now()) < 60_000);
    assert.equal((await owner.get('users/me/api-keys?page_size=200')).statements, 3);
    assert.equal((await t.admin.get('api-keys?page_size=200&keyword=n&state=live')).statements, 3);
  });

  test('name themselves in every line of the log, and in the context', async () => {
    const { id, machine } = await make(owner);
    await machine.get('users/me');
    const line = t.logLines.map((text) => JSON.parse(text)).findLast((entry) => entry.msg === 'request');
    assert.deepEqual([line.user_id, line.api_key_id], [owner.userId, id]);
    await owner.get('users/me');
    const person = t.logLines.map((text) => JSON.parse(text)).findLast((entry) => entry.msg === 'request');
    assert.ok(!('api_key_id' in person) && !('viewer_id' in person));
  });

  test('cannot sign in or out, change a password, or manage keys, sessions and factors: only what says that it is open', async () => {
    const { machine } = await make(t.admin, { permissions: ['*:*:*'], rate_per_minute: 10_000 });
    const routes = features(t.config, t.tokens).flatMap((feature) => feature.routes ?? []);
    const openSignedIn: string[] = [];
    for (const route of routes.filter(({ access }) => access !== 'public')) {
      const { method, path, access } = route;
      const verb = method.toLowerCase() as 'get' | 'post' | 'put' | 'patch' | 'delete';
      const address = path.slice(1).replace(/:\w+/g, '999999');
      if (isOpenToKeys(route)) {
        if (access === 'signed-in') openSignedIn.push(`${method} ${path}`);
        if (method !== 'GET' || route.isStream) continue;
        assert.notEqual((await machine.get(address)).body?.error, 'access.session_required', path);
        continue;
      }
      const answer = verb === 'get' ? await machine.get(address) : await machine[verb](address, {});
      assertFails(answer, 403, 'access.session_required');
    }
    assert.deepEqual(openSignedIn.sort(), [
      'GET /depts/options',
      'GET /positions/options',
      'GET /roles/options',
      'GET /users/me',
      'GET /users/me/permissions',
      'GET /users/options',
    ]);
    const closed = routes.filter((route) => route.access !== 'public' && !isOpenToKeys(route));
    const never = [
      'POST /users/me/password',
      'PATCH /users/me',
      'POST /users/me/api-keys',
      'DELETE /api-keys/:id',
      'DELETE /users/me/sessions',
      'DELETE /online-users/:session_id',
      'POST /users/:id/reset-password',
      'POST /users/:id/view-as',
      'POST /users/me/totp',
      'POST /auth/step-up',
      'POST /auth/logout',
    ];
    const names = new Set(closed.map(({ method, path }) => `${method} ${path}`));
    for (const name of never) assert.ok(names.has(name), name);
    // Giving rights asks for a fresh proof, depending on the request; a key has none to give.
    const role = (await t.admin.post('roles', { code: 'for-keys', name: 'x' })).body.data;
    const given = await machine.put(`roles/${role.id}/permissions`, { permissions: ['system:user:query'] });
    assertFails(given, 403, 'access.session_required');
  });

  test('of others are seen in the scope and revoked within the ceiling, and made by nobody else', async () => {
    const guard = await t.as({ permissions: ['system:api-key:*', 'system:user:*'], scope: 'dept', dept: 'NORTH-RD' });
    const inside = await t.as({ permissions: ['system:user:*', creating], dept: 'NORTH-RD' });
    const above = await t.as({ permissions: ['system:menu:delete', creating], dept: 'NORTH-RD', scope: 'self' });
    const outside = await t.as({ permissions: ['system:user:*', creating], dept: 'SOUTH-RD' });
    const keys = {
      inside: await make(inside),
      above: await make(above, { permissions: ['system:menu:delete'] }),
      outside: await make(outside),
    };
    const seen = (await guard.get('api-keys?page_size=200')).body.data;
    assert.deepEqual(
      [seen.items.map((row: { id: number }) => row.id).sort(), seen.total],
      [[keys.inside.id, keys.above.id].sort(), 2],
    );
    assert.equal((await guard.get(`api-keys?user_id=${outside.userId}`)).body.data.total, 0);
    assert.equal((await guard.get(`api-keys?keyword=${keys.inside.key.slice(0, 12)}`)).body.data.total, 1);
    assert.equal((await guard.get('api-keys?state=revoked')).body.data.total, 0);
    assertFails(await guard.delete(`api-keys/${keys.outside.id}`), 404, 'api_key.not_found');
    assertFails(await guard.delete(`api-keys/${keys.above.id}`), 403, 'ceiling.exceeded');
    assertFails(await guard.delete(`users/me/api-keys/${keys.inside.id}`), 404, 'api_key.not_found');
    assert.equal((await keys.inside.machine.get('users')).status, 200);
    // The first of these makers sees all rows, which the guard does not.
    assertFails(await guard.delete(`api-keys/${keys.inside.id}`), 403, 'ceiling.exceeded');
    assert.equal((await t.admin.delete(`api-keys/${keys.inside.id}`)).status, 200);
    assert.equal((await keys.inside.machine.get('users')).status, 401);
  });
});

describe('what two sets of grants both allow', () => {
  const held = (own: string[], key: string[]) => new PermissionSet(own).narrowedTo(key);

  test('is exact, also where wildcards cross', () => {
    assert.deepEqual(held(['a:b:c'], ['a:b:c', 'a:b:d']).grants, ['a:b:c']);
    assert.deepEqual(held(['*:*:*'], ['a:b:*']).grants, ['a:b:*']);
    assert.deepEqual(held(['a:*:query'], ['*:b:*']).grants, ['a:b:query']);
    assert.deepEqual(held(['a:b:c'], ['*:*:*']).grants, ['a:b:c']);
    assert.deepEqual(held(['a:b:*'], ['a:c:*']).grants, []);
    const crossed = held(['a:*:query', 'x:y:*'], ['*:b:*', 'x:*:run']);
    for (const [code, expected] of Object.entries({
      'a:b:query': true,
      'a:c:query': false,
      'x:y:run': true,
      'x:b:run': false,
      'x:y:query': false,
    }))
      assert.equal(crossed.holds(code), expected, code);
  });

  test('holds nothing that is switched off', () => {
    const own = new PermissionSet(['a:*:*'], new Set(['a:b:c']));
    assert.deepEqual(
      [own.narrowedTo(['a:b:*']).holds('a:b:c'), own.narrowedTo(['a:b:*']).holds('a:b:d')],
      [false, true],
    );
  });

  test('of addresses are what the list says', () => {
    const list = networksOf(['10.0.0.0/8', '2001:db8::/32']);
    assert.ok(list && liesIn(list, '10.255.0.1') && !liesIn(list, '11.0.0.1') && !liesIn(list, null));
    assert.equal(networksOf([]), null);
  });
});
