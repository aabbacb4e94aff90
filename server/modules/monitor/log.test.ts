import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type TestApp, testApp, useApp } from '#tests/harness.ts';
import { until } from '#tests/work.ts';

const redisUrl = process.env['TEST_REDIS_URL'] ?? '';
const why = 'a test looks at what is stored';

describe('log levels', () => {
  let elapsedMs = 0;
  const t = useApp({
    now: () => new Date(Date.now() + elapsedMs),
    settings: { LOG_LEVEL: 'warn', LOG_LEVELS: 'http=info,auth=error' },
  });
  const levelOf = async (module: string) => {
    const { body } = await t.admin.get('monitor/log-level');
    return body.data.modules.find((one: { module: string }) => one.module === module);
  };

  test('come from the settings, for each module its own', async () => {
    const { body } = await t.admin.get('monitor/log-level');
    assert.deepEqual([body.data.level, body.data.until], ['warn', null]);
    assert.deepEqual(await levelOf('auth'), { module: 'auth', level: 'error', until: null });
    assert.deepEqual(await levelOf('user'), { module: 'user', level: 'warn', until: null });
    assert.ok(
      t.logLines.some((line) => line.includes('"msg":"request"')),
      'http logs its lines',
    );
  });

  test('are changed for one module or for all, and are back when the time is over', async () => {
    const changed = await t.admin.put('monitor/log-level', { module: 'http', level: 'error', minutes: 5 });
    assert.equal(changed.status, 200, changed.text);
    const before = t.logLines.length;
    await t.admin.get('users');
    assert.equal(t.logLines.length, before);
    await t.admin.put('monitor/log-level', { level: 'debug', minutes: 10 });
    assert.equal((await levelOf('user')).level, 'debug');
    assert.equal((await levelOf('http')).level, 'error', 'what is said of a module counts before what is said of all');
    elapsedMs = 6 * 60_000;
    t.log.levels.expire();
    assert.equal((await levelOf('http')).level, 'debug', 'what was said of all is still there');
    elapsedMs = 11 * 60_000;
    t.log.levels.expire();
    assert.deepEqual(await levelOf('http'), { module: 'http', level: 'info', until: null });
    assert.equal(t.app.log.level, 'warn');
    await t.admin.put('monitor/log-level', { level: 'trace' });
    assert.equal(t.app.log.level, 'trace');
    await t.admin.put('monitor/log-level', { level: null });
    assert.equal(t.app.log.level, 'warn');
    assert.ok(t.logLines.some((line) => line.includes('log level changed') && line.includes('"user_id"')));
  });

  test('leave a record of what was changed, to what and for how long', async () => {
    const details = async () => (await t.admin.get('audit-logs?action=call')).body.data.items[0].detail;
    const call = { method: 'PUT', route: '/monitor/log-level' };
    await t.admin.put('monitor/log-level', { module: 'user', level: 'debug', minutes: 30 });
    assert.deepEqual(await details(), { ...call, body: { module: 'user', level: 'debug', minutes: 30 } });
    await t.admin.put('monitor/log-level', { level: null });
    assert.deepEqual(await details(), { ...call, body: { level: null, minutes: 60 } });
    await t.admin.put('monitor/log-level', { module: 'user', level: null });
  });

  test('are changed by those who may, within limits', async () => {
    const reader = await t.as({ permissions: ['monitor:log:query'] });
    assert.equal((await reader.get('monitor/log-level')).status, 200);
    assert.equal((await reader.put('monitor/log-level', { level: 'debug' })).status, 403);
    const nobody = await t.as({ permissions: [] });
    for (const path of ['monitor/log-level', 'monitor/logs']) assert.equal((await nobody.get(path)).status, 403);
    const unknown = await t.admin.put('monitor/log-level', { level: 'debug', module: 'no-such' });
    assert.deepEqual([unknown.status, unknown.body.error], [400, 'monitor.module_unknown']);
    for (const body of [{}, { level: 'loud' }, { level: 'info', minutes: 1441 }, { level: 'info', module: 'A b' }])
      assert.equal((await t.admin.put('monitor/log-level', body)).status, 400, JSON.stringify(body));
  });
});

describe('lines of the log', () => {
  const t = useApp({ settings: { SLOW_REQUEST_MS: '1', SLOW_QUERY_MS: '1' } });
  const find = async (query: string) => (await t.admin.get(`monitor/logs?${query}`)).body.data.items;

  test('name the request, its trace, who sent it, the route, the status, the time and the size', async () => {
    const user = await t.as({ permissions: ['system:user:query'] });
    const answer = await user.get('users');
    const line = t.logLines
      .map((text) => JSON.parse(text))
      .find((one) => one.request_id === answer.headers['x-request-id']);
    const { time: _time, duration_ms: duration, msg: _msg, level: _level, ...rest } = line;
    assert.ok(duration > 0);
    assert.deepEqual(rest, {
      module: 'http',
      request_id: answer.headers['x-request-id'],
      trace_id: answer.headers['x-trace-id'],
      method: 'GET',
      route: '/api/v1/users',
      status: 200,
      bytes: Buffer.byteLength(answer.text),
      user_id: user.userId,
      session_id: user.sessionId,
      address: '127.0.0.1',
    });
  });

  test('warn of slow requests and slow statements, without the values', async () => {
    const secret = 'value-of-a-statement-Zq7';
    const many = Array.from({ length: 2000 }, (_, index) => `${secret}${index}`);
    await t.system.unscoped('users', why).select().select('id').where('username', 'in', many).execute();
    const slow = t.logLines.map((text) => JSON.parse(text)).filter(({ msg }) => msg === 'slow statement');
    assert.ok(slow.length > 0);
    assert.ok(
      slow.every(
        ({ level, module, sql, duration_ms: ms }) => level === 'warn' && module === 'database' && sql && ms >= 1,
      ),
    );
    assert.ok(!t.logLines.join('').includes(secret));
    await t.anonymous.post('auth/login', { username: 'admin', password: 'wrong' });
    assert.ok(t.logLines.some((line) => line.includes('"msg":"slow request"') && line.includes('/auth/login')));
  });

  test('are found by level, module, text and number, the newest first and never too many', async () => {
    t.log.levels.logger('mail').error({ password: 'hidden-Zq7' }, 'a line to look for');
    const [line, ...others] = await find('keyword=LINE%20to%20look');
    assert.equal(others.length, 0);
    assert.deepEqual(
      [line.level, line.module, line.message, line.fields],
      ['error', 'mail', 'a line to look for', '{"password":"[redacted]"}'],
    );
    assert.deepEqual((await find('module=mail')).length, 1);
    const errors = await find('level=error');
    assert.ok(errors.length > 0 && errors.every((one: { level: string }) => ['error', 'fatal'].includes(one.level)));
    const newest = await find('limit=3');
    assert.equal(newest.length, 3);
    assert.ok(newest[0].number > newest[1].number);
    assert.ok(
      (await find(`after=${newest[0].number}`)).every((one: { number: number }) => one.number > newest[0].number),
    );
    for (let count = 0; count < 2500; count++) t.log.logger.info('filler');
    t.log.flush();
    assert.equal((await find('keyword=line%20to%20look')).length, 0, 'only the last lines are kept');
    assert.equal((await find('limit=500')).length, 500);
    assert.equal((await t.admin.get('monitor/logs?limit=501')).status, 400);
  });
});

describe('the trace of a request', () => {
  const t = useApp({ settings: { TRUSTED_PROXIES: '10.0.0.0/8' } });
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const answered = async (traceparent: string, remoteAddress: string) =>
    (await t.anonymous.get('/healthz', { headers: { traceparent }, remoteAddress })).headers['x-trace-id'];

  test('A13 is taken over from a trusted proxy, and from nobody else', async () => {
    const header = `00-${traceId}-b7ad6b7169203331-01`;
    assert.equal(await answered(header, '10.1.2.3'), traceId);
    assert.notEqual(await answered(header, '192.0.2.1'), traceId);
    assert.equal(await answered(`cc-${traceId}-b7ad6b7169203331-01-more`, '10.1.2.3'), traceId);
  });

  test('is its own where the header breaks the rules', async () => {
    const zeros = '0'.repeat(32);
    for (const header of [
      `00-${zeros}-b7ad6b7169203331-01`,
      `00-${traceId}-0000000000000000-01`,
      `ff-${traceId}-b7ad6b7169203331-01`,
      `00-${traceId}-b7ad6b7169203331-01-more`,
      `00-${traceId.toUpperCase()}-b7ad6b7169203331-01`,
      `00-${traceId}-b7ad6b7169203331`,
      'nonsense',
    ]) {
      const own = await answered(header, '10.1.2.3');
      assert.match(String(own), /^[0-9a-f]{32}$/, header);
      assert.notEqual(own, traceId, header);
      assert.notEqual(own, zeros);
    }
  });
});

describe('two instances', { skip: redisUrl === '' && 'TEST_REDIS_URL is not set' }, () => {
  let first: TestApp;
  let second: TestApp;
  before(async () => {
    const settings = { REDIS_URL: redisUrl };
    first = await testApp({ settings });
    second = await testApp({ settings, beside: first });
    for (const instance of [first, second])
      await until('Redis is there', async () => (await instance.anonymous.get('/readyz')).body.redis === 'ok');
  });
  after(async () => {
    await second.close();
    await first.close();
  });

  test('change their levels together', async () => {
    await first.admin.put('monitor/log-level', { module: 'user', level: 'trace', minutes: 5 });
    await until('the second has heard', async () => second.log.levels.levelOf('user') === 'trace');
    await second.admin.put('monitor/log-level', { module: 'user', level: null });
    await until('the first has heard', async () => first.log.levels.levelOf('user') === 'debug');
  });
});
