import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import type { Counters, Gate } from '#core/counters.ts';
import { openHangingWay } from '#tests/hanging.ts';
import { until } from '#tests/work.ts';
import { type OpenCounters, openCounters } from './counters.ts';
import { memoryCounters } from './counters-memory.ts';

const redisUrl = process.env['TEST_REDIS_URL'] ?? '';
const silent = pino({ level: 'silent' });

const gate = (key: string, more: Partial<Gate> = {}): Gate => ({
  key,
  windowMs: 60_000,
  free: 2,
  firstWaitMs: 40_000,
  longestWaitMs: 50_000,
  ...more,
});

function behaves(make: () => Counters): void {
  let counters: Counters;
  before(() => {
    counters = make();
  });

  test('count through all gates or through none, and wait longer each time', async () => {
    const [pair, account] = [gate('pair'), gate('account', { free: 1000 })];
    assert.deepEqual(await counters.pass([pair, account]), { waitMs: 0, counts: [1, 1] });
    assert.deepEqual((await counters.pass([pair, account])).counts, [2, 2]);
    assert.deepEqual((await counters.pass([pair, account])).counts, [3, 3]);
    const { waitMs, counts } = await counters.pass([pair, account]);
    assert.ok(waitMs > 30_000 && waitMs <= 40_000, String(waitMs));
    assert.deepEqual(counts, []);
    assert.deepEqual(await counters.counts(['pair', 'account', 'nobody']), [3, 3, 0]);
    const [held = 0, free] = await counters.waits(['pair', 'account']);
    assert.ok(held > 30_000 && held <= 40_000);
    assert.equal(free, 0);
  });

  test('give back what came to nothing', async () => {
    const [one, two, all] = [gate('one', { free: 99 }), gate('two', { free: 99 }), gate('all', { free: 99 })];
    for (let i = 0; i < 3; i++) await counters.pass([one, all]);
    for (let i = 0; i < 2; i++) await counters.pass([two, all]);
    await counters.takeBack('one', ['all', 'unknown']);
    assert.deepEqual(await counters.counts(['one', 'two', 'all', 'unknown']), [0, 2, 2, 0]);
    await counters.forget('all');
    assert.deepEqual(await counters.counts(['all']), [0]);
  });

  test('let no more through at once than one after the other', async () => {
    const passages = await Promise.all(Array.from({ length: 50 }, () => counters.pass([gate('rush')])));
    assert.equal(passages.filter(({ waitMs }) => waitMs === 0).length, 3);
  });

  test('hold a key for the longest time asked', async () => {
    await counters.hold('held', 50_000);
    await counters.hold('held', 10);
    const [left = 0] = await counters.waits(['held']);
    assert.ok(left > 40_000 && left <= 50_000);
    await counters.forget('held');
    assert.deepEqual(await counters.waits(['held']), [0]);
  });

  test('count within a window, and give a claim to one alone', async () => {
    assert.equal((await counters.count('window', 60_000)).count, 1);
    const { count, endsInMs } = await counters.count('window', 60_000);
    assert.ok(count === 2 && endsInMs > 50_000 && endsInMs <= 60_000);
    const claims = await Promise.all(Array.from({ length: 20 }, () => counters.claim('only', 60_000)));
    assert.equal(claims.filter(Boolean).length, 1);
  });
}

describe('counters in memory', () => {
  behaves(() => memoryCounters());

  test('end by their own clock', async () => {
    let ms = 0;
    const counters = memoryCounters(() => ms);
    for (let i = 0; i < 3; i++) await counters.pass([gate('a')]);
    ms += 39_999;
    assert.equal((await counters.pass([gate('a')])).waitMs, 1);
    ms += 1;
    assert.deepEqual((await counters.pass([gate('a')])).counts, [4]);
    assert.deepEqual(await counters.waits(['a']), [50_000], 'the longest wait');
    ms += 60_000;
    assert.deepEqual(await counters.counts(['a']), [0]);
    assert.equal(await counters.claim('c', 10), true);
    ms += 10;
    assert.equal(await counters.claim('c', 10), true);
  });

  test('keep a bounded number, those counted last', async () => {
    const counters = memoryCounters();
    for (let i = 0; i < 200_100; i++) void counters.count(`k${i}`, 60_000);
    assert.deepEqual(await counters.counts(['k0', 'k200099']), [0, 1]);
  });
});

describe('counters in Redis', { skip: redisUrl === '' && 'TEST_REDIS_URL is not set' }, () => {
  const opened: OpenCounters[] = [];
  const prefix = `test-${randomUUID()}`;
  const open = (url = redisUrl) => {
    const counters = openCounters(url, prefix, silent);
    opened.push(counters);
    return counters;
  };
  const connected = async (counters: Counters) => {
    // Until the connection stands each counts for itself, so that a second opening sees nothing of the first.
    const key = randomUUID();
    for (let i = 0; i < 100; i++) {
      await counters.hold(key, 10_000);
      const other = open();
      await sleep(50);
      if ((await other.waits([key]))[0]) return;
    }
    assert.fail('Redis does not answer');
  };
  after(() => Promise.all(opened.map((counters) => counters.close())));

  describe('behave alike', () => {
    let first: OpenCounters;
    before(async () => {
      first = open();
      await connected(first);
    });
    behaves(() => first);
  });

  test('are shared by the instances', async () => {
    const [one, other] = [open(), open()];
    await connected(one);
    await connected(other);
    for (let i = 0; i < 3; i++) await one.pass([gate('shared')]);
    assert.ok((await other.pass([gate('shared')])).waitMs > 0);
    assert.equal(await one.claim('shared', 1000), true);
    assert.equal(await other.claim('shared', 1000), false);
  });

  test('count together again soon after their connection went silent', { timeout: 60_000 }, async () => {
    const url = new URL(redisUrl);
    const way = await openHangingWay(url.hostname, Number(url.port || 6379));
    url.host = `127.0.0.1:${way.port}`;
    try {
      const [near, far] = [open(), open(url.href)];
      await connected(near);
      const isShared = async (key: string) => {
        await far.hold(key, 10_000);
        return ((await near.waits([key]))[0] ?? 0) > 0;
      };
      await until('both count together', () => isShared(randomUUID()));
      way.forget('eval');
      assert.equal(await isShared(randomUUID()), false);
      await until('they do again', () => isShared(randomUUID()));
    } finally {
      way.close();
    }
  });

  test('count on in memory while Redis does not answer', async () => {
    const alone = open('redis://127.0.0.1:1/0');
    for (let i = 0; i < 3; i++) await alone.pass([gate('alone')]);
    assert.ok((await alone.pass([gate('alone')])).waitMs > 0);
  });
});
