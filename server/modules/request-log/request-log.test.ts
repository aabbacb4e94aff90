import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RequestRecords } from '#core/request-records.ts';
import { type Client, type TestApp, testApp, useApp } from '#tests/harness.ts';
import { pruneRequestLogs, storeRequests } from './request-log.service.ts';

const why = 'a test looks at what is stored';
const DAY_MS = 86_400_000;
const reading = ['log:request:query'];

const write = (t: TestApp) => t.environment.requestRecords.writeBy((some) => storeRequests(t.system, some));
const stored = (t: TestApp) => t.system.unscoped('request_logs', why).select().selectAll().orderBy('id').execute();

/** Routes that a test needs and the program has not. */
const prepare: NonNullable<Parameters<typeof testApp>[0]>['prepare'] = (app) => {
  app.get('/api/v1/broken', { config: { access: 'signed-in' } }, async () => {
    throw new Error('broken on purpose');
  });
};

describe('the request log', () => {
  let elapsedMs = 0;
  const t = useApp({
    now: () => new Date(Date.now() + elapsedMs),
    settings: { REQUEST_LOG_PERCENT: '100', REQUEST_LOG_DAYS: '30' },
    prepare,
  });
  const listed = async (query: string, client: Client = t.admin) => {
    await write(t);
    return (await client.get(`request-logs?${query}`)).body.data;
  };

  test('says who sent what, what came of it, and from where', async () => {
    const { headers } = await t.admin.get('positions?keyword=told', {
      remoteAddress: '2001:db8::7',
      headers: { 'user-agent': `Agent/1 ${'x'.repeat(300)}` },
    });
    const { items, total } = await listed(`request_id=${headers['x-request-id']}`);
    assert.equal(total, 1);
    const { id, created_at, duration_ms, bytes, user_agent, ...rest } = items[0];
    assert.deepEqual(rest, {
      request_id: headers['x-request-id'],
      trace_id: headers['x-trace-id'],
      method: 'GET',
      route: '/api/v1/positions',
      path: '/api/v1/positions?keyword=told',
      status: 200,
      user_id: t.admin.userId,
      username: 'admin',
      session_id: t.admin.sessionId,
      api_key_id: null,
      api_key_name: null,
      viewer_id: null,
      viewer_name: null,
      address: '2001:db8::7',
    });
    assert.ok(id > 0 && Date.parse(created_at) > 0 && duration_ms >= 0 && bytes > 0);
    assert.equal(user_agent.length, 255);
  });

  test('names the key and the viewer behind a user', async () => {
    const wanted = { name: 'collector', permissions: ['system:position:query'], expires_in_days: 1 };
    const key = (await t.admin.post('users/me/api-keys', wanted)).body.data;
    assert.equal((await t.withToken(key.key).get('positions')).status, 200);
    const [byKey] = (await listed('route=/api/v1/positions')).items;
    assert.deepEqual([byKey.username, byKey.api_key_name, byKey.session_id], ['admin', 'collector', null]);
    const person = await t.as({ username: 'looked-at' });
    const { access_token } = (await t.admin.post(`users/${person.userId}/view-as`)).body.data;
    await t.withToken(access_token).get('users/me');
    const [viewed] = (await listed('route=/api/v1/users/me&username=looked-at')).items;
    assert.deepEqual([viewed.user_id, viewed.viewer_name], [person.userId, 'admin']);
  });

  test('A14 keeps of a query what its route declares, of a public one nothing, and no secret', async () => {
    const secret = 'Correct-Horse-9';
    await t.admin.get(`positions?keyword=kept&password=${secret}&access_token=${secret}&x=${secret}`);
    await t.anonymous.get(`auth/oidc/none/callback?code=${secret}&state=${secret}`);
    await t.anonymous.get(`no-such-route?token=${secret}`);
    await t.anonymous.post('auth/login', { username: 'admin', password: secret });
    await t.admin.get('positions', {
      headers: { cookie: `refresh_token=${secret}`, authorization: `Bearer ${secret}` },
    });
    await write(t);
    const rows = await stored(t);
    const text = JSON.stringify(rows);
    assert.ok(!text.includes(secret), text);
    assert.ok(!text.includes(t.admin.token));
    const paths = rows.map((row) => row.path);
    for (const path of [
      '/api/v1/positions?keyword=kept',
      '/api/v1/auth/oidc/none/callback',
      '/api/v1/no-such-route',
      '/api/v1/auth/login',
    ])
      assert.ok(paths.includes(path), path);
    assert.equal(rows.find((row) => row.path === '/api/v1/no-such-route')?.route, null);
  });

  test('takes any address, however long and strange', async () => {
    const before = (await stored(t)).length;
    for (const path of [
      `positions?keyword=${'%F0%9F%98%80'.repeat(200)}`,
      `x/${'y'.repeat(2000)}`,
      'positions?keyword=%',
    ])
      assert.ok((await t.admin.get(path)).status < 500);
    await write(t);
    const rows = (await stored(t)).slice(before);
    assert.equal(rows.length, 3);
    for (const { path } of rows) assert.ok(path.length <= 500);
  });

  test('holds requests to the API alone, and no stream', async () => {
    await write(t);
    const before = (await stored(t)).length;
    for (const path of ['/healthz', '/readyz', '/openapi.json', '/']) await t.anonymous.get(path);
    await t.admin.get('events');
    await write(t);
    assert.equal((await stored(t)).length, before);
  });

  test('is found by user, route, status, duration and time, in a constant number of statements', async () => {
    await t.as({ username: 'wanted' }).then((client) => client.get('roles'));
    await t.admin.get('broken');
    const paths = async (query: string) =>
      (await listed(query)).items.map((row: { path: string; status: number }) => `${row.path} ${row.status}`);
    assert.deepEqual(await paths('username=ANTE'), ['/api/v1/roles 403']);
    assert.deepEqual(await paths('status_class=5xx'), ['/api/v1/broken 500']);
    assert.deepEqual(await paths('status=500&method=GET&route=/api/v1/br'), ['/api/v1/broken 500']);
    assert.deepEqual(await paths('username=wanted&status_class=2xx'), []);
    assert.deepEqual(await paths('route=/api/v1/role%25'), []);
    const later = new Date(Date.now() + 60_000).toISOString();
    assert.equal((await listed(`created_at_from=${later}`)).total, 0);
    assert.ok((await listed(`created_at_to=${later}`)).total > 3);
    await t.system.unscoped('request_logs', why).insert({ ...row, path: '/api/v1/slow', duration_ms: 700_000 });
    assert.deepEqual(await paths('duration_ms_from=600000'), ['/api/v1/slow 200']);
    assert.deepEqual((await paths('order_by=-duration_ms&page_size=1'))[0], '/api/v1/slow 200');
    for (const bad of ['order_by=path', 'status_class=6xx', 'page_size=201', 'duration_ms_from=-1', 'method=x', 'x=1'])
      assert.equal((await t.admin.get(`request-logs?${bad}`)).status, 400, bad);
    const few = await t.admin.get('request-logs?page_size=2');
    const many = await t.admin.get('request-logs?page_size=50');
    assert.deepEqual([few.statements, many.statements], [3, 3]);
  });

  test('is read in the scope of the reader', async () => {
    const north = await t.as({ username: 'from-north', dept: 'NORTH' });
    await north.get('users/me');
    await t.anonymous.get('users/me');
    const seen = async (client: Client) =>
      new Set((await listed('page_size=200', client)).items.map((row: { username: string | null }) => row.username));
    const all = await seen(await t.as({ permissions: reading, scope: 'all' }));
    assert.ok(all.has('from-north') && all.has('admin') && all.has(null));
    const some = await t.as({ permissions: reading, scope: 'dept', dept: 'NORTH', username: 'northern' });
    assert.deepEqual([...(await seen(some))], ['from-north']);
    const none = await t.as({ permissions: reading, scope: 'dept', dept: 'SOUTH', username: 'southern' });
    assert.deepEqual([...(await seen(none))], []);
    assert.equal((await listed(`user_id=${north.userId}`, none)).total, 0);
    const nobody = await t.as({ permissions: [] });
    assert.equal((await nobody.get('request-logs')).status, 403);
    assert.equal((await nobody.get('request-logs/sampling')).status, 403);
    assert.deepEqual((await some.get('request-logs/sampling')).body.data, { percent: 100, slow_ms: 1000, days: 30 });
  });

  test('stays when its user goes, and is pruned when it is too old', async () => {
    const person = await t.as({ username: 'leaving' });
    await person.get('users/me');
    await t.admin.delete(`users/${person.userId}`);
    assert.equal((await listed('username=leaving')).total, 1);
    assert.equal(await pruneRequestLogs(t.system), 0);
    await write(t);
    const before = (await stored(t)).length;
    elapsedMs = 31 * DAY_MS;
    await t.system.unscoped('request_logs', why).insert({ ...row, created_at: t.environment.now(), path: '/new' });
    assert.equal(await pruneRequestLogs(t.system), before);
    assert.deepEqual(
      (await stored(t)).map(({ path }) => path),
      ['/new'],
    );
    elapsedMs = 0;
  });
});

const row = {
  created_at: new Date(),
  request_id: 'r',
  trace_id: 't',
  method: 'GET',
  path: '/',
  status: 200,
  duration_ms: 1,
  bytes: 0,
};

describe('which requests are stored', () => {
  const sampled = async (settings: Record<string, string>, send: (t: TestApp) => Promise<void>) => {
    const t = await testApp({ settings, prepare });
    try {
      await send(t);
      await write(t);
      return (await stored(t)).map(({ trace_id, status }) => ({ trace_id, status }));
    } finally {
      await t.close();
    }
  };

  test('none, unless the setting says so', async () => {
    const rows = await sampled({}, async (t) => {
      await t.admin.get('users/me');
      await t.admin.get('broken');
      const { text } = await t.admin.get('request-logs/sampling');
      assert.match(text, /"percent":0/);
    });
    assert.deepEqual(rows, []);
  });

  test('the part that the setting says, by the trace; what failed always', async () => {
    const answered: string[] = [];
    let failed = '';
    const rows = await sampled({ REQUEST_LOG_PERCENT: '30' }, async (t) => {
      for (let sent = 0; sent < 200; sent++)
        answered.push(String((await t.admin.get('users/me')).headers['x-trace-id']));
      failed = String((await t.admin.get('broken')).headers['x-trace-id']);
    });
    const wanted = answered.filter((id) => Number.parseInt(id.slice(-8), 16) / 2 ** 32 < 0.3);
    assert.ok(wanted.length > 20 && wanted.length < 110, String(wanted.length));
    assert.deepEqual(
      rows.map(({ trace_id }) => trace_id),
      [...wanted, failed],
    );
    assert.equal(rows.at(-1)?.status, 500);
  });

  test('what was slow always', () => {
    const records = new RequestRecords({ percent: 1, slowMs: 50, now: () => new Date() });
    // The last digits of this trace are the highest of all.
    for (const ms of [49.9, 50, 5000]) records.take(...exchange('f'.repeat(32)), ms);
    const taken: number[] = [];
    return records
      .writeBy(async (some) => void taken.push(...some.map(({ duration_ms }) => duration_ms)))
      .then(() => assert.deepEqual(taken, [50, 5000]));
  });
});

/** As much of a request and its answer as is looked at. */
const exchange = (traceId = '0'.repeat(32)) =>
  [
    { id: 'x', method: 'GET', url: '/api/v1/x', trace: { traceId }, routeOptions: { config: {} }, headers: {} },
    { statusCode: 200, getHeader: () => undefined },
  ] as unknown as [Parameters<RequestRecords['take']>[0], Parameters<RequestRecords['take']>[1]];

describe('requests on their way into the database', () => {
  const make = (most: number) => new RequestRecords({ percent: 100, slowMs: 0, now: () => new Date(), most });

  test('wait while the database is away, up to a number; what is lost beyond it is counted', async () => {
    const records = make(450);
    for (let sent = 0; sent < 500; sent++) records.take(...exchange(), sent);
    assert.equal(records.dropped, 50);
    await assert.rejects(
      records.writeBy(async () => Promise.reject(new Error('away'))),
      /away/,
    );
    const sizes: number[] = [];
    const first: number[] = [];
    await records.writeBy(async (some) => {
      sizes.push(some.length);
      first.push(some[0]?.duration_ms ?? -1);
    });
    assert.deepEqual(
      [sizes, first],
      [
        [200, 200, 50],
        [0, 200, 400],
      ],
    );
    records.take(...exchange(), 1);
    assert.equal(records.dropped, 50);
  });

  test('are written once, also when two ask at the same time, and before their time when many wait', async () => {
    const records = make(5000);
    let early = 0;
    records.writesEarlyBy(() => {
      early += 1;
    });
    for (let sent = 0; sent < 1999; sent++) records.take(...exchange(), 1);
    assert.equal(early, 1);
    let written = 0;
    const write = async (some: readonly unknown[]) => {
      await Promise.resolve();
      written += some.length;
    };
    await Promise.all([records.writeBy(write), records.writeBy(write)]);
    assert.equal(written, 1999);
  });

  test('are written when the service stops, and lost ones are told to Prometheus', async () => {
    const t = await testApp({
      settings: { REQUEST_LOG_PERCENT: '100', METRICS_TOKEN: 'a token of a test' },
    });
    const beside = await testApp({ beside: t });
    try {
      const { headers } = await t.admin.get('users/me');
      const { text } = await t.anonymous.get('/metrics', { headers: { authorization: 'Bearer a token of a test' } });
      assert.match(text, /^request_log_dropped_total 0$/m);
      assert.deepEqual(await stored(beside), []);
      await t.app.close();
      const rows = await stored(beside);
      assert.deepEqual(
        rows.map((one) => one.request_id),
        [headers['x-request-id']],
      );
    } finally {
      await beside.close();
      await t.close();
    }
  });
});
