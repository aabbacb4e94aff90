import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { buildApp } from '../server/app.ts';
import { loadConfig } from '../server/config.ts';
import { systemContext } from '../server/core/context.ts';
import type { Feature } from '../server/core/feature.ts';
import { Type } from '../server/core/schema.ts';
import { defineTask } from '../server/core/task.ts';
import { openDatabase } from '../server/extensions/database/index.ts';
import { openLog } from '../server/extensions/log.ts';
import { openQueue } from '../server/extensions/queue.ts';
import { entities } from '../server/modules/index.ts';
import { addTask } from '../server/modules/task/queue.service.ts';
import { TaskWorker } from '../server/modules/task/worker.service.ts';
import { databaseOptions } from '../server/start.ts';
import { deleteKeys } from '../server/tests/redis.ts';
import { median, printTable, quantile } from './figures.ts';
import { createInstallation } from './installation.ts';

// A task from the queue to its end, by the two engines of the program and by bare BullMQ, in turns in one process.
const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '9' },
    tasks: { type: 'string', default: '500' },
    single: { type: 'string', default: '60' },
    work: { type: 'string', default: '0' },
  },
});
const [rounds, tasks, single, workMs] = [options.rounds, options.tasks, options.single, options.work].map(Number) as [
  number,
  number,
  number,
  number,
];
const PLACES = 8;

/** Called by the work of each contender as it begins and ends. */
const began = new EventEmitter();
const ended = new EventEmitter();
async function work(number: number): Promise<number> {
  began.emit(String(number), performance.now());
  if (workMs > 0) await sleep(workMs);
  return number;
}

/** One way to queue work and have it done; the word that a task has ended comes once its result is kept. */
interface Contender {
  readonly name: string;
  add(number: number): Promise<unknown>;
  close(): Promise<void>;
}

const redisUrl = process.env['TEST_REDIS_URL'] ?? 'redis://127.0.0.1:6379/2';
const installation = await createInstallation({ users: 1 });

async function openEngine(name: string, settings: Readonly<Record<string, string>>): Promise<Contender> {
  const { environment } = installation;
  const file = await installation.copyDatabase(name);
  const config = loadConfig({ ...environment, DATABASE_URL: `sqlite:${file}`, ...settings });
  const log = openLog({ level: 'warn', pretty: false });
  const database = await openDatabase(databaseOptions(config), entities);
  const { REDIS_URL: url, REDIS_PREFIX: prefix } = config;
  const dispatcher = url ? openQueue({ redisUrl: url, prefix, log: log.logger }) : null;
  const handler = defineTask({
    name: 'bench.work',
    title: { 'zh-CN': '测量', 'en-US': 'Measurement' },
    args: Type.Object({ number: Type.Integer() }, { additionalProperties: false }),
    run: (_ctx, { number }) => work(number),
  });
  const feature: Feature = {
    name: 'bench',
    title: handler.title,
    description: 'Work that is measured.',
    tasks: [handler],
    listeners: {
      'task.changed': (_ctx, { state }) => {
        if (state === 'succeeded') ended.emit('one');
      },
    },
  };
  const built = await buildApp({ config, database, log, dispatcher, moreFeatures: [feature] });
  await built.app.ready();
  const ctx = systemContext(built.environment, log.logger);
  const pace = { places: PLACES, leaseMs: config.TASK_LEASE_MS, pollMs: config.TASK_POLL_MS };
  const worker = new TaskWorker(ctx, { instance: name, dispatcher, ...pace });
  await worker.start();
  return {
    name,
    add: (number) => addTask(ctx, handler, { number }),
    async close() {
      await worker.stop(1000);
      await dispatcher?.close();
      await built.app.close();
      await database.close();
    },
  };
}

async function openBare(prefix: string): Promise<Contender> {
  const [sender, receiver] = [redisUrl, redisUrl].map((url) => new Redis(url, { maxRetriesPerRequest: null })) as [
    Redis,
    Redis,
  ];
  const defaultJobOptions = { removeOnComplete: true, removeOnFail: true };
  const queue = new Queue<{ number: number }>('bare', { prefix, connection: sender, defaultJobOptions });
  const worker = new Worker<{ number: number }>('bare', ({ data }) => work(data.number), {
    prefix,
    connection: receiver,
    concurrency: PLACES,
  });
  worker.on('completed', () => ended.emit('one'));
  await worker.waitUntilReady();
  return {
    name: 'bare BullMQ',
    add: (number) => queue.add('work', { number }),
    async close() {
      await worker.close();
      await queue.close();
      sender.disconnect();
      receiver.disconnect();
    },
  };
}

let number = 0;

/** Queues tasks one after the other and waits for the last one's end: milliseconds, and microseconds of processor time, for each. */
async function drain({ add }: Contender, count: number): Promise<{ ms: number; cpu: number }> {
  let left = count;
  const done = new Promise<void>((resolve) => {
    const onEnd = () => {
      left -= 1;
      if (left > 0) return;
      ended.off('one', onEnd);
      resolve();
    };
    ended.on('one', onEnd);
  });
  const [started, before] = [performance.now(), process.cpuUsage()];
  for (let index = 0; index < count; index++) await add(number++);
  await done;
  const { user, system } = process.cpuUsage(before);
  return { ms: (performance.now() - started) / count, cpu: (user + system) / count };
}

/** Milliseconds from queuing a task to the beginning of its work, with nothing else to do. */
async function wait({ add }: Contender): Promise<number> {
  // Until whoever did the one before has nothing to do either.
  await sleep(5);
  const beginning = once(began, String(number));
  const end = once(ended, 'one');
  const started = performance.now();
  await add(number++);
  const [at] = await beginning;
  await end;
  return (at as number) - started;
}

const prefix = `bench-${randomUUID()}`;
const contenders = [
  await openBare(prefix),
  await openEngine('with Redis', { REDIS_URL: redisUrl, REDIS_PREFIX: prefix }),
  await openEngine('embedded', {}),
];
const measured = new Map(contenders.map(({ name }) => [name, { ms: [], cpu: [], wait: [] } as Figures]));
interface Figures {
  readonly ms: number[];
  readonly cpu: number[];
  readonly wait: number[];
}

try {
  for (const contender of contenders) await drain(contender, tasks);
  for (let round = 0; round < rounds; round++) {
    for (const contender of contenders) {
      const figures = measured.get(contender.name) as Figures;
      const { ms, cpu } = await drain(contender, tasks);
      figures.ms.push(ms);
      figures.cpu.push(cpu);
      for (let index = 0; index < single; index++) figures.wait.push(await wait(contender));
    }
  }
  const bare = measured.get('bare BullMQ') as Figures;
  const ratio = (of: readonly number[], to: readonly number[]) => (median(of) / median(to)).toFixed(2);
  printTable(
    ['', 'tasks a second', 'ratio of time', 'processor µs per task', 'ratio', 'wait p50 ms', 'p99', 'ratio of p50'],
    [...measured].map(([name, { ms, cpu, wait }]) => [
      name,
      (1000 / median(ms)).toFixed(0),
      ratio(ms, bare.ms),
      median(cpu).toFixed(0),
      ratio(cpu, bare.cpu),
      median(wait).toFixed(2),
      quantile(
        [...wait].sort((a, b) => a - b),
        0.99,
      ).toFixed(2),
      ratio(wait, bare.wait),
    ]),
  );
} finally {
  for (const contender of contenders) await contender.close();
  await deleteKeys(redisUrl, prefix);
  await installation.remove();
}
