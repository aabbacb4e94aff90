import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, mock, test } from 'node:test';
import type { Dependency } from '#core/health.ts';
import { Type } from '#core/schema.ts';
import { defineTask } from '#core/task.ts';
import { addTask } from '#modules/task/queue.service.ts';
import { type CollectedSpan, openCollector } from '#tests/collector.ts';
import { type TestApp, testApp, useApp } from '#tests/harness.ts';
import { register, until, useWorkers } from '#tests/work.ts';

const TOKEN = 'metrics-token-Zq7-0123';

describe('the state of the server', () => {
  const t = useApp();

  test('names the process, its machine, and what it needs', async () => {
    const reader = await t.as({ permissions: ['monitor:server:query'] });
    const { status, body } = await reader.get('monitor/server');
    assert.equal(status, 200);
    const { dependencies, samples, node_version, version, load, memory_total_bytes: memory } = body.data;
    assert.deepEqual([node_version, load.length], [process.version, 3]);
    assert.match(version, /^\d+\.\d+\.\d+/);
    assert.ok(memory > 0 && samples.length > 0 && samples[0].rss_bytes > 0);
    const [database] = dependencies;
    assert.deepEqual([database.name, database.state, database.is_needed], ['database', 'ok', true]);
    assert.match(database.version, /SQLite 3|MariaDB|MySQL|PostgreSQL/);
    assert.ok(database.latency_ms > 0);
    assert.equal((await (await t.as({ permissions: [] })).get('monitor/server')).status, 403);
  });
});

test('the time of a dependency is that of its answer, not that of saying its version', async () => {
  const t = await testApp();
  let clock = 1000;
  const [database] = t.environment.dependencies as Dependency[];
  assert.ok(database);
  const takes = (ms: number) => async () => {
    clock += ms;
  };
  Object.assign(database, { check: takes(5), version: takes(500) });
  const now = mock.method(performance, 'now', () => clock);
  const { body } = await t.admin.get('monitor/server');
  now.mock.restore();
  assert.equal(body.data.dependencies[0].latency_ms, 5);
  await t.close();
});

describe('the metrics', () => {
  const t = useApp({ settings: { METRICS_TOKEN: TOKEN, METRICS_ADDRESSES: '10.9.0.0/16' } });
  const read = async (headers = {}, remoteAddress = '127.0.0.1') =>
    t.anonymous.get('/metrics', { headers, remoteAddress });
  const numberOf = (text: string, line: string) =>
    Number(
      text
        .split('\n')
        .find((one) => one.startsWith(`${line} `))
        ?.slice(line.length + 1) ?? Number.NaN,
    );

  test('A14 are for the token and the addresses alone; for others, also a signed-in administrator, they do not exist', async () => {
    assert.equal((await read({ authorization: `Bearer ${TOKEN}` })).status, 200);
    assert.equal((await read({}, '10.9.8.7')).status, 200);
    for (const authorization of ['', 'Bearer ', `Bearer ${TOKEN}x`, `Basic ${TOKEN}`, `Bearer ${t.admin.token}`])
      assert.equal((await read({ authorization })).status, 404, authorization);
    assert.equal((await read({ 'x-forwarded-for': '10.9.8.7' })).status, 404);
  });

  test('begin at nothing where it is known what will be counted, so that the first of it is seen as one more', async () => {
    const fresh = await testApp({
      settings: {
        METRICS_ADDRESSES: '127.0.0.1',
        PUBLIC_URL: 'http://127.0.0.1:8000',
        IDENTITY_PROVIDERS: JSON.stringify([
          { name: 'git', preset: 'github', client_id: 'c', client_secret: 'secret-of-a-test' },
        ]),
      },
    });
    try {
      const { text } = await fresh.anonymous.get('/metrics');
      assert.equal(numberOf(text, 'db_statement_errors_total'), 0);
      for (const [outcome, method] of [
        ['refused', 'password'],
        ['challenged', 'password'],
        ['signed-in', 'passkey'],
        ['refused', 'refresh'],
        ['refused', 'oidc:git'],
      ])
        assert.equal(
          numberOf(text, `sign_ins_total{outcome="${outcome}",method="${method}"}`),
          0,
          `${outcome} ${method}`,
        );
    } finally {
      await fresh.close();
    }
  });

  test('count requests, statements, sign-ins, refusals and more, in the text that Prometheus reads', async () => {
    await t.admin.get('users');
    await t.anonymous.get('users');
    await t.anonymous.post('auth/login', { username: 'admin', password: 'wrong' });
    const { text } = await read({}, '10.9.8.7');
    const users = 'method="GET",route="/api/v1/users"';
    assert.equal(numberOf(text, `http_requests_total{${users},status="200"}`), 1);
    assert.equal(numberOf(text, `http_requests_total{${users},status="401"}`), 1);
    assert.equal(numberOf(text, `http_request_duration_seconds_count{${users}}`), 2);
    assert.equal(numberOf(text, `http_request_duration_seconds_bucket{${users},le="+Inf"}`), 2);
    assert.ok(numberOf(text, 'db_statement_duration_seconds_count') > 5);
    assert.equal(numberOf(text, 'sign_ins_total{outcome="refused",method="password"}'), 1);
    assert.equal(numberOf(text, 'refusals_total{error="access.unauthenticated"}'), 1);
    assert.equal(numberOf(text, 'tasks_open{state="queued"}'), 0);
    assert.ok(numberOf(text, 'process_resident_memory_bytes') > 1e7);
    const line = /^(# (HELP|TYPE) .+|[a-z_0-9]+(\{[a-z_]+="[^"\n]*"(,[a-z_]+="[^"\n]*")*\})? -?[\d.e+-]+)$/;
    for (const one of text.trimEnd().split('\n')) assert.match(one, line);
  });

  test('take no label from what a client sends', async () => {
    await t.anonymous.get('made-up-by-a-client-Zq7');
    await t.anonymous.get('users/made-up-by-a-client-Zq7');
    assert.ok(!(await read({}, '10.9.8.7')).text.includes('Zq7'));
  });
});

test('there are no metrics where nobody may read them', async () => {
  const t = await testApp();
  assert.equal((await t.anonymous.get('/metrics')).status, 404);
  await t.close();
});

describe('traces', () => {
  let collector: Awaited<ReturnType<typeof openCollector>>;
  const handled: (string | null)[] = [];
  const handler = defineTask({
    name: 'test.traced',
    title: { 'zh-CN': '测试', 'en-US': 'Test' },
    args: Type.Object({}, { additionalProperties: false }),
    async run(ctx) {
      handled.push(ctx.caller.traceId);
      await ctx.unscoped('users', 'a test reads inside a task').select().select('id').limit(1).execute();
      return null;
    },
  });
  const startWorker = useWorkers();
  let t: TestApp;
  before(async () => {
    collector = await openCollector();
    t = await testApp({
      settings: {
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
        OTEL_EXPORTER_OTLP_HEADERS: 'x-collector-key=key-of-the-collector',
        TRUSTED_PROXIES: '10.0.0.0/8',
      },
      prepare: (app) => {
        app.post('/api/v1/queue-it', { config: { access: 'signed-in', module: 'test' } }, async (request) =>
          addTask(request.ctx, handler, {}),
        );
      },
    });
    register(t, handler);
  });
  after(async () => {
    await t.close();
    collector.close();
  });

  test('lead from the request through the service, the statements and the queue to the run of the task', async () => {
    const secret = 'value-of-a-request-Zq7';
    const listed = await t.admin.get(`users?keyword=${secret}`);
    const queued = await t.admin.post('queue-it');
    assert.equal(queued.status, 200, queued.text);
    const id = Number(queued.body ?? queued.text);
    const worker = await startWorker(t);
    const isDone = async () => (await t.admin.get(`tasks/${id}`)).body.data.state === 'succeeded';
    await until('the task has run', isDone);
    await worker.stop(5000);
    const outside = await t.anonymous.get('auth/me-not', {
      headers: { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' },
      remoteAddress: '10.1.1.1',
    });
    assert.equal(outside.headers['x-trace-id'], '0af7651916cd43dd8448eb211c80319c');
    const traceId = queued.headers['x-trace-id'];
    assert.deepEqual(handled, [traceId]);
    const line = t.logLines.map((text) => JSON.parse(text)).find((one) => one.route === '/api/v1/queue-it');
    assert.equal(line.trace_id, traceId);
    const task = await t.admin.get(`tasks/${id}`);
    assert.equal(task.body.data.trace_id, traceId);
    await t.close();

    const all = collector.spans();
    const byId = new Map(all.map((span) => [span.spanId, span]));
    const pathOf = (span: CollectedSpan): string[] => {
      const parent = byId.get(span.parentSpanId ?? '');
      return [...(parent ? pathOf(parent) : []), span.name];
    };
    const paths = all.filter((span) => span.traceId === traceId).map((span) => pathOf(span).join(' > '));
    const queueing = 'POST /api/v1/queue-it > queue test.traced';
    assert.ok(paths.includes(`${queueing} > insert tasks`), paths.join('\n'));
    assert.ok(paths.includes(`${queueing} > run test.traced > select users`), paths.join('\n'));
    const reading = all
      .filter((span) => span.traceId === listed.headers['x-trace-id'])
      .map((span) => pathOf(span).join(' > '));
    assert.ok(
      reading.some((path) => /^GET \/api\/v1\/users > user\.getUsers > select users$/.test(path)),
      reading.join('\n'),
    );
    assert.ok(all.some((span) => span.parentSpanId === 'b7ad6b7169203331'));
    const sent = collector.texts.join('\n');
    assert.ok(!sent.includes(secret) && !sent.includes(t.admin.token));
    assert.ok(collector.keys.length > 0 && collector.keys.every((key) => key === 'key-of-the-collector'));
  });
});

test('the dashboard and the alert rules ask for metrics that exist', async () => {
  const t = await testApp({
    settings: {
      METRICS_TOKEN: TOKEN,
      ...(process.env['TEST_REDIS_URL'] && { REDIS_URL: process.env['TEST_REDIS_URL'] }),
    },
  });
  await t.anonymous.get('users');
  const { text } = await t.anonymous.get('/metrics', { headers: { authorization: `Bearer ${TOKEN}` } });
  await t.close();
  const told = new Set([...text.matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name));
  // Named only where there is something to tell: a pool, Redis, a failed statement, a task, a sign-in.
  for (const name of [
    'db_pool_open_connections',
    'db_pool_idle_connections',
    'db_pool_waiting',
    'redis_connected',
    'archive_connected',
  ])
    told.add(name);
  for (const name of ['db_statement_errors_total', 'task_runs_total', 'sign_ins_total']) told.add(name);
  const folder = new URL('../../../deploy/', import.meta.url);
  const files = ['grafana/dashboard.json', 'prometheus/alerts.yml'].map((file) =>
    readFileSync(new URL(file, folder), 'utf8'),
  );
  const asked = files.flatMap((file) =>
    [...file.matchAll(/\b([a-z][a-z0-9_]+)(?:\{job=)/g)].map(([, name = '']) => name),
  );
  assert.ok(asked.length > 20);
  const unknown = asked.filter((name) => name !== 'up' && !told.has(name.replace(/_(bucket|count|sum)$/, '')));
  assert.deepEqual(unknown, []);
});
