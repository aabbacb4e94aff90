import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { openHangingWay } from '#tests/hanging.ts';
import { type TestApp, testApp } from '#tests/harness.ts';
import { until } from '#tests/work.ts';
import { openBus } from './bus.ts';

const redisUrl = process.env['TEST_REDIS_URL'] ?? '';

/** Asks until the answer is the expected one; gives up long before the entry would expire by itself. */
async function eventually(ask: () => Promise<number>, expected: number): Promise<void> {
  let last = 0;
  for (let attempt = 0; attempt < 100; attempt++) {
    last = await ask();
    if (last === expected) return;
    await sleep(20);
  }
  assert.equal(last, expected);
}

describe('two instances with Redis', { skip: redisUrl === '' && 'TEST_REDIS_URL is not set' }, () => {
  let first: TestApp;
  let second: TestApp;
  before(async () => {
    const settings = { REDIS_URL: redisUrl };
    first = await testApp({ settings });
    second = await testApp({ settings, beside: first });
    await eventually(async () => ((await first.anonymous.get('/readyz')).body.redis === 'ok' ? 1 : 0), 1);
    await eventually(async () => ((await second.anonymous.get('/readyz')).body.redis === 'ok' ? 1 : 0), 1);
  });
  after(async () => {
    await second.close();
    await first.close();
  });

  test('a session ended on one is refused by the other', async () => {
    const user = await first.as({ permissions: ['system:user:query'] });
    const onSecond = second.withToken(user.token);
    assert.equal((await onSecond.get('users/me')).status, 200);
    assert.equal((await user.post('auth/logout')).status, 200);
    await eventually(async () => (await onSecond.get('users/me')).status, 401);
  });

  test('a permission taken away on one is refused by the other', async () => {
    const user = await first.as({ permissions: ['system:user:query'] });
    const onSecond = second.withToken(user.token);
    assert.equal((await onSecond.get('users')).status, 200);
    const roles = await first.admin.get(`users/${user.userId}`);
    const roleId = roles.body.data.role_ids[0];
    assert.equal((await first.admin.put(`roles/${roleId}/permissions`, { permissions: [] })).status, 200);
    await eventually(async () => (await onSecond.get('users')).status, 403);
  });
});

test('a Redis that hangs does not count as there, and nobody waits for it', {
  skip: redisUrl === '' && 'TEST_REDIS_URL is not set',
  timeout: 20_000,
}, async () => {
  const url = new URL(redisUrl);
  const way = await openHangingWay(url.hostname, Number(url.port || 6379));
  url.host = `127.0.0.1:${way.port}`;
  const bus = openBus(url.href, 'bus-test', pino({ level: 'silent' }));
  try {
    await until('connected', () => bus.isConnected);
    await bus.check();
    assert.match(await bus.version(), /^Redis \d/);
    way.hang();
    await assert.rejects(bus.check(), /timed out/);
    await assert.rejects(bus.version(), /timed out/);
  } finally {
    await bus.close();
    way.close();
  }
});

for (const [which, words] of [
  ['listens', 'psubscribe'],
  ['tells', 'publish'],
] as const)
  test(`a connection that ${which} and went silent is noticed and made anew, and what was missed meanwhile is said to be`, {
    skip: redisUrl === '' && 'TEST_REDIS_URL is not set',
    timeout: 30_000,
  }, async () => {
    const url = new URL(redisUrl);
    const way = await openHangingWay(url.hostname, Number(url.port || 6379));
    url.host = `127.0.0.1:${way.port}`;
    const prefix = `bus-test-${process.pid}`;
    const log = pino({ level: 'silent' });
    const [one, other] = [openBus(url.href, prefix, log, 100), openBus(redisUrl, prefix, log, 100)];
    const changes: boolean[] = [];
    const heard: unknown[] = [];
    one.onConnectionChange((connected) => changes.push(connected));
    for (const bus of [one, other]) bus.subscribe('topic', (message) => heard.push(message));
    try {
      await until('both are there', () => one.isConnected && other.isConnected);
      other.publish('topic', 'before');
      await until('it is heard', () => heard.includes('before'));
      await sleep(1000);
      assert.deepEqual(changes, [true], 'beats are heard as long as all is well');
      way.forget(words);
      await until('it is noticed', () => changes.length > 1);
      await until('it is made anew', () => one.isConnected);
      await one.check();
      assert.deepEqual(changes, [true, false, true]);
      other.publish('topic', 'after');
      one.publish('topic', 'from here');
      await until('both are heard', () => heard.includes('after') && heard.includes('from here'));
      await sleep(500);
      assert.equal(one.isConnected, true);
      assert.deepEqual(
        heard,
        ['before', 'after', 'from here'].toSorted((a, b) => heard.indexOf(a) - heard.indexOf(b)),
      );
    } finally {
      await one.close();
      await other.close();
      way.close();
    }
  });

describe('without Redis', () => {
  let alone: TestApp;
  before(async () => {
    alone = await testApp({ settings: { REDIS_URL: 'redis://127.0.0.1:1/0' } });
  });
  after(() => alone.close());

  test('the service goes on from memory and says that Redis is away', async () => {
    assert.equal((await alone.admin.get('users')).status, 200);
    const ready = await alone.anonymous.get('/readyz');
    assert.equal(ready.status, 200);
    assert.equal(ready.body.redis, 'unavailable');
  });
});
