import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { oneOf, Type } from '#core/schema.ts';
import { defineTask } from '#core/task.ts';
import { type Client, useApp } from '#tests/harness.ts';
import { register, until, useWorkers } from '#tests/work.ts';
import type { TaskChange } from './state.service.ts';

const why = 'a test looks at what is stored';
const HOWS = ['succeeds', 'fails', 'waits', 'waits-for-us'] as const;
const goOn = Promise.withResolvers<void>();

const does = defineTask({
  name: 'test.does',
  title: { 'zh-CN': '测试', 'en-US': 'Test' },
  args: Type.Object({ how: oneOf(HOWS) }, { additionalProperties: false }),
  attempts: 1,
  async run(_ctx, { how }, { signal }) {
    if (how === 'fails') throw new Error('went wrong');
    if (how === 'waits-for-us') await goOn.promise;
    if (how === 'waits') await new Promise((resolve) => signal.addEventListener('abort', resolve));
    return null;
  },
});

describe('how a task ended', () => {
  const t = useApp();
  const startWorker = useWorkers();
  let person: Client;
  before(async () => {
    register(t, does);
    person = await t.as({});
  });
  const tasks = () => t.system.unscoped('tasks', why);
  const add = (how: (typeof HOWS)[number], by = person) =>
    tasks().insert({ handler: does.name, args: { how }, available_at: new Date(), created_by: by.userId });
  const stateOf = async (id: number) =>
    (await tasks().select().select('state').where('id', '=', id).executeTakeFirstOrThrow()).state;
  const isIn = (id: number, state: string) => until(`${id} is ${state}`, async () => (await stateOf(id)) === state);
  const toldOf = async (id: number) => {
    const events = await t.system.unscoped('live_events', why).select().select('data').orderBy('id').execute();
    return events.map(({ data }) => data as unknown as TaskChange).filter((change) => change.id === id);
  };

  test('A39 is stored with the word of it for whoever queued it: nobody can see the one without the other', async () => {
    const early: Promise<[number, string, number]>[] = [];
    const listeners = t.environment.listeners as Map<string, ((ctx: unknown, change: TaskChange) => void)[]>;
    const others = listeners.get('task.changed') ?? [];
    // The first who could know: a process that is killed now has left both behind.
    const first = (_: unknown, { id, state }: TaskChange) =>
      void early.push(toldOf(id).then((told) => [id, state, told.length]));
    listeners.set('task.changed', [first, ...others]);
    const ids = [await add('succeeds'), await add('succeeds'), await add('fails'), await add('waits')];
    const [, , , running = 0] = ids;
    const waiting = await add('waits');
    const delayed = new Date(Date.now() + 3_600_000);
    await tasks().update({ available_at: delayed }).where('id', '=', waiting).execute();
    await startWorker(t);
    await isIn(running, 'running');
    for (const id of [running, waiting]) assert.equal((await t.admin.post(`tasks/${id}/cancel`)).status, 200);
    for (const [index, state] of ['succeeded', 'succeeded', 'failed', 'cancelled', 'cancelled'].entries())
      await isIn([...ids, waiting][index] as number, state);
    listeners.set('task.changed', others);
    const seen = (await Promise.all(early)).filter(([, state]) => state !== 'running');
    assert.deepEqual(
      seen.map(([id, , told]) => [id, told]).toSorted(([one = 0], [other = 0]) => one - other),
      [...ids, waiting].map((id) => [id, 1]),
    );
  });

  test('is told to nobody when whoever queued it is gone, and still stored', async () => {
    const other = await t.as({});
    await startWorker(t);
    const id = await add('waits-for-us', other);
    await isIn(id, 'running');
    assert.equal((await t.admin.delete(`users/${other.userId}`)).status, 200);
    goOn.resolve();
    await isIn(id, 'succeeded');
    assert.deepEqual(await toldOf(id), []);
  });

  test('A39 is not stored when the word of it cannot be, and is when it can', async () => {
    const counter = () => t.system.unscoped('live_event_counters', why);
    const last = await counter().select().select('value').executeTakeFirstOrThrow();
    await counter().delete().execute();
    const ids = [await add('succeeds'), await add('succeeds'), await add('fails')];
    const worker = await startWorker(t);
    const refused = () => t.logLines.filter((line) => line.includes('the end of a task could not be recorded')).length;
    await until('all were done in vain', () => refused() >= ids.length);
    for (const id of ids) assert.deepEqual([await stateOf(id), await toldOf(id)], ['running', []]);
    await worker.stop(0);
    await counter().insert({ name: 'events', value: last.value });
    await tasks()
      .update({ lease_until: new Date(0) })
      .where('id', 'in', ids)
      .execute();
    await startWorker(t, { leaseMs: 300 });
    for (const id of ids) await isIn(id, 'failed');
    for (const id of ids)
      assert.deepEqual(
        (await toldOf(id)).map(({ state }) => state),
        ['failed'],
      );
  });
});
