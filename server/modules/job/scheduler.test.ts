import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { useApp } from '#tests/harness.ts';
import { register, until } from '#tests/work.ts';
import { Scheduler } from './scheduler.service.ts';
import { cron, each, nothing } from './testing.ts';

const why = 'a test breaks jobs';

describe('a scheduler with jobs that cannot be fired', () => {
  const t = useApp();
  before(() => register(t, nothing));
  const linesAbout = (jobId: number) =>
    t.logLines.filter((line) => line.includes('a job could not be fired') && JSON.parse(line).jobId === jobId);

  test('fires the others, tries again ever more rarely, and at once after a change', async () => {
    const broken = Array.from({ length: 55 }, (_, index) => ({
      name: `broken ${index}`,
      handler: nothing.name,
      args: {},
      trigger_type: 'cron',
      expression: '* * * * *',
      timezone: 'Gone/Zone',
      next_run_at: new Date(Date.now() - 60_000),
    }));
    await t.system.unscoped('jobs', why).insertMany(broken);
    const made = await t.admin.post('jobs', { name: 'sound', handler: nothing.name, trigger: each(1) });
    const runsOf = async (id: number) => (await t.admin.get(`job-runs?job_id=${id}`)).body.data.items;
    const [first] = (await t.admin.get('jobs?keyword=broken&order_by=id')).body.data.items;

    const scheduler = new Scheduler(t.system, { pollMs: 60_000, misfireAfterMs: 60_000 });
    scheduler.start();
    try {
      await until('the other job fires', async () => (await runsOf(made.body.data.id)).length >= 3);
      const tries = linesAbout(first.id).length;
      assert.ok(tries >= 2 && tries <= 5, `${tries} tries in some four seconds`);
      // After the fourth it rests for four seconds at least.
      await until('it has been tried four times', () => linesAbout(first.id).length >= 4);
      const mend = await t.admin.patch(`jobs/${first.id}`, { trigger: cron('* * * * * *') });
      assert.equal(mend.status, 200, mend.text);
      const mendedAt = Date.now();
      await until('the mended job fires', async () => (await runsOf(first.id)).length > 0);
      assert.ok(Date.now() - mendedAt < 3000);
    } finally {
      await scheduler.stop();
    }
  });
});
