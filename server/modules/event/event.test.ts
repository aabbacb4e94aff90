import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, type Client, type TestApp, testApp, useApp } from '#tests/harness.ts';
import { until } from '#tests/work.ts';
import { publishEvent } from './event.service.ts';

interface Heard {
  readonly id: number | null;
  readonly topic: string;
  readonly data: unknown;
}

/** Listens as a browser does, over a real connection. */
async function listen(t: TestApp, client: Pick<Client, 'token'>, lastEventId?: number) {
  if (t.app.server.address() === null) await t.app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = t.app.server.address() as AddressInfo;
  const controller = new AbortController();
  const response = await fetch(`http://127.0.0.1:${port}/api/v1/events`, {
    headers: {
      authorization: `Bearer ${client.token}`,
      ...(lastEventId !== undefined && { 'last-event-id': String(lastEventId) }),
    },
    signal: controller.signal,
  });
  const heard: Heard[] = [];
  let hasEnded = false;
  const reading = (async () => {
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk as Uint8Array, { stream: true });
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const fields = Object.fromEntries(
          text
            .slice(0, end)
            .split('\n')
            .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
        );
        text = text.slice(end + 2);
        if (fields['event'])
          heard.push({
            id: fields['id'] ? Number(fields['id']) : null,
            topic: fields['event'],
            data: JSON.parse(fields['data'] ?? 'null'),
          });
      }
    }
  })()
    .catch(() => undefined)
    .finally(() => {
      hasEnded = true;
    });
  if (response.status === 200) await until('the stream is ready', () => heard.some(({ topic }) => topic === 'ready'));
  return {
    status: response.status,
    headers: response.headers,
    heard,
    told: () => heard.filter(({ topic }) => topic !== 'ready'),
    ended: () => hasEnded,
    async close() {
      controller.abort();
      await reading;
    },
  };
}

describe('live events', () => {
  const t = useApp();
  const tell = (userId: number | null, text: string) => publishEvent(t.system, userId, 'test', { text });
  const texts = (heard: readonly Heard[]) => heard.map(({ data }) => (data as { text: string }).text);

  test('reach whom they are meant for, and nobody else', async () => {
    const [one, two] = [await t.as({}), await t.as({})];
    const [first, second] = [await listen(t, one), await listen(t, two)];
    assert.match(String(first.headers.get('content-type')), /^text\/event-stream/);
    assert.equal(first.headers.get('cache-control'), 'no-store');
    await tell(one.userId, 'for one');
    await tell(null, 'for all');
    await until('both have heard', () => first.told().length >= 2 && second.told().length >= 1);
    await sleep(50);
    assert.deepEqual([texts(first.told()), texts(second.told())], [['for one', 'for all'], ['for all']]);
    await first.close();
    await second.close();
    await until('both are gone', () => t.environment.streams.size === 0);
    assert.equal((await t.anonymous.get('events')).status, 401);
  });

  test('that were missed are told again, each once and in order', async () => {
    const one = await t.as({});
    const first = await listen(t, one);
    await tell(one.userId, 'a');
    await until('a was heard', () => first.told().length === 1);
    const last = first.told()[0]?.id ?? 0;
    await first.close();
    for (const text of ['b', 'c', 'd']) await tell(one.userId, text);
    const again = await listen(t, one, last);
    await tell(one.userId, 'e');
    await until('e was heard', () => texts(again.told()).includes('e'));
    assert.deepEqual(texts(again.told()), ['b', 'c', 'd', 'e']);
    await again.close();
    const why = 'a test makes events old';
    await t.system.unscoped('live_events', why).delete().execute();
    const late = await listen(t, one, last);
    assert.deepEqual(
      late.told().map(({ topic }) => topic),
      ['reset'],
    );
    await late.close();
  });

  test('are not lost and not doubled while many are told at once', async () => {
    const one = await t.as({});
    const first = await listen(t, one);
    const numbers = Array.from({ length: 60 }, (_, index) => String(index));
    await Promise.all(numbers.map((number) => tell(one.userId, number)));
    await until('all were heard', () => first.told().length >= 60);
    assert.deepEqual(new Set(texts(first.told())), new Set(numbers));
    const ids = first.told().map(({ id }) => id ?? 0);
    assert.deepEqual(
      ids,
      [...ids].sort((a, b) => a - b),
    );
    await first.close();
  });

  test('are told in transactions of several people at once, in whatever order each names them', async () => {
    const people = [await t.as({}), await t.as({}), await t.as({})];
    const rounds = Array.from({ length: 40 }, (_, round) => people.map((_, index) => people[(round + index) % 3]));
    const stored = () => t.system.unscoped('live_events', 'a test counts them').select().select('id').execute();
    const before = (await stored()).length;
    await Promise.all(
      rounds.map((order) =>
        t.system.inTransaction(async (ctx) => {
          for (const one of order) await publishEvent(ctx, one?.userId ?? null, 'test', { text: 'to several' });
        }),
      ),
    );
    assert.equal((await stored()).length - before, 120);
  });

  test('A3 end with the session, and say that rights have changed', async () => {
    const one = await t.as({ permissions: ['system:user:query'] });
    const stream = await listen(t, one);
    assert.equal((await t.admin.patch(`users/${one.userId}`, { name: 'x' })).status, 200);
    await until('it was told', () => stream.told().some(({ topic }) => topic === 'rights.changed'));
    assert.equal((await one.post('auth/logout')).status, 200);
    await until('it has ended', () => stream.ended());
    assert.equal(stream.told().at(-1)?.topic, 'session.ended');
    const two = await t.as({});
    const other = await listen(t, two);
    await t.admin.patch(`users/${two.userId}`, { is_active: false });
    await until('that of a disabled user has ended', () => other.ended());
    assert.equal((await listen(t, one)).status, 401);
  });

  test('A3 A5 of somebody who is viewed end when the viewer may not look any more', async () => {
    const view = 'system:user:view-as';
    const rights = ['system:user:query', 'system:dept:query'];
    const roleOf = async ({ userId }: Client) => (await t.admin.get(`users/${userId}`)).body.data.role_ids[0];
    const ways: Record<string, (viewer: Client, viewed: Client) => Promise<Answer>> = {
      'the viewer loses their roles': (viewer) => t.admin.put(`users/${viewer.userId}/roles`, { role_ids: [] }),
      'the viewer loses the permission': async (viewer) =>
        t.admin.put(`roles/${await roleOf(viewer)}/permissions`, { permissions: rights }),
      'the viewer is disabled': (viewer) => t.admin.patch(`users/${viewer.userId}`, { is_active: false }),
      'the viewer signs out': (viewer) => viewer.post('auth/logout'),
      'the other gains a right': async (_, viewed) =>
        t.admin.put(`roles/${await roleOf(viewed)}/permissions`, { permissions: ['system:menu:delete'] }),
    };
    for (const [way, takeAway] of Object.entries(ways)) {
      const viewer = await t.as({ permissions: [...rights, view], scope: 'dept_and_below', dept: 'NORTH' });
      const viewed = await t.as({ permissions: rights, scope: 'self', dept: 'NORTH-RD' });
      const opened = await viewer.post(`users/${viewed.userId}/view-as`);
      assert.equal(opened.status, 200, opened.text);
      const [own, eyes] = [await listen(t, viewed), await listen(t, { token: opened.body.data.access_token })];
      await tell(viewed.userId, 'seen by both');
      await until('both have heard', () => own.told().length === 1 && eyes.told().length === 1);
      const { status, text } = await takeAway(viewer, viewed);
      assert.equal(status, 200, `${way}: ${text}`);
      await until(`${way}: the view has ended`, () => eyes.ended());
      assert.equal(eyes.told().at(-1)?.topic, 'session.ended', way);
      await tell(viewed.userId, 'seen by its owner');
      await until('its owner has heard', () =>
        own.told().some(({ topic, data }) => topic === 'test' && JSON.stringify(data).includes('owner')),
      );
      assert.ok(!own.ended() && !texts(eyes.told().slice(0, -1)).includes('seen by its owner'), way);
      await own.close();
    }
  });

  test('are bounded for each person', async () => {
    const one = await t.as({});
    const streams = [];
    for (let count = 0; count < 10; count++) streams.push(await listen(t, one));
    const refused = await listen(t, one);
    assert.equal(refused.status, 429);
    for (const stream of streams) await stream.close();
    await until('all are gone', () => t.environment.streams.countOf(one.userId) === 0);
  });

  test('do not wait without end for a reader that is too slow: it is cut off, and resumes where it was', async () => {
    const one = await t.as({});
    const first = await listen(t, one);
    await tell(one.userId, 'a');
    await until('a was heard', () => first.told().length === 1);
    const last = first.told()[0]?.id ?? 0;
    await first.close();

    const { port } = t.app.server.address() as AddressInfo;
    const socket = connect(port, '127.0.0.1');
    socket.write(`GET /api/v1/events HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${one.token}\r\n\r\n`);
    await once(socket, 'readable');
    // From here on it reads nothing.
    socket.pause();
    await until('it listens', () => t.environment.streams.countOf(one.userId) === 1);
    const passing = { topic: 'test', data: { text: 'x'.repeat(50_000) } };
    let told = 0;
    for (; told < 100_000 && t.environment.streams.countOf(one.userId) === 1; told++) {
      t.environment.streams.deliver(passing, { userId: one.userId });
      // Lets the stream give to the connection what it will take.
      if (told % 100 === 0) await sleep(1);
    }
    await until('it was cut off', () => t.environment.streams.countOf(one.userId) === 0);
    socket.destroy();
    await tell(one.userId, 'b');
    const again = await listen(t, one, last);
    assert.deepEqual(texts(again.told()), ['b']);
    await again.close();
  });

  test('of the queue go to those who may see it; how a task ended to whoever queued it', async () => {
    const [looker, owner, other] = [
      await t.as({ permissions: ['monitor:task:query'] }),
      await t.as({}),
      await t.as({}),
    ];
    const [atQueue, own, none] = [await listen(t, looker), await listen(t, owner), await listen(t, other)];
    const change = { id: 5, handler: 'x', job_id: null, created_by: owner.userId, state: 'running' };
    await t.system.announce('task.changed', change);
    await t.system.announce('task.changed', { ...change, state: 'failed' });
    await until('both were told', () => own.told().length === 2 && atQueue.told().length === 2);
    assert.deepEqual(
      own.told().map(({ id, topic }) => [id !== null, topic]),
      [
        [false, 'task.changed'],
        [true, 'task.changed'],
      ],
    );
    assert.deepEqual(
      atQueue.told().map(({ topic }) => topic),
      ['queue.changed', 'queue.changed'],
    );
    assert.deepEqual(none.told(), []);
    for (const stream of [atQueue, own, none]) await stream.close();
  });
});

const redisUrl = process.env['TEST_REDIS_URL'] ?? '';
for (const settings of [{}, ...(redisUrl ? [{ REDIS_URL: redisUrl }] : [])]) {
  describe(`live events of two instances ${redisUrl && 'REDIS_URL' in settings ? 'with Redis' : 'on one database'}`, () => {
    let first: TestApp;
    let second: TestApp;
    before(async () => {
      first = await testApp({ settings });
      second = await testApp({ settings, beside: first });
    });
    after(async () => {
      await second.close();
      await first.close();
    });

    test('are heard at the other one, resumed there, and a stream does not keep one from stopping', async () => {
      const one = await first.as({});
      const stream = await listen(second, one);
      await publishEvent(first.system, one.userId, 'test', { text: 'across' });
      await until('it was heard', () => stream.told().length === 1);
      const last = stream.told()[0]?.id ?? 0;
      const open = await listen(first, one);
      await second.close();
      await until('the stream has ended', () => stream.ended());
      await publishEvent(first.system, one.userId, 'test', { text: 'meanwhile' });
      const resumed = await listen(first, one, last);
      assert.deepEqual(
        resumed.told().map(({ data }) => data),
        [{ text: 'meanwhile' }],
      );
      await resumed.close();
      await open.close();
    });
  });
}
