import assert from 'node:assert/strict';
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, mock, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { type CacheSpec, defineCache } from '#core/cache.ts';
import { until } from '#tests/work.ts';
import { silentBus } from './bus.ts';
import { openCaches } from './cache.ts';

const log = pino({ level: 'silent' });
const spec = (more: Partial<CacheSpec> = {}) =>
  defineCache({
    name: 'things',
    title: { 'zh-CN': '物', 'en-US': 'Things' },
    tags: ['things'],
    ttlMs: 60_000,
    graceMs: 0,
    ...more,
  });
const alone = (...specs: CacheSpec[]) => openCaches({ specs, redisUrl: '', prefix: '', bus: silentBus, log });

describe('a cache in memory', () => {
  test('A38 reads once for many who ask at once, and also keeps that there is nothing', async () => {
    const things = spec();
    const caches = await alone(things);
    let reads = 0;
    const read = async () => {
      reads += 1;
      await sleep(20);
      return null;
    };
    const answers = await Promise.all(Array.from({ length: 500 }, () => caches.get(things, 'a', read)));
    assert.ok(answers.every((answer) => answer === null));
    assert.equal(await caches.get(things, 'a', read), null);
    assert.equal(reads, 1);
    const [figures] = caches.figures();
    assert.deepEqual([figures?.entries, figures?.hits, figures?.misses], [1, 500, 1]);
    await caches.close();
  });

  test('forgets by tag and by name, and nothing that was being read meanwhile is kept', async () => {
    const [things, others] = [spec(), spec({ name: 'others', tags: ['others', 'both'] })];
    const caches = await alone(things, others);
    let value = 1;
    const slow = async () => {
      const seen = value;
      await sleep(30);
      return seen;
    };
    assert.equal(await caches.get(others, 'a', slow), 1);
    const late = caches.get(things, 'a', slow);
    await sleep(5);
    value = 2;
    await caches.forget(['things']);
    assert.equal(await caches.get(things, 'a', slow), 2);
    await late;
    assert.equal(await caches.get(things, 'a', slow), 2, 'what was read before the change is not found');
    assert.equal(await caches.get(others, 'a', slow), 1, 'another tag');
    await caches.forget(['both']);
    assert.equal(await caches.get(others, 'a', slow), 2);
    value = 3;
    assert.equal(await caches.clear('others'), true);
    assert.equal(await caches.clear('no-such'), false);
    assert.equal(await caches.get(others, 'a', slow), 3);
    await caches.close();
  });

  test('reads again when the time is over, and goes on with the old value while that fails', async () => {
    const things = spec({ ttlMs: 30, graceMs: 60_000 });
    const caches = await alone(things);
    assert.equal(await caches.get(things, 'a', async () => 1), 1);
    await sleep(50);
    const failing = async () => {
      throw new Error('the database is away');
    };
    assert.equal(await caches.get(things, 'a', failing), 1);
    await caches.forget(['things']);
    await assert.rejects(caches.get(things, 'a', failing), 'what was changed is never shown again');
    assert.equal(await caches.get(things, 'a', async () => 2), 2);
    await caches.close();
  });

  test('A14 shows its entries, those about people without their values', async () => {
    const [things, people] = [spec(), spec({ name: 'people', tags: [], holdsIdentities: true })];
    const caches = await alone(things, people);
    await caches.get(things, 'a', async () => ({ of: 'a' }));
    await caches.get(people, 'p', async () => ({ secret: 'of-a-person' }));
    assert.deepEqual(
      caches.entries('things', 10).map(({ key, value }) => [key, value]),
      [['a', '{"of":"a"}']],
    );
    assert.deepEqual(
      caches.entries('people', 10).map(({ key, value }) => [key, value]),
      [['p', null]],
    );
    await caches.close();
  });
});

test('a Redis that does not answer is asked again by one timer, however many caches wait for it', async () => {
  const specs = Array.from({ length: 5 }, (_, index) => spec({ name: `things-${index}` }));
  const bus = { ...silentBus, isConnected: true };
  const caches = await openCaches({ specs, redisUrl: 'redis://127.0.0.1:1/0', prefix: 'cache-test', bus, log });
  const timers = mock.method(globalThis, 'setTimeout');
  const again = () => timers.mock.calls.filter(({ arguments: [, delay] }) => delay === 500).length;
  for (let round = 0; round < 4; round++) await caches.forget(['things']);
  assert.ok(again() <= 1, `${again()} timers`);
  await until('it is asked again, and once more', () => again() >= 3);
  timers.mock.restore();
  await caches.close();
});

const hasRedis = (process.env['TEST_REDIS_URL'] ?? '') !== '';

describe('three processes with a Redis of their own', {
  skip: !hasRedis && 'TEST_REDIS_URL is not set, so there may be no Redis',
}, () => {
  const IDS = [1, 2, 3];
  const folder = mkdtempSync(join(tmpdir(), 'cache-test-'));
  const file = join(folder, 'numbers.db');
  const children: ChildProcess[] = [];
  const waiting = new Map<number, (answer: unknown) => void>();
  let port = 0;
  let redis: ChildProcess;
  let calls = 0;
  const database = new DatabaseSync(file, { timeout: 5000 });

  const startRedis = () => {
    redis = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder], {
      stdio: 'ignore',
    });
  };
  const stopRedis = async () => {
    const gone = once(redis, 'exit');
    redis.kill('SIGKILL');
    await gone;
  };
  const order = (child: ChildProcess | undefined, what: 'read' | 'write' | 'state', id = 0) =>
    // biome-ignore lint/suspicious/noExplicitAny: what a process of the test answers
    new Promise<any>((settle) => {
      calls += 1;
      waiting.set(calls, settle);
      child?.send({ call: calls, do: what, id });
    });
  const stored = (id: number) =>
    (database.prepare('select value from numbers where id = ?').get(id) as { value: number }).value;
  const allHear = (hearing: boolean) =>
    until(`everybody ${hearing ? 'hears' : 'is alone'}`, async () =>
      (await Promise.all(children.map((child) => order(child, 'state')))).every((state) => state.isHearing === hearing),
    );
  /** Every process sees what is stored, for every number; within the time that staleness may last. */
  const assertFresh = async (withinMs: number, when: string) => {
    const deadline = performance.now() + withinMs;
    for (;;) {
      const reads = await Promise.all(
        children.flatMap((child) => IDS.map(async (id) => (await order(child, 'read', id)) === stored(id))),
      );
      if (reads.every(Boolean)) return;
      assert.ok(performance.now() < deadline, `${when}: a stale entry is still there after ${withinMs} ms`);
      await sleep(20);
    }
  };
  /** Random writes and reads for a while; no read may ever be older than what was stored when it began, less what may be on its way. */
  const play = async (forMs: number) => {
    const end = performance.now() + forMs;
    await Promise.all(
      children.map(async (child) => {
        while (performance.now() < end) {
          const id = IDS[Math.floor(Math.random() * IDS.length)] ?? 1;
          await order(child, Math.random() < 0.2 ? 'write' : 'read', id);
          await sleep(Math.random() * 10);
        }
      }),
    );
  };

  before(async () => {
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    port = (probe.address() as AddressInfo).port;
    probe.close();
    await once(probe, 'close');
    database.exec('pragma journal_mode = wal; create table numbers (id integer primary key, value integer not null)');
    for (const id of IDS) database.prepare('insert into numbers values (?, 0)').run(id);
    startRedis();
    for (let count = 0; count < 3; count++) {
      const child = fork(
        join(import.meta.dirname, 'cache.fixture.ts'),
        [file, `redis://127.0.0.1:${port}/0`, 'cache-test'],
        // Not a test by itself, as it would be with what this process was started with.
        { execArgv: [], env: { PATH: process.env['PATH'] } },
      );
      children.push(child);
      await once(child, 'message');
      child.on('message', (message: { call: number; answer?: unknown; error?: string }) => {
        waiting.get(message.call)?.(message.error ?? message.answer);
        waiting.delete(message.call);
      });
    }
    await allHear(true);
  });
  after(async () => {
    for (const child of children) child.kill();
    await stopRedis();
    database.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('see each other’s writes, share what one has read, and hold nothing stale', async () => {
    await assertFresh(1000, 'at first');
    for (let round = 0; round < 5; round++) {
      await play(400);
      await assertFresh(1000, `after round ${round}`);
    }
    const states = await Promise.all(children.map((child) => order(child, 'state')));
    assert.ok(states.every(({ figures }) => figures.hits > 0 && figures.misses > 0));
  });

  test('go on from memory while Redis is away for five seconds, and hold nothing stale when it is back', {
    timeout: 180_000,
  }, async () => {
    await stopRedis();
    await allHear(false);
    const began = performance.now();
    await play(3000);
    await assertFresh(3000, 'without Redis');
    await play(Math.max(0, 5000 - (performance.now() - began)));
    startRedis();
    await allHear(true);
    await assertFresh(3000, 'when Redis is back');
    await play(500);
    await assertFresh(1000, 'later');
  });
});
