import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { pino } from 'pino';
import { openHangingWay } from '#tests/hanging.ts';
import { deleteKeys } from '#tests/redis.ts';
import { until } from '#tests/work.ts';
import { openQueue } from './queue.ts';

const redisUrl = process.env['TEST_REDIS_URL'] ?? '';

for (const [which, words] of [
  ['tells of tasks', 'evalsha'],
  ['waits for tasks', 'bzpopmin'],
] as const)
  test(`A38 a connection that ${which} and went silent is made anew, and what waited meanwhile is handed out`, {
    skip: redisUrl === '' && 'TEST_REDIS_URL is not set',
    timeout: 90_000,
  }, async () => {
    const url = new URL(redisUrl);
    const way = await openHangingWay(url.hostname, Number(url.port || 6379));
    url.host = `127.0.0.1:${way.port}`;
    const prefix = `queue-test-${randomUUID()}`;
    const queue = openQueue({ redisUrl: url.href, prefix, log: pino({ level: 'silent' }) });
    const taken: number[] = [];
    const stop = queue.take(async (id) => void taken.push(id), 2);
    const offer = (id: number) =>
      queue.offer([{ id, priority: 0, availableAt: new Date(), isLimited: false }]).catch(() => undefined);
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
