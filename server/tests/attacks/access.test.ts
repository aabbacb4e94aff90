import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { before, describe, test } from 'node:test';
import { type Client, useApp } from '#tests/harness.ts';
import { buildApp } from '../../app.ts';

const why = 'a test looks at what is stored';

describe('attacks on permissions and rows', () => {
  const t = useApp();
  let port: number;
  before(async () => {
    await t.app.listen({ host: '127.0.0.1', port: 0 });
    port = (t.app.server.address() as AddressInfo).port;
  });

  const stored = (id: number) =>
    t.system.unscoped('users', why).select().selectAll().where('id', '=', id).executeTakeFirst();
  let made = 0;
  const makeUser = async (dept?: string) => {
    made += 1;
    const found =
      dept && (await t.system.unscoped('depts', why).select().select('id').where('code', '=', dept).executeTakeFirst());
    const fields = { username: `victim-${made}`, email: `victim-${made}@example.com`, password: 'testpassword' };
    const { body } = await t.admin.post('users', { ...fields, ...(found && { dept_id: found.id }) });
    return body.data.id as number;
  };

  /** Sends an address as it stands; other clients tidy it up first. */
  const raw = (path: string, client: Client, method = 'GET', headers: Record<string, string> = {}) =>
    new Promise<{ status: number; text: string }>((resolve, reject) => {
      const authorization = client.token ? { authorization: `Bearer ${client.token}` } : {};
      const request = httpRequest(
        { port, host: '127.0.0.1', path, method, headers: { ...authorization, ...headers } },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (chunk) => {
            text += chunk;
          });
          response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
        },
      );
      request.on('error', reject);
      request.end();
    });

  test('A16 a route that declares no permission does not exist: the program does not start with it', async () => {
    const { app } = await buildApp({ config: t.config, database: t.database, log: t.log });
    app.get('/api/v1/everybody', async () => 'open');
    await assert.rejects(async () => app.ready(), /GET \/api\/v1\/everybody/);
    await app.close();
    assert.equal((await t.anonymous.get('no-such-route')).status, 404);
  });

  test('A18 nobody disables or deletes the administrator or themselves, alone or in a batch', async () => {
    const manager = await t.as({ permissions: ['system:user:*'], scope: 'all' });
    for (const id of [t.admin.userId, manager.userId]) {
      for (const actor of id === manager.userId ? [manager] : [manager, t.admin]) {
        assert.equal((await actor.patch(`users/${id}`, { is_active: false })).status, 403);
        assert.equal((await actor.delete(`users/${id}`)).status, 403);
        assert.equal((await actor.post('users/batch-delete', { ids: [id] })).status, 409);
      }
      assert.equal((await stored(id))?.is_active, true);
    }
    assert.equal((await manager.patch(`users/${t.admin.userId}`, { email: 'mine@example.com' })).status, 403);
  });

  test('A19 a user outside the scope cannot be read, changed, deleted, listed, counted or searched', async () => {
    const [inside, outside] = [await makeUser('NORTH-RD'), await makeUser('SOUTH-RD')];
    const before = await stored(outside);
    for (const scope of ['dept', 'dept_and_below', 'custom', 'self'] as const) {
      const actor = await t.as({ permissions: ['system:user:*'], scope, dept: 'NORTH-RD', customDepts: ['NORTH-RD'] });
      const answers = [
        await actor.get(`users/${outside}`),
        await actor.patch(`users/${outside}`, { name: 'mine now' }),
        await actor.patch(`users/${outside}`, { is_active: false }),
        await actor.delete(`users/${outside}`),
      ];
      for (const { status, body } of answers) assert.deepEqual([status, body.error], [404, 'user.not_found'], scope);
      const own = (await actor.get(`users/${inside}`)).status;
      assert.equal(own, scope === 'self' ? 404 : 200, scope);
      const { body } = await actor.get('users?page_size=200');
      assert.ok(!body.data.items.some((user: { id: number }) => user.id === outside), scope);
      assert.equal(body.data.total, body.data.items.length);
      assert.deepEqual((await actor.get(`users?username=victim-${made}`)).body.data, {
        items: [],
        total: 0,
        page: 1,
        page_size: 20,
      });
    }
    assert.deepEqual(await stored(outside), before);
  });

  test('A20 a batch with one row that is not yours changes nothing, and tells only that it is not there', async () => {
    const [mine, foreign] = [await makeUser('NORTH-RD'), await makeUser('SOUTH-RD')];
    const actor = await t.as({ permissions: ['system:user:delete'], scope: 'dept', dept: 'NORTH-RD' });
    const refused = await actor.post('users/batch-delete', { ids: [mine, foreign, 999_999] });
    assert.equal(refused.status, 409);
    assert.deepEqual(refused.body.details, [
      { path: 'ids.1', message: '用户不存在' },
      { path: 'ids.2', message: '用户不存在' },
    ]);
    assert.ok((await stored(mine)) && (await stored(foreign)));
    assert.equal((await actor.post('users/batch-delete', { ids: [mine] })).status, 200);
  });

  test('A22 no list is filtered or sorted by a field that cannot be read, nor by an expression', async () => {
    const queries = [
      'order_by=hashed_password',
      'order_by=-users.hashed_password',
      'order_by=id,hashed_password',
      'order_by=created_by',
      'order_by=(select 1)',
      'order_by=case when 1=1 then id else username end',
      'order_by=id desc',
      'order_by=id%00',
      'order_by[]=id',
      'hashed_password=x',
      'is_superuser=true',
      'created_by=1',
      'filter[hashed_password][like]=x',
      'fields=hashed_password',
      'include=sessions',
    ];
    for (const query of queries) assert.equal((await t.admin.get(`users?${query}`)).status, 400, query);
    assert.doesNotMatch((await t.admin.get('users?page_size=200')).text, /hashed_password|argon2/);
  });

  test('A25 no body sets what it may not: rights, owner, key, hash, times', async () => {
    const id = await makeUser();
    const before = await stored(id);
    const fresh = { username: 'massive', email: 'massive@example.com', password: 'testpassword' };
    const fields: Record<string, unknown> = {
      id: 1,
      is_superuser: true,
      hashed_password: '$argon2id$mine',
      must_change_password: false,
      created_by: 1,
      created_at: '2020-01-01T00:00:00Z',
      updated_at: '2020-01-01T00:00:00Z',
      last_sign_in_at: '2020-01-01T00:00:00Z',
      roles: [1],
      permissions: ['*:*:*'],
      constructor: {},
      IS_SUPERUSER: true,
      'is_superuser ': true,
    };
    const me = await t.as({ permissions: [] });
    for (const [name, value] of Object.entries(fields)) {
      const extra = { [name]: value };
      assert.equal((await t.admin.post('users', { ...fresh, ...extra })).status, 400, name);
      assert.equal((await t.admin.patch(`users/${id}`, extra)).status, 400, name);
      assert.equal((await me.patch('users/me', extra)).status, 400, name);
    }
    assert.equal((await t.admin.post('users', { ...fresh, version: 7 })).status, 400);
    assert.deepEqual(await stored(id), before);
    assert.equal((await stored(me.userId))?.is_superuser, false);
    assert.equal(
      await t.system.unscoped('users', why).select().select('id').where('username', '=', 'massive').executeTakeFirst(),
      undefined,
    );
  });

  test('A27 no spelling of an address passes the permission of its route', async () => {
    const nobody = await t.as({ permissions: [] });
    const victim = await makeUser();
    const spellings = [
      '/API/v1/users',
      '/api/V1/users',
      '/api/v1/Users',
      '/api/v1/USERS/',
      '//api/v1/users',
      '/api/v1//users',
      '/api/v1/users//',
      '/api/v1/./users',
      '/api/v1/auth/../users',
      '/api/v1/auth/..%2fusers',
      '/api/v1/%2e%2e/v1/users',
      '/healthz/../api/v1/users',
      '/docs/../api/v1/users',
      '/api/v1/%75sers',
      '/api/v1/users%2f',
      '/api/v1/users%2F1',
      '/api/v1%2fusers',
      '/api/v1/users;x=1',
      '/api/v1/users.json',
      '/api/v1/users.',
      '/api/v1/users%20',
      '/api/v1/users%00',
      '/api/v1/users%23',
      '/api/v1/users%3f',
      '/api/v1/users\\',
      '/api/v1/users?_method=DELETE',
      '/api/v1/users?access=public',
      '/healthz?/api/v1/users',
      `/api/v1/users/${victim}.json`,
      `/api/v1/users/${victim}%2f`,
      `/api/v1/users/${victim};a`,
      '/api/v1/users/me/../1',
      '/docs/..%2f..%2fpackage.json',
      '/docs/static/..%2f..%2f..%2fpackage.json',
      '/docs/static/%2e%2e/%2e%2e/package.json',
      '/redoc/../openapi.json',
      '/redoc/..%2f..%2fserver/config.ts',
    ];
    const open = ['/healthz?/api/v1/users', '/healthz'];
    for (const path of spellings) {
      for (const client of [t.anonymous, nobody]) {
        const { status, text } = await raw(path, client);
        const allowed = open.includes(path) ? [200] : [400, 401, 403, 404];
        assert.ok(allowed.includes(status), `${path} answers ${status}`);
        assert.doesNotMatch(text, /victim-|"dependencies"|SETTINGS/, path);
      }
    }
    assert.equal((await raw('/api/v1/users', t.admin)).status, 200);
  });

  test('A27 no header changes the method or the address of a request', async () => {
    const reader = await t.as({ permissions: ['system:user:query'] });
    const victim = await makeUser();
    for (const name of ['x-http-method-override', 'x-http-method', 'x-method-override', '_method'])
      await raw(`/api/v1/users/${victim}`, t.admin, 'GET', { [name]: 'DELETE' });
    assert.ok(await stored(victim));
    const nobody = await t.as({ permissions: [] });
    for (const name of ['x-original-url', 'x-rewrite-url', 'x-forwarded-uri', 'x-forwarded-prefix']) {
      assert.equal((await raw('/api/v1/users', nobody, 'GET', { [name]: '/healthz' })).status, 403, name);
      assert.doesNotMatch((await raw('/healthz', t.anonymous, 'GET', { [name]: '/api/v1/users' })).text, /victim-/);
    }
    for (const method of ['HEAD', 'OPTIONS', 'TRACE', 'PUT', 'PROPFIND', 'QUERY'])
      assert.ok([400, 403, 404, 405].includes((await raw(`/api/v1/users/${victim}`, reader, method)).status), method);
    assert.ok(await stored(victim));
  });

  test('A27 an absolute or broken request line reaches nothing that is closed', async () => {
    const send = (text: string) =>
      new Promise<string>((resolve) => {
        let answer = '';
        const socket = connect(port, '127.0.0.1', () => socket.end(text));
        socket.setEncoding('utf8');
        socket.on('data', (chunk) => {
          answer += chunk;
        });
        socket.on('close', () => resolve(answer));
        socket.on('error', () => resolve(answer));
      });
    const end = ' HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
    for (const line of [
      'GET http://x/api/v1/users',
      'GET http://x/healthz/../api/v1/users',
      'GET api/v1/users',
      'GET *',
    ])
      assert.match(await send(line + end), /^HTTP\/1\.1 4\d\d /, line);
    const smuggled =
      'POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /api/v1/users HTTP/1.1\r\nHost: x\r\n\r\n';
    const answer = await send(smuggled);
    assert.match(answer, /^HTTP\/1\.1 400 /);
    assert.equal(answer.match(/HTTP\/1\.1/g)?.length, 1);
    for (const text of [
      '\0\0\0\r\n\r\n',
      'GET /healthz HTTP/9.9\r\n\r\n',
      `GET /healthz HTTP/1.1\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`,
    ])
      assert.match(await send(text), /^HTTP\/1\.1 4\d\d [\s\S]*"request_id"/, text.slice(0, 20));
  });

  test('A28 a hundred requests of two users at once never mix', async () => {
    const [north, south] = [
      await t.as({ permissions: ['system:user:query'], scope: 'dept', dept: 'NORTH-RD', username: 'north' }),
      await t.as({ permissions: [], scope: 'self', dept: 'SOUTH-RD', username: 'south' }),
    ];
    t.environment.access.forgetActors();
    const answers = await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        const client = index % 2 === 0 ? north : south;
        const headers = { 'accept-language': index % 3 === 0 ? 'en' : 'zh-CN' };
        const [me, list] = await Promise.all([client.get('users/me', { headers }), client.get('users', { headers })]);
        return { index, me, list };
      }),
    );
    for (const { index, me, list } of answers) {
      assert.equal(me.body.data.username, index % 2 === 0 ? 'north' : 'south');
      assert.equal(me.body.message, index % 3 === 0 ? 'User found' : '获取用户信息成功');
      assert.equal(list.status, index % 2 === 0 ? 200 : 403);
    }
  });
});
