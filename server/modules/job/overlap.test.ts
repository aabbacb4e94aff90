import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { register } from '#tests/work.ts';
import { claimTasks, prepareLocks } from '../task/claim.service.ts';
import { countStates, nothing, useJobs } from './testing.ts';

describe('runs of one job that would overlap', () => {
  const { t, clock, create, leaveAlone, fire, runsOf } = useJobs();

  test('A40 a run now comes beside the schedule, never instead: the next firing is queued behind it', async () => {
    const job = await create();
    assert.equal((await t.admin.post(`jobs/${job.id}/run`)).status, 200);
    clock.ms += 60_500;
    await fire();
    const states = async () => (await runsOf(job.id)).map(({ trigger, state, key }) => [trigger, state, key]);
    const key = `job:${job.id}`;
    const [manual, scheduled] = [
      ['manual', 'queued', key],
      ['schedule', 'queued', key],
    ];
    assert.deepEqual((await states()).sort(), [manual, scheduled]);
    clock.ms += 60_000;
    await fire();
    assert.deepEqual((await states()).sort(), [manual, scheduled, ['schedule', 'skipped', null]]);
  });

  test('those that are made up for are wanted: each waits for the one before, whatever else goes on', async () => {
    const job = await create({ misfire: 'run_all' });
    await leaveAlone(job.id, 10 * 60_000 + 1000);
    await fire(1000);
    const runs = await runsOf(job.id);
    assert.deepEqual(countStates(runs), { queued: 11 });
    assert.deepEqual(new Set(runs.map(({ key }) => key)), new Set([`job:${job.id}`]));
    clock.ms += 180_000;
    await fire(1000);
    assert.deepEqual(countStates(await runsOf(job.id)), { queued: 14 });
  });

  test('one that is on time is left out while those that are made up for still wait', async () => {
    const job = await create({ misfire: 'run_all' });
    await leaveAlone(job.id, 180_000);
    await fire(1000);
    assert.deepEqual(
      (await runsOf(job.id)).map(({ state }) => state),
      ['queued', 'queued', 'queued', 'skipped'],
    );
  });

  test('one for all that were missed is left out while a run before it still goes on', async () => {
    const job = await create({ misfire: 'run_once' });
    clock.ms += 60_000;
    await fire();
    clock.ms += 181_000;
    await fire(1000);
    assert.deepEqual(
      (await runsOf(job.id)).map(({ state }) => state),
      ['queued', 'missed', 'missed', 'skipped'],
    );
  });

  test('go on one after the other, also where the handler lets several tasks of a key run at once', async () => {
    const several = { ...nothing, name: 'test.several', concurrencyPerKey: 3 };
    register(t, several);
    await prepareLocks(t.system);
    const job = await create({ handler: several.name, overlap: 'queue', misfire: 'run_all' });
    await leaveAlone(job.id, 180_000);
    await fire(1000);
    let taken = 0;
    for await (const tasks of claimTasks(t.system, 50, { instance: 'test', leaseMs: 30_000 }))
      taken += tasks.filter(({ job_id: id }) => id === job.id).length;
    assert.equal(taken, 1);
    assert.deepEqual(countStates(await runsOf(job.id)), { queued: 3, running: 1 });
  });
});
