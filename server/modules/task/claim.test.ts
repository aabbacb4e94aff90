import assert from 'node:assert/strict';
import { before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Type } from '#core/schema.ts';
import { defineTask } from '#core/task.ts';
import { type TestAppOptions, useApp } from '#tests/harness.ts';
import { register, until, useWorkers } from '#tests/work.ts';
import { claimTasks } from './claim.service.ts';
import { addTask, type TaskOptions } from './queue.service.ts';

const why = 'a test looks at what is stored';
const redisUrl = process.env['TEST_REDIS_URL'] ?? '';
const engines = [
  { engine: 'database', options: {}, skip: false },
  {
    engine: 'redis',
    options: { hasQueue: true, settings: { REDIS_URL: redisUrl } },
    skip: redisUrl === '' && 'TEST_REDIS_URL is not set',
  },
] as const;

for (const { engine, options, skip } of engines)
  describe(`the order of tasks, handed out by the ${engine}`, { skip }, () => orderBy(engine, options));

function orderBy(engine: string, options: TestAppOptions): void {
  const t = useApp(options);
  const startWorker = useWorkers();
  const order: string[] = [];
  const base = {
    title: { 'zh-CN': '测试', 'en-US': 'Test' },
    args: Type.Object({ name: Type.String() }, { additionalProperties: false }),
    attempts: 1,
    async run(_ctx: unknown, { name }: { name: string }) {
      order.push(name);
      await sleep(15);
    },
  };
  const plain = defineTask({ ...base, name: 'order.plain' });
  const limited = defineTask({ ...base, name: 'order.limited', concurrency: 1 });
  before(() => register(t, plain, limited));
  beforeEach(() => {
    order.length = 0;
  });
  const add = (name: string, more: TaskOptions = {}, handler = plain) => addTask(t.system, handler, { name }, more);
  const addMany = async (count: number, name: string, more: TaskOptions = {}, handler = plain) => {
    for (let index = 0; index < count; index++) await add(`${name}${index}`, more, handler);
  };

  test('is that of their priority, also of those that may have to wait for others', async () => {
    await addMany(12, 'plain', { priority: 5 });
    await add('urgent', { priority: -5, key: 'k' });
    await startWorker(t, { places: 2 });
    await until('all are done', () => order.length === 13);
    assert.ok(order.indexOf('urgent') < 4, order.join());
  });

  test('is not held up by many of one key, or of one limited handler', async () => {
    await addMany(30, 'same', { key: 'same' });
    await addMany(30, 'limited', {}, limited);
    await add('other key', { key: 'other' });
    await add('no key');
    await startWorker(t, { places: 3 });
    await until('the others are done', () => order.includes('other key') && order.includes('no key'));
    assert.ok(order.length < 12, order.join());
    await until('all are done', () => order.length === 62);
  });

  test('lets one that waits for others have its turn while many others come', {
    skip: engine !== 'redis',
  }, async () => {
    await addMany(40, 'plain', {});
    await startWorker(t, { places: 2 });
    await until('they run', () => order.length > 0);
    await add('keyed', { key: 'k' });
    await until('it has run', () => order.includes('keyed'));
    assert.ok(order.length < 30, `${order.length} came before it`);
    await until('all are done', () => order.length === 41);
  });

  test('what was taken is not left behind when something fails afterwards', async () => {
    const first = await add('first');
    const second = await add('second', {}, limited);
    const locks = t.system.unscoped('task_locks', why);
    await locks.delete().where('handler', '=', limited.name).execute();
    const taken: number[] = [];
    const claimant = { instance: 'test', leaseMs: 30_000 };
    await assert.rejects(async () => {
      for await (const tasks of claimTasks(t.system, 5, claimant)) taken.push(...tasks.map(({ id }) => id));
    }, /has no lock row/);
    assert.deepEqual(taken, [first]);
    await t.system.unscoped('tasks', why).delete().where('id', 'in', [first, second]).execute();
    await locks.insert({ handler: limited.name, locked_at: new Date() });
  });
}
