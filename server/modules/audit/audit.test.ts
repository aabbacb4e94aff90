import assert from 'node:assert/strict';
import { describe, mock, test } from 'node:test';
import { type Client, testApp, useApp } from '#tests/harness.ts';
import { until } from '#tests/work.ts';

const why = 'a test looks at what is stored';

interface Change {
  readonly field: string;
  readonly kind: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly added: unknown[];
  readonly removed: unknown[];
  readonly names: { value: string; name: string }[];
  readonly may_restore: boolean;
}
interface Log {
  readonly id: number;
  readonly action: string;
  readonly entity: string | null;
  readonly row_id: string | null;
  readonly row_label: string | null;
  readonly changes: Change[];
  readonly detail: Record<string, unknown> | null;
  readonly actor_name: string | null;
  readonly request_id: string;
}

describe('the audit', () => {
  let elapsedMs = 0;
  const now = () => new Date(Date.now() + elapsedMs);
  const t = useApp({ now });
  let made = 0;
  const newUser = async (more: object = {}, client: Client = t.admin) => {
    made += 1;
    const username = `audited-${made}`;
    const answer = await client.post('users', {
      username,
      email: `${username}@example.com`,
      password: 'testpassword',
      ...more,
    });
    assert.equal(answer.status, 200, answer.text);
    return { id: answer.body.data.id as number, username };
  };
  const logs = async (query: string, client: Client = t.admin): Promise<Log[]> => {
    const answer = await client.get(`audit-logs?${query}`);
    assert.equal(answer.status, 200, answer.text);
    return answer.body.data.items;
  };
  const history = (entity: string, id: number, client?: Client) => logs(`entity=${entity}&row_id=${id}`, client);
  const brief = ({ field, before, after }: Change) => ({ field, before, after });
  const count = async () =>
    (
      await t.system
        .unscoped('audit_logs', why)
        .select()
        .select((eb) => eb.fn.countAll<number>().as('n'))
        .executeTakeFirstOrThrow()
    ).n;
  const idOf = async (table: 'depts' | 'roles' | 'positions', code: string) =>
    (await t.system.unscoped(table, why).select().select('id').where('code', '=', code).executeTakeFirstOrThrow()).id;

  test('a change says who, what before and after, and in which request', async () => {
    const { id, username } = await newUser({ name: 'Ann' });
    const { headers } = await t.admin.patch(`users/${id}`, { name: 'Anne', phone: '12345' });
    const [change, creation] = await history('users', id);
    assert.ok(change && creation);
    const { actor_name, request_id, action, row_label, changes } = change;
    assert.deepEqual(
      { actor_name, request_id, action, row_label },
      { actor_name: 'admin', request_id: headers['x-request-id'], action: 'update', row_label: username },
    );
    assert.deepEqual(changes.map(brief), [
      { field: 'name', before: 'Ann', after: 'Anne' },
      { field: 'phone', before: null, after: '12345' },
    ]);
    assert.equal(creation.action, 'create');
    assert.deepEqual(
      creation.changes.find(({ field }) => field === 'hashed_password'),
      {
        field: 'hashed_password',
        kind: 'masked',
        before: null,
        after: null,
        added: [],
        removed: [],
        names: [],
        may_restore: false,
      },
    );
  });

  test('an edit that changes nothing leaves nothing, and so does one that is rolled back or only tried', async () => {
    const { id } = await newUser({ name: 'Same' });
    const before = await history('users', id);
    await t.admin.patch(`users/${id}`, { name: 'Same' });
    const stored = await count();
    assert.equal((await t.admin.patch(`users/${id}`, { name: 'Other', role_ids: [999_999] })).status, 409);
    assert.equal(
      (await t.admin.put(`users/${id}/roles?dry_run=true`, { role_ids: [await idOf('roles', 'admin')] })).status,
      200,
    );
    await assert.rejects(
      t.system.inTransaction(async (ctx) => {
        await ctx.unscoped('users', why).update({ name: 'Rolled back' }).where('id', '=', id).execute();
        throw new Error('no');
      }),
    );
    // The edit without a change was a call all the same.
    assert.equal(await count(), stored);
    assert.deepEqual((await history('users', id)).length, before.length);
  });

  test('relations are part of their row: what was added and what was taken away', async () => {
    const role = (await t.admin.post('roles', { code: 'kept', name: 'Kept', permissions: ['system:user:query'] })).body
      .data.id;
    const { id } = await newUser({ role_ids: [role] });
    const [creation] = await history('users', id);
    const given = creation?.changes.find(({ field }) => field === 'role_ids');
    assert.deepEqual(
      [creation?.action, given?.added, given?.removed, given?.names],
      ['create', [role], [], [{ value: String(role), name: 'Kept' }]],
    );
    await t.admin.put(`users/${id}/roles`, { role_ids: [] });
    const [taken] = await history('users', id);
    assert.deepEqual([taken?.action, taken?.changes[0]?.added, taken?.changes[0]?.removed], ['relate', [], [role]]);
    await t.admin.put(`roles/${role}/permissions`, { permissions: ['system:dept:query', 'system:user:query'] });
    const [permitted] = await history('roles', role);
    assert.deepEqual(
      [permitted?.changes[0]?.field, permitted?.changes[0]?.added, permitted?.changes[0]?.removed],
      ['permissions', ['system:dept:query'], []],
    );
    await t.admin.post(`roles/${role}/users`, { user_ids: [id] });
    assert.deepEqual((await history('users', id))[0]?.changes[0]?.added, [role]);
    await t.admin.delete(`roles/${role}/users`, { user_ids: [id] });
    assert.equal((await t.admin.delete(`roles/${role}`)).status, 200);
    const [gone] = await history('roles', role);
    assert.equal(gone?.action, 'delete');
    assert.deepEqual(gone?.changes.find(({ field }) => field === 'permissions')?.removed, [
      'system:dept:query',
      'system:user:query',
    ]);
  });

  test('what the database deletes or empties with a row is kept too', async () => {
    const { id, username } = await newUser();
    const keyId = await t.system.unscoped('api_keys', why).insert({
      user_id: id,
      name: 'robot',
      prefix: 'fva_robot',
      key_hash: `secret-hash-${id}`,
      permissions: ['system:user:query'],
      addresses: [],
      rate_per_minute: 60,
      expires_at: new Date(Date.now() + 86_400_000),
    });
    const dept = (await t.admin.post('depts', { name: 'Led', code: `LED${id}`, parent_id: null, leader_id: id })).body
      .data.id;
    assert.equal((await t.admin.post('users/batch-delete', { ids: [id] })).status, 200);
    assert.equal((await history('users', id))[0]?.action, 'delete');
    assert.deepEqual((await history('depts', dept))[0]?.changes.map(brief), [
      { field: 'leader_id', before: id, after: null },
    ]);
    const [gone, made] = await history('api_keys', keyId);
    assert.deepEqual([gone?.action, gone?.row_label], ['delete', `${username} / robot`]);
    assert.equal(made?.changes.find(({ field }) => field === 'key_hash')?.kind, 'masked');
  });

  const signIn = async (username: string) =>
    (await t.anonymous.post('auth/login', { username, password: 'testpassword' })).body.data.access_token;

  test('signing in changes nothing that is kept; a new password is kept without a value', async () => {
    const { id, username } = await newUser();
    const client = t.withToken(await signIn(username));
    assert.equal((await history('users', id)).length, 1);
    await client.post('users/me/password', { old_password: 'testpassword', new_password: 'another-word-1' });
    const [changed] = await history('users', id);
    assert.deepEqual(
      [changed?.actor_name, changed?.changes.map(({ field, kind }) => [field, kind])],
      [username, [['hashed_password', 'masked']]],
    );
  });

  test('A41 a call whose change is kept nowhere else, an export and a refused attempt are kept', async () => {
    const { id } = await newUser();
    await t.admin.post(`users/${id}/unlock`);
    const [call] = await logs('action=call');
    assert.deepEqual(call?.detail, { method: 'POST', route: '/users/:id/unlock', params: { id } });
    await t.admin.post('users/export', { username: 'audited' });
    assert.deepEqual((await logs('action=export'))[0]?.detail, {
      method: 'POST',
      route: '/users/export',
      filter: { username: 'audited' },
    });
    const nobody = await t.as({ permissions: ['log:audit:query'] });
    assert.equal((await nobody.delete(`users/${id}`)).status, 403);
    const [refused] = await logs('action=refused');
    assert.deepEqual(refused?.detail, {
      method: 'DELETE',
      route: '/users/:id',
      params: { id: String(id) },
      error: 'access.forbidden',
      permission: 'system:user:delete',
    });
  });

  test('nothing is kept of reads and of the stream of events', async () => {
    const before = await count();
    await t.admin.get('users');
    await t.admin.get('audit-logs');
    const aborted = new AbortController();
    const stream = t.app.inject({
      method: 'GET',
      url: '/api/v1/events',
      headers: { authorization: `Bearer ${t.admin.token}` },
      signal: aborted.signal,
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    aborted.abort();
    await assert.rejects(stream);
    assert.equal(await count(), before);
  });

  test('a flood of refused attempts costs a bounded number of records, and its size is kept', async () => {
    const client = await t.as({ permissions: [] });
    for (let attempt = 0; attempt < 60; attempt++) await client.get('users');
    const rows = await t.system
      .unscoped('audit_logs', why)
      .select()
      .select('detail')
      .where('actor_id', '=', client.userId)
      .execute();
    assert.ok(rows.length >= 20 && rows.length <= 41, `${rows.length} records of 60 attempts`);
  });

  /** What is kept of refused attempts of a user, or of nobody: how many one by one, and the numbers of those left out. */
  const refusals = async (userId: number | null) => {
    const rows = await t.system
      .unscoped('audit_logs', why)
      .select()
      .select('detail')
      .where('action', '=', 'refused')
      .where('actor_id', userId === null ? 'is' : '=', userId)
      .orderBy('id')
      .execute();
    const details = rows.map(({ detail }) => JSON.parse(detail ?? '{}') as { omitted?: number });
    const omitted = details.flatMap(({ omitted }) => omitted ?? []);
    return { kept: details.length - omitted.length, omitted };
  };
  /** Goes to the beginning of the next minute, so that what follows lies in one. */
  const nextMinute = () => {
    elapsedMs += 60_000 - (now().getTime() % 60_000);
  };
  const flood = (client: Client, attempts: number) =>
    Promise.all(Array.from({ length: attempts }, () => client.get('users')));

  test('of a flood the number of those that were left out is kept once their minute is over', async () => {
    const client = await t.as({ permissions: [] });
    nextMinute();
    await flood(client, 30);
    assert.deepEqual(await refusals(client.userId), { kept: 20, omitted: [] });
    nextMinute();
    // Many at once begin the next minute: it is counted once, and the number of the last one is kept once.
    await flood(client, 30);
    assert.deepEqual(await refusals(client.userId), { kept: 40, omitted: [10] });
  });

  test('all addresses of one IPv6 network are one caller', async () => {
    const owner = await t.as({ permissions: ['system:user:query', 'system:api-key:create'] });
    const made = await owner.post('users/me/api-keys', {
      name: 'bound',
      permissions: ['system:user:query'],
      expires_in_days: 1,
      addresses: ['192.0.2.1'],
    });
    assert.equal(made.status, 200, made.text);
    const machine = t.withToken(made.body.data.key);
    nextMinute();
    const from = async (host: number) =>
      assert.equal((await machine.get('users', { remoteAddress: `2001:db8:1:2::${host}` })).status, 403);
    for (let host = 1; host <= 25; host++) await from(host);
    nextMinute();
    await from(26);
    assert.deepEqual(await refusals(null), { kept: 21, omitted: [5] });
  });

  test('the number is kept without a further attempt, and when the program ends; a minute that goes on is left alone', async () => {
    const ticks: (() => void)[] = [];
    const { setInterval } = globalThis;
    const timers = mock.method(globalThis, 'setInterval', (tick: () => void, delay: number) => {
      const timer = setInterval(tick, delay);
      if (delay === 60_000) ticks.push(tick);
      return timer;
    });
    const other = await testApp({ beside: t, now });
    timers.mock.restore();
    const tick = () => {
      for (const one of ticks) one();
    };
    const client = await t.as({ permissions: [] });
    const there = other.withToken(client.token);
    nextMinute();
    await flood(there, 25);
    tick();
    await flood(there, 5);
    assert.deepEqual(await refusals(client.userId), { kept: 20, omitted: [] });
    nextMinute();
    tick();
    await until('the number is kept', async () => (await refusals(client.userId)).omitted.length > 0);
    assert.deepEqual(await refusals(client.userId), { kept: 20, omitted: [10] });
    await flood(there, 21);
    await other.close();
    assert.deepEqual(await refusals(client.userId), { kept: 40, omitted: [10, 1] });
  });

  test('is read in the scope of the reader: of rows as they were then, and of what the reader did', async () => {
    const [east, west] = [await idOf('depts', 'NORTH-RD'), await idOf('depts', 'SOUTH-RD')];
    const one = await newUser({ dept_id: east });
    const other = await newUser({ dept_id: west });
    const reader = await t.as({ permissions: ['log:audit:query', 'system:user:*'], scope: 'dept', dept: 'NORTH-RD' });
    assert.equal((await history('users', one.id, reader)).length, 1);
    assert.equal((await history('users', other.id, reader)).length, 0);
    const hidden = (await history('users', other.id))[0]?.id;
    assert.equal((await reader.get(`audit-logs/${hidden}`)).status, 404);
    assert.equal((await reader.post(`audit-logs/${hidden}/restore`, {})).status, 403);
    await t.admin.delete(`users/${other.id}`);
    assert.equal((await logs(`keyword=${other.username}`, reader)).length, 0);
    const own = await t.as({ permissions: ['log:audit:query', 'system:user:*'], scope: 'self' });
    const mine = await newUser({}, own);
    assert.equal((await history('users', mine.id, own)).length, 1);
    assert.equal((await t.as({ permissions: [] }).then((client) => client.get('audit-logs'))).status, 403);
  });

  test('a former value is put back like an edit, and that is kept as such', async () => {
    const position = (await t.admin.post('positions', { code: 'AUD', name: 'Auditor' })).body.data.id;
    const { id } = await newUser({ name: 'Old', position_ids: [position] });
    const edit = (await t.admin.patch(`users/${id}`, { name: 'New', phone: '54321', position_ids: [] })).body.data;
    const [change] = await history('users', id);
    assert.deepEqual(
      change?.changes.map(({ field, may_restore }) => [field, may_restore]),
      [
        ['name', true],
        ['phone', true],
        ['position_ids', true],
      ],
    );
    assert.equal(
      (await t.admin.post(`audit-logs/${change?.id}/restore`, { version: edit.version - 1 })).body.error,
      'conflict.stale',
    );
    assert.equal(
      (await t.admin.post(`audit-logs/${change?.id}/restore`, { fields: ['email'] })).body.error,
      'audit.field_not_restorable',
    );
    const restored = await t.admin.post(`audit-logs/${change?.id}/restore`, {
      fields: ['name', 'position_ids'],
      version: edit.version,
    });
    assert.equal(restored.status, 200, restored.text);
    const now = (await t.admin.get(`users/${id}`)).body.data;
    assert.deepEqual([now.name, now.phone, now.position_ids], ['Old', '54321', [position]]);
    const [back] = await history('users', id);
    assert.deepEqual([back?.action, back?.detail], ['restore', { restored_from: change?.id }]);
    const reader = await t.as({ permissions: ['log:audit:*'] });
    assert.equal((await reader.post(`audit-logs/${change?.id}/restore`, {})).body.error, 'access.forbidden');
    const [creation] = (await history('users', id)).toReversed();
    assert.equal((await t.admin.post(`audit-logs/${creation?.id}/restore`, {})).body.error, 'audit.not_restorable');
  });

  test('what a role permitted and saw is put back under the ceiling', async () => {
    const role = (
      await t.admin.post('roles', { code: 'back', name: 'Back', permissions: ['system:user:*'], data_scope: 'dept' })
    ).body.data.id;
    await t.admin.put(`roles/${role}/permissions`, { permissions: ['system:user:query'] });
    const [permissions] = await history('roles', role);
    await t.admin.put(`roles/${role}/data-scope`, {
      data_scope: 'custom',
      dept_ids: [await idOf('depts', 'NORTH-RD')],
    });
    const [scope] = await history('roles', role);
    const small = await t.as({ permissions: ['log:audit:*', 'system:role:*', 'system:user:query'] });
    const refused = await small.post(`audit-logs/${permissions?.id}/restore`, {});
    assert.deepEqual([refused.status, refused.body.error], [403, 'ceiling.exceeded']);
    assert.equal((await t.admin.post(`audit-logs/${permissions?.id}/restore`, {})).status, 200);
    assert.deepEqual((await t.admin.get(`roles/${role}/permissions`)).body.data.permissions, ['system:user:*']);
    assert.equal((await t.admin.post(`audit-logs/${scope?.id}/restore`, {})).status, 200);
    const now = (await t.admin.get(`roles/${role}`)).body.data;
    assert.deepEqual([now.data_scope, now.dept_ids], ['dept', []]);
  });

  test('a job is put back with its trigger', async () => {
    const job = {
      name: 'kept job',
      handler: 'session.clean-expired',
      args: {},
      trigger: { type: 'interval', seconds: 60 },
    };
    const created = await t.admin.post('jobs', job);
    assert.equal(created.status, 200, created.text);
    const { id } = created.body.data;
    await t.admin.patch(`jobs/${id}`, {
      trigger: { type: 'cron', expression: '0 3 * * *', timezone: 'Asia/Shanghai' },
    });
    const [change] = await history('jobs', id);
    const restored = await t.admin.post(`audit-logs/${change?.id}/restore`, {});
    assert.equal(restored.status, 200, restored.text);
    assert.deepEqual((await t.admin.get(`jobs/${id}`)).body.data.trigger, { type: 'interval', seconds: 60 });
  });
});
