import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { openHangingWay } from '#tests/hanging.ts';
import { deleteKeys } from '#tests/redis.ts';
import { until } from '#tests/work.ts';
import { openQueue } from './queue.ts';

const redisUrl = process.env['TEST_REDIS_URL'] ?? '';

const skip = redisUrl === '' && 'TEST_REDIS_URL is not set';
const timeout = 60_000;
const log = pino({ level: 'silent' });
const now = (id: number) => ({ id, priority: 0, availableAt: new Date(), isLimited: false });

/** A queue whose Redis can be made to hang, or to forget connections. */
async function openOverWay() {
  const url = new URL(redisUrl);
  const way = await openHangingWay(url.hostname, Number(url.port || 6379));
  url.host = `127.0.0.1:${way.port}`;
  const prefix = `queue-test-${randomUUID()}`;
  return { way, prefix, queue: openQueue({ redisUrl: url.href, prefix, log }) };
}

test('a worker with nothing to do is given what its own process offers, whatever Redis does', {
  skip,
  timeout,
}, async () => {
  const { way, prefix, queue } = await openOverWay();
  const taken: number[] = [];
  const stop = queue.take(async (id) => void taken.push(id), 2);
  try {
    await until('it is connected', () => queue.isConnected);
    way.hang();
    await queue.offer([now(1)]);
    assert.deepEqual(taken, [1]);
  } finally {
    way.close();
    await stop();
    await queue.close();
    await deleteKeys(redisUrl, prefix);
  }
});

test('A39 what is too much for one worker is done by others, each task once, and none has more than one besides its places', {
  skip,
  timeout,
}, async () => {
  const prefix = `queue-test-${randomUUID()}`;
  const [near, far] = [openQueue({ redisUrl, prefix, log }), openQueue({ redisUrl, prefix, log })];
  const taken: number[] = [];
  const workers = [near, far].map((queue) => {
    const worker = { atOnce: 0, most: 0, done: 0 };
    const stop = queue.take(async (id) => {
      taken.push(id);
      worker.atOnce += 1;
      worker.most = Math.max(worker.most, worker.atOnce);
      await sleep(10);
      worker.atOnce -= 1;
      worker.done += 1;
    }, 4);
    return { worker, stop };
  });
  const ids = Array.from({ length: 80 }, (_, index) => index + 1);
  try {
    await until('both are connected', () => near.isConnected && far.isConnected);
    for (const id of ids.slice(0, 40)) await near.offer([now(id)]);
    await near.offer(ids.slice(40).map(now));
    await until('all are done', () => workers.reduce((sum, { worker }) => sum + worker.done, 0) === ids.length);
    assert.deepEqual(
      taken.toSorted((one, other) => one - other),
      ids,
    );
    assert.deepEqual(
      workers.map(({ worker }) => [worker.most <= 5, worker.done > 0]),
      [
        [true, true],
        [true, true],
      ],
    );
  } finally {
    for (const { stop } of workers) await stop();
    for (const queue of [near, far]) await queue.close();
    await deleteKeys(redisUrl, prefix);
  }
});

test('A39 a long task from Redis and one from here keep no other from the places that are left', {
  skip,
  timeout,
}, async () => {
  const prefix = `queue-test-${randomUUID()}`;
  const queue = openQueue({ redisUrl, prefix, log });
  const goOn = Promise.withResolvers<void>();
  const taken: number[] = [];
  const long = new Set([1, 3]);
  const stop = queue.take(async (id) => {
    taken.push(id);
    if (long.has(id)) await goOn.promise;
  }, 3);
  try {
    await until('it is connected', () => queue.isConnected);
    await queue.offer([1, 2, 3].map(now));
    await until('the first three are taken', () => taken.length === 3);
    for (let id = 4; id <= 20; id++) await queue.offer([now(id)]);
    await until('all are taken', () => taken.length === 20);
  } finally {
    goOn.resolve();
    await stop();
    await queue.close();
    await deleteKeys(redisUrl, prefix);
  }
});

for (const [which, words] of [
  ['tells of tasks', 'evalsha'],
  ['waits for tasks', 'bzpopmin'],
] as const)
  test(`A38 a connection that ${which} and went silent is made anew, and what waited meanwhile is handed out`, {
    skip,
    timeout,
  }, async () => {
    const { way, prefix, queue } = await openOverWay();
    const taken: number[] = [];
    // With a single place all come over Redis.
    const stop = queue.take(async (id) => void taken.push(id), 1);
    const offer = (id: number) => queue.offer([now(id)]).catch(() => undefined);
    try {
      await until('it is connected', () => queue.isConnected);
      void offer(1);
      await until('the first is taken', () => taken.includes(1));
      way.forget(words);
      void offer(2);
      await until('the second is taken', () => taken.includes(2));
      void offer(3);
      await until('the third is taken', () => taken.includes(3));
      assert.deepEqual(taken, [1, 2, 3]);
    } finally {
      await stop();
      await queue.close();
      way.close();
      await deleteKeys(redisUrl, prefix);
    }
  });
