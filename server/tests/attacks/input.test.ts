import assert from 'node:assert/strict';
import { type AddressInfo, connect } from 'node:net';
import { describe, test } from 'node:test';
import { features } from '#modules/index.ts';
import { TEST_PASSWORD, useApp } from '#tests/harness.ts';

const why = 'a test looks at what is stored';
const credentials = { username: 'admin', password: TEST_PASSWORD };
const json = { headers: { 'content-type': 'application/json' } };

describe('attacks by input', () => {
  const t = useApp({ settings: { REQUEST_TIMEOUT_MS: '1000' } });
  const fresh = { username: 'input', email: 'input@example.com', password: 'testpassword' };
  const users = async () => (await t.system.unscoped('users', why).select().select('id').execute()).length;

  test('A33 a name that a spreadsheet would run is only text in an export; there are no imports', async () => {
    const formulas = ['=cmd|"/c calc"!A1', '+1+1', '-2+3', '@SUM(A1)', '\t=1+1', '\r=1+1', '=1,"2"\n=3'];
    for (const [index, name] of formulas.entries()) {
      const user = { ...fresh, username: `formula${index}`, email: `formula${index}@example.com`, name };
      const created = await t.admin.post('users', user);
      assert.deepEqual([created.status, created.body.data?.name], [200, name], name);
    }
    const { text } = await t.admin.post('users/export', { keyword: 'formula' });
    const cells = [...text.matchAll(/"((?:[^"]|"")*)"|([^,\r\n]+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
    for (const name of formulas) assert.ok(cells.includes(`'${name.replaceAll('"', '""')}`), `${name}: ${text}`);
    for (const cell of cells) assert.doesNotMatch(cell, /^[=+\-@\t\r]/, cell);
  });

  test('A29 SQL in a parameter is a text like any other', async () => {
    const before = await users();
    const texts = [
      "' or '1'='1",
      "'; drop table users; --",
      "\\' or 1=1 -- ",
      '\\',
      "\\'",
      '" or ""="',
      '1) union select hashed_password from users --',
      "'||(select hashed_password from users limit 1)||'",
      "' and sleep(50) #",
      "'; select pg_sleep(50) --",
      '%',
      '_%',
      '\u02bc or 1=1',
      '¿\'" or 1=1 -- ',
      '{{7*7}}<%= 7*7 %>',
      '?',
      ':1',
      '$1',
      '@@version',
    ];
    for (const text of texts) {
      const start = performance.now();
      for (const field of ['keyword', 'username', 'email', 'name', 'phone']) {
        const { status, body } = await t.admin.get('users', { query: { [field]: text.slice(0, 20) } });
        assert.equal(status, 200, `${field}=${text}`);
        assert.deepEqual(
          body.data.items.filter((user: { username: string }) => user.username === 'admin' && !/^[%_]/.test(text)),
          [],
        );
      }
      for (const field of ['order_by', 'page', 'dept_id', 'is_active', 'created_at_from'])
        assert.equal((await t.admin.get('users', { query: { [field]: text } })).status, 400, `${field}=${text}`);
      assert.equal((await t.admin.get(`users/${encodeURIComponent(text)}`)).status, 400, text);
      assert.ok((await t.anonymous.post('auth/login', { username: text, password: text })).status === 401, text);
      assert.ok(performance.now() - start < 40_000, `${text} was executed`);
      const created = await t.admin.post('users', { ...fresh, name: text.slice(0, 50), remark: text });
      assert.deepEqual([created.body.data.name, created.body.data.remark], [text.slice(0, 50), text]);
      const found = await t.admin.get('users', { query: { name: text.slice(0, 50) } });
      assert.ok(
        found.body.data.items.some((user: { id: number }) => user.id === created.body.data.id),
        text,
      );
      await t.admin.delete(`users/${created.body.data.id}`);
    }
    assert.equal(await users(), before);
  });

  test('A34 prototype pollution is refused, and pollutes nothing', async () => {
    const bodies = [
      '{"__proto__":{"is_superuser":true},"username":"p1","email":"p1@example.com","password":"testpassword"}',
      '{"constructor":{"prototype":{"is_superuser":true}},"username":"p2","email":"p2@example.com","password":"testpassword"}',
      '{"username":"p3","email":"p3@example.com","password":"testpassword","name":{"__proto__":{"x":1}}}',
      '{"prototype":{"x":1}}',
    ];
    for (const body of bodies) assert.equal((await t.admin.post('users', body, json)).status, 400, body);
    for (const query of ['__proto__[polluted]=1', '__proto__=1', 'constructor=1', 'toString=1', 'hasOwnProperty=1'])
      assert.equal((await t.admin.get(`users?${query}`)).status, 400, query);
    const form = '__proto__=1&constructor=1&username=x&password=y';
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    assert.equal((await t.anonymous.post('auth/token', form, { headers })).body.error, 'invalid_grant');
    const probe: Record<string, unknown> = {};
    assert.deepEqual([probe['polluted'], probe['is_superuser'], probe['x']], [undefined, undefined, undefined]);
  });

  test('A34 NUL and lone surrogates are refused wherever text comes in', async () => {
    for (const text of ['a\\u0000b', '\\ud800', 'x\\udc00x', '\\ud83d']) {
      for (const body of [`{"username":"${text}"}`, `{"${text}":1}`, `{"remark":["${text}"]}`, `"${text}"`]) {
        const { status, body: answer } = await t.admin.post('users', body, json);
        assert.deepEqual([status, answer.error], [400, 'request.malformed'], body);
      }
    }
    for (const path of ['users?keyword=a%00b', 'users/%00', 'users%00', 'users?%00=1'])
      assert.equal((await t.admin.get(path)).status, 400, path);
    for (const path of ['users?keyword=%ED%A0%80', 'users?keyword=%ff', 'users?keyword=%zz', 'users?keyword=%'])
      assert.ok([200, 400].includes((await t.admin.get(path)).status), path);
    const emoji = await t.admin.post('users', { ...fresh, username: 'emoji', email: 'emoji@example.com', name: '😀' });
    assert.equal(emoji.body.data.name, '😀');
  });

  test('A34 numbers, lists and texts beyond all bounds answer 400', async () => {
    for (const value of [
      '1e308',
      '-1e308',
      '1e400',
      '9007199254740992',
      '99999999999999999999',
      '-0',
      '-1',
      '0.5',
      'NaN',
      'Infinity',

      '',
    ]) {
      for (const path of [`users?page=${value}`, `users?page_size=${value}`, `users?dept_id=${value}`])
        assert.equal((await t.admin.get(path)).status, 400, path);
      // An empty key is the list itself.
      if (value !== '') assert.equal((await t.admin.get(`users/${value}`)).status, 400, value);
    }
    for (const dept_id of [1e308, -1, 0, 0.5, 2 ** 53, '1', [1], {}, true])
      assert.equal((await t.admin.post('users', { ...fresh, dept_id })).status, 400, String(dept_id));
    assert.equal((await t.admin.post('users', `{"username":${'1'.repeat(400)}}`, json)).status, 400);
    const many = Array.from({ length: 100_000 }, (_, index) => index + 1);
    assert.equal((await t.admin.post('users/batch-delete', { ids: many })).status, 400);
    assert.equal((await t.admin.get(`users?keyword=${'x'.repeat(51)}`)).status, 400);
    assert.equal((await t.admin.get(`users?order_by=${Array(50).fill('id').join()}`)).status, 400);
    assert.equal((await t.admin.get(`users/${'9'.repeat(5000)}`)).status, 400);
  });

  test('A34 the least and the greatest number that a query takes fit the column that it asks for', async (context) => {
    interface Numeric {
      readonly type?: string;
      readonly minimum?: number;
      readonly maximum?: number;
    }
    const asked: string[] = [];
    for (const { method, path, query, isStream } of features(t.config, t.tokens).flatMap(
      ({ routes }) => routes ?? [],
    )) {
      if (method !== 'GET' || isStream) continue;
      const properties = (query as { properties?: Record<string, Numeric> } | undefined)?.properties ?? {};
      for (const [name, { type, minimum, maximum }] of Object.entries(properties)) {
        if (type !== 'integer') continue;
        for (const value of [minimum, maximum]) {
          const url = `${path.slice(1).replace(/:\w+/g, '1')}?${name}=${value}`;
          const { status, text } = await t.admin.get(url);
          assert.ok(value !== undefined && status < 500, `${url}: ${status} ${text}`);
          asked.push(url);
        }
      }
    }
    assert.ok(asked.some((url) => url.includes('audit-logs?actor_id=')));
    context.diagnostic(`${asked.length} requests`);
  });

  test('A34 deep nesting and big bodies are refused before they cost anything', async () => {
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ] as const) {
      const depth = 100_000;
      const body = `{"username":${open.repeat(depth)}1${close.repeat(depth)}}`;
      const start = performance.now();
      const { status } = await t.admin.post('users', body, json);
      assert.ok([400, 413].includes(status), `${open}: ${status}`);
      assert.ok(performance.now() - start < 10_000);
    }
    const big = await t.admin.post('users', `{"remark":"${'x'.repeat(10_000_000)}"}`, json);
    assert.deepEqual([big.status, big.body.error], [413, 'request.body_too_large']);
    const anonymous = await t.anonymous.post('users', `{"remark":"${'x'.repeat(900_000)}"}`, json);
    assert.equal(anonymous.status, 401, 'who may not come in is not read');
  });

  test('A34 other kinds of content are refused', async () => {
    for (const type of [
      'text/plain',
      'application/xml',
      'multipart/form-data; boundary=x',
      'application/x-www-form-urlencoded',
      'application/jsonp',
      'x',
      'application/json;charset',
    ]) {
      const { status, body } = await t.admin.post('users', 'username=x', { headers: { 'content-type': type } });
      assert.ok(status === 415 || (status === 400 && type.startsWith('application/json;')), `${type}: ${status}`);
      assert.ok(body.error.startsWith('request.'));
    }
  });

  test('A34 a request that never ends is ended', async () => {
    await t.app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = t.app.server.address() as AddressInfo;
    const slow = (text: string) =>
      new Promise<string>((resolve) => {
        let answer = '';
        const socket = connect(port, '127.0.0.1', () => socket.write(text));
        socket.setEncoding('utf8');
        socket.on('data', (chunk) => {
          answer += chunk;
        });
        socket.on('close', () => resolve(answer));
        socket.on('error', () => undefined);
      });
    const answers = await Promise.all([
      slow('GET /healthz HTTP/1.1\r\nHost: x\r\n'),
      slow(
        'POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{"user',
      ),
    ]);
    for (const answer of answers) assert.match(answer, /^HTTP\/1\.1 408 [\s\S]*"error":"request.timed_out"/);
  });
});

describe('attacks from other sites', () => {
  const t = useApp();
  const cookieOf = async () => {
    const { headers } = await t.anonymous.post('auth/login', credentials);
    return String(headers['set-cookie']).split(';')[0] ?? '';
  };

  test('A37 a cookie that another site sends along continues nothing, and is not used up', async () => {
    const cookie = await cookieOf();
    const refresh = (headers: Record<string, string>) =>
      t.anonymous.post('auth/refresh', undefined, { headers: { cookie, ...headers } });
    for (const site of ['cross-site', 'same-site', 'anything']) {
      const { status, headers } = await refresh({ 'sec-fetch-site': site, origin: 'https://evil.example' });
      assert.equal(status, 403, site);
      assert.equal(headers['set-cookie'], undefined);
      assert.equal(headers['access-control-allow-origin'], undefined);
    }
    assert.equal((await refresh({ 'sec-fetch-site': 'same-origin' })).status, 200);
  });

  test('A37 a cookie alone reads and changes nothing', async () => {
    const headers = { cookie: await cookieOf() };
    assert.equal((await t.anonymous.get('users/me', { headers })).status, 401);
    assert.equal((await t.anonymous.post('auth/logout', undefined, { headers })).status, 401);
    assert.equal((await t.anonymous.post('users', {}, { headers })).status, 401);
  });

  test('A37 a form of another site signs nobody in', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded', origin: 'https://evil.example' };
    const form = new URLSearchParams(credentials).toString();
    const answer = await t.anonymous.post('auth/login', form, { headers });
    assert.deepEqual([answer.status, answer.headers['set-cookie']], [415, undefined]);
    const plain = JSON.stringify(credentials);
    assert.equal(
      (await t.anonymous.post('auth/login', plain, { headers: { 'content-type': 'text/plain' } })).status,
      415,
    );
    const token = await t.anonymous.post('auth/token', form, { headers });
    assert.deepEqual(
      [token.status, token.headers['set-cookie']],
      [200, undefined],
      'the token endpoint sets no cookie',
    );
  });

  test('A37 no answer may be framed, sniffed or kept', async () => {
    for (const path of ['users/me', '/healthz', '/docs', '/redoc', '/openapi.json', 'no-such-route']) {
      const { headers } = await t.admin.get(path);
      assert.equal(headers['x-content-type-options'], 'nosniff', path);
      assert.equal(headers['x-frame-options'], 'DENY', path);
      assert.match(String(headers['content-security-policy']), /frame-ancestors 'none'/, path);
      assert.doesNotMatch(String(headers['content-security-policy']), /unsafe-eval|https?:|\*/, path);
      if (!path.startsWith('/')) assert.equal(headers['cache-control'], 'no-store', path);
    }
  });
});

describe('attacks from other sites where one is allowed', () => {
  const t = useApp({ settings: { CORS_ORIGINS: 'https://admin.example.com', CORS_CREDENTIALS: 'true' } });

  test('A37 only the listed origin is answered', async () => {
    const allowed = async (origin: string) =>
      (await t.anonymous.get('/healthz', { headers: { origin } })).headers['access-control-allow-origin'];
    assert.equal(await allowed('https://admin.example.com'), 'https://admin.example.com');
    for (const origin of [
      'https://evil.example',
      'https://admin.example.com.evil.example',
      'http://admin.example.com',
      'null',
      'https://adminXexample.com',
    ])
      assert.equal(await allowed(origin), undefined, origin);
  });
});
