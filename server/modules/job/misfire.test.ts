import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { countStates, cron, each, type Run, useJobs } from './testing.ts';

const HOUR_MS = 3_600_000;
const MONTH_MS = 30 * 24 * HOUR_MS;

describe('after a long absence', () => {
  const { t, clock, create, leaveAlone, fire, runsOf } = useJobs();

  const away = async (ms: number, fields: object): Promise<Run[]> => {
    const job = await create({ trigger: each(1), overlap: 'allow', ...fields });
    await leaveAlone(job.id, ms);
    await fire();
    const runs = await runsOf(job.id);
    await t.admin.delete(`jobs/${job.id}`);
    return runs;
  };
  /** How many seconds ago each run was due. */
  const ages = (runs: readonly Run[]) => runs.map((run) => (clock.ms - Date.parse(run.scheduled_at)) / 1000);
  const down = (from: number, to: number) => Array.from({ length: from - to + 1 }, (_, index) => from - index);

  test('A39 what is on time runs and the last hundred before are on record, by each policy', async () => {
    for (const [misfire, expected] of [
      ['skip', { missed: 101, queued: 61 }],
      ['run_once', { missed: 101, queued: 61 }],
      ['run_all', { missed: 1, queued: 161 }],
    ] as const) {
      const runs = await away(HOUR_MS, { misfire });
      assert.deepEqual([misfire, countStates(runs)], [misfire, expected]);
      assert.deepEqual(ages(runs), [3600, ...down(160, 0)], misfire);
    }
  });

  test('A39 the one run for all is that of the newest moment', async () => {
    const runs = await away(HOUR_MS, { misfire: 'run_once', trigger: each(90) });
    assert.deepEqual(countStates(runs), { missed: 40, queued: 1 });
    assert.deepEqual([runs.at(-1)?.state, ages(runs).at(-1)], ['queued', 0]);
  });

  test('A39 those without a record of their own are told by the one of the first', async () => {
    const runs = await away(HOUR_MS, { misfire: 'run_all' });
    const [first] = runs;
    const until = new Date(clock.ms - 160_000).toISOString();
    assert.deepEqual(
      [first?.state, first?.error],
      ['missed', `this firing and all others before ${until} were missed; they have one record together`],
    );
    assert.equal((await away(120_000, { misfire: 'skip' })).filter(({ error }) => error !== null).length, 0);
  });

  test('A39 of a month of seconds the newest are kept, and no time is spent on the rest', async () => {
    for (const trigger of [each(1), cron('* * * * * *')]) {
      const before = process.cpuUsage();
      const runs = await away(MONTH_MS, { misfire: 'skip', trigger });
      const { user } = process.cpuUsage(before);
      assert.ok(user < 4_000_000, `${user} µs of the processor`);
      const newest = runs.slice(1).map(({ scheduled_at }) => Date.parse(scheduled_at));
      assert.ok(clock.ms - (newest.at(-1) ?? 0) < 1000);
      for (const [index, moment] of newest.entries())
        if (index > 0) assert.equal(moment - (newest[index - 1] ?? 0), 1000);
      assert.equal(Date.parse(runs[0]?.scheduled_at ?? ''), clock.ms - MONTH_MS);
      assert.equal(countStates(runs)['missed'], 101);
    }
  });

  test('A39 nothing is fired after the end of the job, nor said to be missed', async () => {
    const ends_at = new Date(clock.ms - 10_000);
    const job = await create({ trigger: each(1), overlap: 'allow', misfire: 'run_all' });
    await leaveAlone(job.id, 20_000);
    const why = 'a test ends a job';
    await t.system.unscoped('jobs', why).updateQuietly({ ends_at }).where('id', '=', job.id).execute();
    await fire();
    assert.deepEqual(ages(await runsOf(job.id)), down(20, 10));
    assert.equal((await t.admin.get(`jobs/${job.id}`)).body.data.next_run_at, null);
  });
});
