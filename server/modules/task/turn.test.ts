import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { Type } from '#core/schema.ts';
import { defineTask } from '#core/task.ts';
import { useApp } from '#tests/harness.ts';
import { register, until, useWorkers } from '#tests/work.ts';
import type { TakenTask } from './claim.crud.ts';
import { takeOfferedTogether } from './claim.service.ts';
import { addTask } from './queue.service.ts';
import { type HeldEnd, writeTogether } from './state.service.ts';

const why = 'a test looks at what is stored';

describe('tasks of one turn of the event loop', () => {
  const t = useApp();
  const startWorker = useWorkers();
  let goOn = Promise.withResolvers<void>();
  let waiting = 0;
  const gated = defineTask({
    name: 'test.gated',
    title: { 'zh-CN': '测试', 'en-US': 'Test' },
    args: Type.Object({ number: Type.Integer() }, { additionalProperties: false }),
    async run(_ctx, { number }) {
      waiting += 1;
      await goOn.promise;
      return number;
    },
  });
  before(() => register(t, gated));
  const add = (number: number) => addTask(t.system, gated, { number });
  const addSome = async () => [await add(0), await add(1), await add(2), await add(3)];
  const rows = (ids: readonly number[]) =>
    t.system.unscoped('tasks', why).select().selectAll().where('id', 'in', ids).orderBy('id').execute();
  const claimant = { instance: 'test', leaseMs: 30_000 };

  test('that are offered are taken by one statement, each once, and those that may not run are left', async () => {
    const ids = await addSome();
    const [first = 0, second = 0, later = 0, cancelled = 0] = ids;
    const inAnHour = new Date(Date.now() + 3_600_000);
    await t.system.unscoped('tasks', why).update({ available_at: inAnHour }).where('id', '=', later).execute();
    await t.system.unscoped('tasks', why).update({ state: 'cancelled' }).where('id', '=', cancelled).execute();
    const take = takeOfferedTogether(t.system, claimant, () => false);
    const taken = await Promise.all([first, second, first, later, cancelled].map(take));
    assert.deepEqual(
      taken.map((task) => task?.id),
      [first, second, undefined, undefined, undefined],
    );
    assert.deepEqual(
      (await rows(ids)).map(({ state, attempt }) => [state, attempt]),
      [
        ['running', 1],
        ['running', 1],
        ['queued', 0],
        ['cancelled', 0],
      ],
    );
    await t.system.unscoped('tasks', why).delete().where('id', 'in', ids).execute();
  });

  test('that end are kept together, each with its own result; one that was lost meanwhile is not', async () => {
    goOn = Promise.withResolvers();
    waiting = 0;
    await startWorker(t, { places: 4 });
    const ids = await addSome();
    t.system.signals.emit('task.available', 'any');
    await until('all of them run', () => waiting === 4);
    const lost = ids[1] as number;
    await t.system.unscoped('tasks', why).update({ lease_token: 'of another' }).where('id', '=', lost).execute();
    goOn.resolve();
    await until(
      'they have ended',
      async () => (await rows(ids)).filter(({ state }) => state === 'succeeded').length === 3,
    );
    const ended = (await rows(ids)).map(({ state, result, lease_token }) => [state, result, lease_token]);
    assert.deepEqual(ended, [
      ['succeeded', 0, null],
      ['running', null, 'of another'],
      ['succeeded', 2, null],
      ['succeeded', 3, null],
    ]);
    await t.system.unscoped('tasks', why).delete().where('id', 'in', ids).execute();
  });

  test('are written one by one when one of them cannot be', async () => {
    const ids = await addSome();
    const take = takeOfferedTogether(t.system, claimant, () => false);
    const taken = (await Promise.all(ids.map(take))) as TakenTask[];
    const write = writeTogether(t.system);
    const ends = taken.map((task, index): HeldEnd => {
      // Whatever the database, no column of that name is there.
      const bad = index === 2 ? { no_such_column: 1 } : {};
      return { task, changes: { state: 'succeeded', result: index, ...bad } };
    });
    const told = await Promise.allSettled(ends.map(write));
    assert.deepEqual(
      told.map((one) => (one.status === 'fulfilled' ? one.value : 'refused')),
      [true, true, 'refused', true],
    );
    assert.deepEqual(
      (await rows(ids)).map(({ state, result }) => [state, result]),
      [
        ['succeeded', 0],
        ['succeeded', 1],
        ['running', null],
        ['succeeded', 3],
      ],
    );
  });
});
