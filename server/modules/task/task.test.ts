import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from '#core/context.ts';
import { Type } from '#core/schema.ts';
import { backoffMs, defineTask, type RunningTask, type TaskEngine } from '#core/task.ts';
import { type TestAppOptions, useApp } from '#tests/harness.ts';
import { register, until, useWorkers } from '#tests/work.ts';
import { addTask } from './queue.service.ts';

const none = Type.Object({}, { additionalProperties: false });
const soon = { baseMs: 20, mostMs: 40 };
const title = { 'zh-CN': '测试', 'en-US': 'Test' };

const ran: string[] = [];
const noted = Type.Object({ name: Type.String({ maxLength: 20 }) }, { additionalProperties: false });
const note = defineTask({
  name: 'test.note',
  title,
  args: noted,
  async run(_ctx, { name }) {
    ran.push(name);
    return { name };
  },
});
const fails = defineTask({
  name: 'test.fails',
  title,
  args: Type.Object({ times: Type.Integer() }, { additionalProperties: false }),
  backoff: soon,
  async run(_ctx, { times }, { attempt }) {
    if (attempt <= times) throw new Error(`attempt ${attempt} went wrong`);
    return 'at last';
  },
});
let running: RunningTask | undefined;
const waits = defineTask({
  name: 'test.waits',
  title,
  args: none,
  attempts: 1,
  async run(_ctx, _args, task) {
    running = task;
    task.signal.throwIfAborted();
    await new Promise((_resolve, reject) =>
      task.signal.addEventListener('abort', () => reject(task.signal.reason), { once: true }),
    );
  },
});
const slow = defineTask({ ...waits, name: 'test.slow', timeoutMs: 60 });
let together = 0;
let most = 0;
const counted = async () => {
  together += 1;
  most = Math.max(most, together);
  await sleep(30);
  together -= 1;
};
const limited = defineTask({ name: 'test.limited', title, args: none, concurrency: 2, run: counted });
const keyed = defineTask({ name: 'test.keyed', title, args: none, run: counted });
let goOn = Promise.withResolvers<void>();
const told = defineTask({
  name: 'test.told',
  title,
  args: none,
  async run(_ctx, _args, task) {
    task.progress(1, 4, 'a quarter');
    task.log('began');
    await goOn.promise;
    task.log('careful', 'warn');
    task.progress(4, 4);
    return { done: true };
  },
});
const threaded = defineTask({
  name: 'test.threaded',
  title,
  args: Type.Object({ fail: Type.Boolean() }, { additionalProperties: false }),
  attempts: 1,
  thread: new URL('./thread.fixture.ts', import.meta.url),
});
const all = [note, fails, waits, slow, limited, keyed, told, threaded];

const redisUrl = process.env['TEST_REDIS_URL'] ?? '';
const engines = [
  { name: 'database', options: {}, skip: false },
  {
    name: 'redis',
    options: { hasQueue: true, settings: { REDIS_URL: redisUrl } },
    skip: redisUrl === '' && 'TEST_REDIS_URL is not set',
  },
] as const;

for (const { name: engine, options, skip } of engines)
  describe(`tasks, handed out by the ${engine}`, { skip }, () => tasksBy(engine, options));

function tasksBy(engine: string, options: TestAppOptions): void {
  const t = useApp(options);
  const startWorker = useWorkers();
  before(() => register(t, ...all));

  const read = async (id: number) => (await t.admin.get(`tasks/${id}`)).body.data;
  const ended = (id: number) =>
    until(`task ${id} ends`, async () => !['queued', 'running'].includes((await read(id)).state));
  const add = <A extends object>(handler: Parameters<typeof addTask>[1], args: A, options = {}) =>
    t.system.inTransaction((ctx) => addTask(ctx, handler, args as never, options));

  test('are done, and tell their result, progress and log', async () => {
    await startWorker(t);
    goOn = Promise.withResolvers();
    const id = await add(told, {});
    await until('a quarter is done', async () => (await read(id)).progress_note === 'a quarter');
    assert.deepEqual([(await read(id)).state, (await read(id)).progress_total], ['running', 4]);
    await sleep(100);
    goOn.resolve();
    await ended(id);
    const task = await read(id);
    assert.deepEqual(
      [task.state, task.result, task.progress_done, task.attempt, task.error],
      ['succeeded', { done: true }, 4, 1, null],
    );
    assert.ok(task.duration_ms >= 90 && task.instance.startsWith('test-'), JSON.stringify(task));
    const lines = (await t.admin.get(`tasks/${id}/log`)).body.data.items;
    assert.deepEqual(
      lines.map(({ level, message }: { level: string; message: string }) => [level, message]),
      [
        ['info', 'began'],
        ['warn', 'careful'],
      ],
    );
    const rest = (await t.admin.get(`tasks/${id}/log?after=${lines[0].id}`)).body.data.items;
    assert.equal(rest.length, 1);
  });

  test('exist if and only if their transaction committed', async () => {
    await startWorker(t);
    ran.length = 0;
    const rolledBack = t.system.inTransaction(async (ctx: Context) => {
      await addTask(ctx, note, { name: 'never' });
      throw new Error('on purpose');
    });
    await assert.rejects(rolledBack, /on purpose/);
    await ended(await add(note, { name: 'kept' }));
    await sleep(100);
    assert.deepEqual(ran, ['kept']);
  });

  test('are offered to the workers after the commit, and never after a rollback', async () => {
    const environment = t.environment as { taskEngine: TaskEngine };
    const { taskEngine } = environment;
    const offered: number[] = [];
    environment.taskEngine = { ...taskEngine, offer: (offers) => void offered.push(...offers.map(({ id }) => id)) };
    try {
      const rolledBack = t.system.inTransaction(async (ctx: Context) => {
        await addTask(ctx, note, { name: 'never' });
        assert.deepEqual(offered, []);
        throw new Error('on purpose');
      });
      await assert.rejects(rolledBack, /on purpose/);
      assert.deepEqual(offered, []);
      const id = await add(note, { name: 'offered' }, { delayMs: 60_000 });
      assert.deepEqual(offered, [id]);
      await t.admin.post(`tasks/${id}/cancel`);
    } finally {
      environment.taskEngine = taskEngine;
    }
  });

  test('are refused with arguments that do not fit, and for handlers that do not exist', async () => {
    const wrong = add(note, { name: 5 });
    await assert.rejects(wrong, (error: { definition: { code: string }; details: { path: string }[] }) => {
      assert.deepEqual([error.definition.code, error.details[0]?.path], ['task.arguments_invalid', 'args.name']);
      return true;
    });
    const unknown = defineTask({ ...note, name: 'test.unknown' });
    await assert.rejects(
      add(unknown, { name: 'x' }),
      (error: { definition: { code: string } }) => error.definition.code === 'task.handler_unknown',
    );
  });

  test('A40 that fail are tried again, later each time, and are kept with their error when that was in vain', async () => {
    await startWorker(t);
    const recovers = await add(fails, { times: 2 });
    const dies = await add(fails, { times: 9 });
    await ended(recovers);
    await ended(dies);
    const [good, bad] = [await read(recovers), await read(dies)];
    assert.deepEqual([good.state, good.attempt, good.result, good.error], ['succeeded', 3, 'at last', null]);
    assert.deepEqual([bad.state, bad.attempt, bad.error], ['failed', 3, 'attempt 3 went wrong']);
    assert.match(bad.error_stack, /task\.test\.ts/);
    const again = (await t.admin.post(`tasks/${dies}/retry`)).body.data;
    // A worker may have taken it before it is read again.
    assert.ok(['queued', 'running'].includes(again.state) && again.attempt <= 1, JSON.stringify(again));
    await ended(dies);
    assert.equal((await read(dies)).attempt, 3);
    assert.equal((await t.admin.post(`tasks/${recovers}/retry`)).body.error, 'task.not_retryable');
  });

  test('wait twice as long each time, and not in step', () => {
    const backoff = { baseMs: 1000, mostMs: 5000 };
    assert.deepEqual(
      [1, 2, 3, 4, 5].map((attempt) => backoffMs(backoff, attempt, 1)),
      [1000, 2000, 4000, 5000, 5000],
    );
    assert.deepEqual(
      [1, 2, 3].map((attempt) => backoffMs(backoff, attempt, 0)),
      [500, 1000, 2000],
    );
  });

  test('go by priority, and not before their time', async () => {
    ran.length = 0;
    await add(note, { name: 'last' }, { priority: 5 });
    await add(note, { name: 'later' }, { delayMs: 400, priority: -9 });
    await add(note, { name: 'second' });
    await add(note, { name: 'first' }, { priority: -1 });
    await startWorker(t, { places: 1 });
    await until('three have run', () => ran.length >= 3);
    assert.deepEqual(ran, ['first', 'second', 'last']);
    await until('the delayed one has run', () => ran.length === 4);
  });

  test('of a limited handler, and with one key, never run more at once than they may, over all instances', async () => {
    for (const instance of ['one', 'two', 'three']) await startWorker(t, { instance });
    for (const [handler, options, expected] of [
      [limited, {}, 2],
      [keyed, { key: 'same' }, 1],
    ] as const) {
      [together, most] = [0, 0];
      const ids: number[] = [];
      for (let count = 0; count < 8; count++) ids.push(await add(handler, {}, options));
      for (const id of ids) await ended(id);
      assert.ok(most >= 1 && most <= expected, `${handler.name}: ${most} at once, at most ${expected}`);
    }
    [together, most] = [0, 0];
    const ids = [await add(keyed, {}, { key: 'a' }), await add(keyed, {}, { key: 'b' }), await add(keyed, {})];
    for (const id of ids) await ended(id);
    assert.ok(most > 1, 'different keys do not wait for each other');
  });

  test('are cancelled: at once while they wait, by their signal while they run', async () => {
    const waiting = await add(note, { name: 'cancelled' }, { delayMs: 60_000 });
    const cancelled = (await t.admin.post(`tasks/${waiting}/cancel`)).body.data;
    assert.deepEqual([cancelled.state, cancelled.finished_at !== null], ['cancelled', true]);
    assert.equal((await t.admin.post(`tasks/${waiting}/cancel`)).body.error, 'task.not_cancellable');
    await startWorker(t);
    running = undefined;
    const id = await add(waits, {});
    await until('it runs', () => running !== undefined);
    assert.equal((await t.admin.post(`tasks/${id}/cancel`)).body.data.cancel_requested, true);
    await ended(id);
    assert.equal((await read(id)).state, 'cancelled');
  });

  test('that take too long are stopped and have failed', async () => {
    await startWorker(t);
    const id = await add(slow, {});
    await ended(id);
    const task = await read(id);
    assert.deepEqual([task.state, task.error], ['failed', 'took longer than 0.06 s']);
  });

  test('A39 of an instance that is not heard of go to another; what the first still brings does not count', async () => {
    let finish: (value: string) => void = () => undefined;
    const stalls = defineTask({
      name: 'test.stalls',
      title,
      args: none,
      backoff: soon,
      run: (_ctx, _args, { attempt }) =>
        attempt === 1
          ? new Promise<string>((resolve) => {
              finish = resolve;
            })
          : Promise.resolve('the second one'),
    });
    register(t, stalls);
    const why = 'a test makes an instance look dead';
    await startWorker(t, { instance: 'first', leaseMs: 60_000 });
    const id = await add(stalls, {});
    await until('it runs', async () => (await read(id)).state === 'running');
    const past = new Date(Date.now() - 1000);
    await t.system.unscoped('tasks', why).updateQuietly({ lease_until: past }).where('id', '=', id).execute();
    await startWorker(t, { instance: 'second', leaseMs: 200 });
    await ended(id);
    finish('the first one');
    await sleep(100);
    const task = await read(id);
    assert.deepEqual([task.state, task.result, task.attempt], ['succeeded', 'the second one', 2]);
  });

  test('count each run once, by how it ended', async () => {
    const counts = async () =>
      [
        ...(await t.environment.metrics.text()).matchAll(
          /^task_runs_total\{handler="count\.(\w+)",state="(\w+)"\} (\d+)$/gm,
        ),
      ]
        .map(([, handler, state, count]) => `${handler} ${state} ${count}`)
        .sort();
    let finish: () => void = () => undefined;
    const stalls = async (_ctx: unknown, _args: unknown, { attempt }: RunningTask) => {
      if (attempt === 1) await new Promise<void>((resolve) => (finish = resolve));
    };
    const [flaky, broken] = [
      { ...fails, name: 'count.flaky' },
      { ...fails, name: 'count.broken' },
    ];
    const [cancelled, late, back] = [
      { ...waits, name: 'count.cancelled' },
      { ...slow, name: 'count.late' },
      { ...waits, name: 'count.back' },
    ];
    const stalling = defineTask({ name: 'count.stalling', title, args: none, backoff: soon, run: stalls });
    register(t, flaky, broken, cancelled, late, back, stalling);
    const startOf = async (id: number) => until('it runs', async () => (await read(id)).state === 'running');

    const first = await startWorker(t, { instance: 'first', leaseMs: 60_000 });
    const ids = [await add(flaky, { times: 1 }), await add(broken, { times: 9 }), await add(late, {})];
    const stopped = await add(cancelled, {});
    await startOf(stopped);
    await t.admin.post(`tasks/${stopped}/cancel`);
    for (const id of [...ids, stopped]) await ended(id);
    const queued = await add(note, { name: 'never' }, { delayMs: 60_000 });
    await t.admin.post(`tasks/${queued}/cancel`);

    const stalled = await add(stalling, {});
    await startOf(stalled);
    const why = 'a test makes an instance look dead';
    const past = new Date(Date.now() - 1000);
    await t.system.unscoped('tasks', why).updateQuietly({ lease_until: past }).where('id', '=', stalled).execute();
    const second = await startWorker(t, { instance: 'second', leaseMs: 1500 });
    await ended(stalled);
    finish();
    const isIgnored = () =>
      t.logLines.some((line) => line.includes('the result does not count') && line.includes(`"taskId":${stalled}`));
    await until('what the first one brings is ignored', isIgnored);

    const returned = await add(back, {});
    await startOf(returned);
    await Promise.all([first.stop(50), second.stop(50)]);
    await t.admin.post(`tasks/${returned}/cancel`);
    assert.deepEqual(await counts(), [
      'back stopped 1',
      'broken failed 3',
      'cancelled cancelled 1',
      'flaky failed 1',
      'flaky succeeded 1',
      'late timed_out 1',
      'stalling lost 1',
      'stalling succeeded 1',
    ]);
  });

  test('go back to the queue when the service stops, and the try does not count', async () => {
    const worker = await startWorker(t);
    running = undefined;
    const id = await add(waits, {});
    await until('it runs', () => running !== undefined);
    await worker.stop(50);
    const task = await read(id);
    assert.deepEqual([task.state, task.attempt], ['queued', 0]);
    await t.admin.post(`tasks/${id}/cancel`);
  });

  test('go back to the queue also when they are taken at the moment of the stop', async () => {
    const ids: number[] = [];
    for (let wait = 0; wait < 10; wait += 1) {
      const worker = await startWorker(t, { pollMs: 5 });
      ids.push(await add(waits, {}));
      await sleep(wait);
      await worker.stop(0);
      const states = await Promise.all(ids.map(async (id) => (await read(id)).state));
      assert.deepEqual([...new Set(states)], ['queued'], `after ${wait} ms`);
    }
    for (const id of ids) await t.admin.post(`tasks/${id}/cancel`);
  });

  test('run on a thread of their own where the handler says so', async () => {
    await startWorker(t);
    const [good, bad] = [await add(threaded, { fail: false }), await add(threaded, { fail: true })];
    await ended(good);
    await ended(bad);
    const task = await read(good);
    assert.deepEqual([task.state, task.result.isMainThread, task.progress_done], ['succeeded', false, 7]);
    assert.deepEqual([(await read(bad)).state, (await read(bad)).error], ['failed', 'the thread failed']);
  });

  test('are seen by whoever queued them, and by those who may see all', async () => {
    const permissions = ['monitor:task:query', 'monitor:task:cancel'];
    const [mine, other] = [await t.as({ permissions, scope: 'self' }), await t.as({ permissions, scope: 'self' })];
    const why = 'a test queues for somebody';
    const id = await t.system.unscoped('tasks', why).insert({
      handler: note.name,
      args: { name: 'x' },
      available_at: new Date(Date.now() + 3_600_000),
      created_by: mine.userId,
    });
    await mine.get('users/me');
    const seen = await mine.get('tasks');
    assert.deepEqual(
      seen.body.data.items.map((task: { id: number }) => task.id),
      [id],
    );
    assert.equal(seen.statements, 3);
    assert.equal((await mine.get('users/me/tasks')).body.data.total, 1);
    for (const answer of [
      await other.get(`tasks/${id}`),
      await other.get(`tasks/${id}/log`),
      await other.post(`tasks/${id}/cancel`),
      await other.get(`users/me/tasks/${id}`),
      await other.post(`users/me/tasks/${id}/cancel`),
    ])
      assert.deepEqual([answer.status, answer.body.error], [404, 'task.not_found']);
    assert.equal((await t.admin.get('users/me/tasks')).body.data.total, 0);
    const nobody = await t.as({ permissions: [] });
    assert.equal((await nobody.get('tasks')).status, 403);
    assert.equal((await mine.post(`users/me/tasks/${id}/cancel`)).status, 200);
  });

  test('say how many wait and run, and how the last days went', async () => {
    const state = (await t.admin.get('tasks/state')).body.data;
    assert.deepEqual([state.engine, state.is_connected], [engine, true]);
    const days = (await t.admin.get('tasks/days?days=3&timezone=Asia/Shanghai')).body.data.items;
    assert.equal(days.length, 3);
    assert.ok(days[2].succeeded > 5 && days[2].failed >= 3, JSON.stringify(days));
    assert.match(days[0].day, /^\d{4}-\d\d-\d\d$/);
    assert.equal((await t.admin.get('tasks/days?timezone=Mars')).body.error, 'task.timezone_unknown');
  });

  test('are pruned when they ended longer ago than they are kept', async () => {
    await startWorker(t);
    const handler = t.environment.handlers.get('task.prune');
    assert.ok(handler);
    const before = (await t.admin.get('tasks?state=succeeded')).body.data.items.map(({ id }: { id: number }) => id);
    const old = new Date(Date.now() - 40 * 86_400_000);
    const why = 'a test makes time pass';
    await t.system.unscoped('tasks', why).updateQuietly({ finished_at: old }).where('id', 'in', before).execute();
    const id = await add(handler, {});
    await ended(id);
    assert.deepEqual((await read(id)).result, { deleted: before.length });
    assert.equal((await t.admin.get(`tasks/${before[0]}`)).status, 404);
  });
}
