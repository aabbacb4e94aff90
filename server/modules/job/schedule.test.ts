import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { firingsBack, nextAfter, type Schedule } from './schedule.ts';
import { cron, each, nothing, useJobs } from './testing.ts';

const NONE = { expression: null, timezone: null, seconds: null, at: null, starts_at: null, ends_at: null };

describe('a schedule', () => {
  const { t, create } = useJobs();

  test('A35 is refused when it is written as no cron expression has it', async () => {
    for (const expression of ['2030-01-01T00:00:00', '@daily', '@daily * * * *', '0 0 1:00 * *', '0 0 * *']) {
      const trigger = cron(expression);
      for (const answer of [
        await t.admin.post('jobs', { name: 'wrong', handler: nothing.name, trigger }),
        await t.admin.post('jobs/preview', { trigger }),
      ]) {
        assert.deepEqual([answer.status, answer.body.error], [422, 'job.cron_invalid'], expression);
        assert.equal(answer.body.details[0].path, 'trigger.expression');
      }
    }
    for (const expression of ['0  0 L * *', '*/5 0 0 ? JAN-MAR MON#2'])
      assert.equal((await t.admin.post('jobs/preview', { trigger: cron(expression) })).status, 200, expression);
  });

  test('A35 that is never due is refused also for a job that is paused, which is still paused when it has none left', async () => {
    const job = await create({ is_enabled: false });
    const never = [{ trigger: cron('0 0 30 2 *') }, { ends_at: '2001-01-01T00:00:00Z' }];
    for (const changes of never) {
      const answer = await t.admin.patch(`jobs/${job.id}`, changes);
      assert.deepEqual([answer.status, answer.body.error], [422, 'job.never_due'], JSON.stringify(changes));
    }
    const changed = await t.admin.patch(`jobs/${job.id}`, { trigger: cron('0 0 28 2 *') });
    assert.deepEqual([changed.status, changed.body.data.next_run_at], [200, null]);
    const why = 'a test lets a job have ended';
    const ended = { ends_at: new Date('2001-01-01T00:00:00Z'), is_enabled: true };
    await t.system.unscoped('jobs', why).updateQuietly(ended).where('id', '=', job.id).execute();
    assert.equal((await t.admin.post(`jobs/${job.id}/pause`)).status, 200);
    assert.equal((await t.admin.patch(`jobs/${job.id}`, { remark: 'over' })).status, 200);
    assert.equal((await t.admin.post(`jobs/${job.id}/resume`)).body.error, 'job.never_due');
  });

  test('ends with the year 9999, after which no moment can be stored', async () => {
    const starts_at = '9999-12-31T23:59:58Z';
    const { body } = await t.admin.post('jobs/preview', { trigger: each(1), starts_at });
    assert.deepEqual(body.data?.items, ['9999-12-31T23:59:58.000Z', '9999-12-31T23:59:59.000Z']);
    const far = { trigger: each(31_536_000), starts_at };
    assert.equal((await create(far)).next_run_at, '9999-12-31T23:59:58.000Z');
  });

  test('has the same moments backwards as forwards, also across a change of clocks', () => {
    const at = (moment: string) => new Date(moment);
    const crons = ['30 2 * * *', '*/20 * * * *', '0 1-3 * * *', '0 0 2 L * *'].flatMap((expression) =>
      ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'UTC'].map((timezone) => ({
        ...NONE,
        trigger_type: 'cron',
        expression,
        timezone,
      })),
    );
    const anchor = at('2026-01-01T00:00:07Z');
    const ended = { ...NONE, trigger_type: 'interval', seconds: 5000, ends_at: at('2026-03-31T00:00:00Z') };
    const started = { ...ended, ends_at: null, starts_at: at('2026-01-01T00:00:01Z') };
    const once = { ...NONE, trigger_type: 'once', at: at('2026-03-29T00:00:00Z') };
    for (const [from, until] of [
      ['2026-03-05T00:00:00Z', '2026-04-06T00:00:00Z'],
      ['2026-10-02T00:00:00Z', '2026-11-03T00:00:00Z'],
    ] as const)
      for (const schedule of [...crons, ended, started, once] satisfies Schedule[]) {
        const first = nextAfter(schedule, at(from), anchor);
        if (!first) continue;
        const forwards: Date[] = [];
        for (let next: Date | null = first; next && next <= at(until); next = nextAfter(schedule, next, anchor))
          forwards.push(next);
        const backwards = [...firingsBack(schedule, first, at(until), anchor)];
        assert.deepEqual(backwards.reverse(), forwards, JSON.stringify(schedule));
      }
  });
});
