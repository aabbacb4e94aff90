import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Type } from '#core/schema.ts';
import { defineTask, type RunningTask } from '#core/task.ts';
import { useApp } from '#tests/harness.ts';
import { register, until, useWorkers } from '#tests/work.ts';
import { addTask } from './queue.service.ts';

const why = 'a test does what another instance does';

describe('a run that is to end early', () => {
  const t = useApp();
  const startWorker = useWorkers();
  const runs: RunningTask[] = [];
  const base = {
    title: { 'zh-CN': '测试', 'en-US': 'Test' },
    args: Type.Object({}, { additionalProperties: false }),
    attempts: 1,
  };
  /** Heeds its signal by returning what it has so far. */
  const returning = defineTask({
    ...base,
    name: 'abort.returning',
    async run(_ctx, _args, task) {
      runs.push(task);
      while (!task.signal.aborted) await sleep(5);
      return { half: true };
    },
  });
  const late = defineTask({ ...returning, name: 'abort.late', timeoutMs: 60 });
  let fail = Promise.withResolvers<void>();
  const failing = defineTask({
    ...base,
    name: 'abort.failing',
    attempts: 3,
    backoff: { baseMs: 10, mostMs: 20 },
    async run(_ctx, _args, task) {
      runs.push(task);
      await fail.promise;
      throw new Error('went wrong');
    },
  });
  const broken = defineTask({
    ...base,
    name: 'abort.characters',
    args: Type.Object({ throws: Type.Boolean() }, { additionalProperties: false }),
    async run(_ctx, { throws }, task) {
      task.log('a \0 line \ud800');
      task.progress(1, 2, 'a \0 note');
      if (throws) throw new Error('a \0 byte');
      return { 'na\0me': ['a \0 byte \ud800'] };
    },
  });
  before(() => register(t, returning, late, failing, broken));

  const tasks = () => t.system.unscoped('tasks', why);
  const read = (id: number) => tasks().select().selectAll().where('id', '=', id).executeTakeFirstOrThrow();
  const isIn = (id: number, state: string) => until(`it is ${state}`, async () => (await read(id)).state === state);
  const begun = async (handler: typeof returning) => {
    runs.length = 0;
    const id = await addTask(t.system, handler, {});
    t.system.signals.emit('task.available', 'any');
    await until('it runs', () => runs.length > 0);
    return id;
  };

  test('has not succeeded, whatever it returns: it took too long, was cancelled, or the service stops', async () => {
    const worker = await startWorker(t);
    const slow = await begun(late);
    await isIn(slow, 'failed');
    assert.match((await read(slow)).error ?? '', /took longer than 0.06 s/);
    const cancelled = await begun(returning);
    await t.admin.post(`tasks/${cancelled}/cancel`);
    await isIn(cancelled, 'cancelled');
    const stopped = await begun(returning);
    await worker.stop(10);
    const { state, attempt, result } = await read(stopped);
    assert.deepEqual([state, attempt, result], ['queued', 0, null]);
    await tasks().delete().where('id', '=', stopped).execute();
  });

  test('is cancelled although its instance has not heard of it, and is not tried again', async () => {
    fail = Promise.withResolvers();
    const worker = await startWorker(t);
    const id = await begun(failing);
    await tasks().updateQuietly({ cancel_requested: true }).where('id', '=', id).execute();
    fail.resolve();
    await isIn(id, 'cancelled');
    assert.equal((await read(id)).attempt, 1);
    const stopped = await begun(returning);
    await tasks().updateQuietly({ cancel_requested: true }).where('id', '=', stopped).execute();
    await worker.stop(10);
    assert.equal((await read(stopped)).state, 'cancelled');
  });

  test('hears of it when it is the second one of its task in one process', async () => {
    const worker = await startWorker(t);
    const id = await begun(returning);
    // What an instance finds that has slept for longer than its lease: its task was given back.
    const back = { state: 'queued', lease_token: null, lease_until: null } as const;
    await tasks().updateQuietly(back).where('id', '=', id).execute();
    t.system.signals.emit('task.available', 'any');
    await until('it runs a second time', () => runs.length === 2);
    const [first, second] = runs as [RunningTask, RunningTask];
    await until('the first one is stopped', () => first.signal.aborted);
    await sleep(50);
    assert.equal(second.signal.aborted, false);
    await t.admin.post(`tasks/${id}/cancel`);
    await until('the second one is stopped', () => second.signal.aborted);
    await worker.stop(1000);
    assert.equal((await read(id)).state, 'cancelled');
  });

  test('is kept with its end also when it says what no database keeps', async () => {
    await startWorker(t);
    const [good, bad] = [
      await addTask(t.system, broken, { throws: false }),
      await addTask(t.system, broken, { throws: true }),
    ];
    await isIn(good, 'succeeded');
    await isIn(bad, 'failed');
    assert.deepEqual((await read(good)).result, { 'na\ufffdme': ['a \ufffd byte \ufffd'] });
    assert.equal((await read(good)).progress_note, 'a \ufffd note');
    assert.equal((await read(bad)).error, 'a \ufffd byte');
    const logs = await t.system
      .unscoped('task_logs', why)
      .select()
      .select('message')
      .where('task_id', '=', good)
      .execute();
    assert.deepEqual(logs, [{ message: 'a \ufffd line \ufffd' }]);
  });
});
