import assert from 'node:assert/strict';
import { before } from 'node:test';
import { Type } from '#core/schema.ts';
import { defineTask } from '#core/task.ts';
import { useApp } from '#tests/harness.ts';
import { register } from '#tests/work.ts';
import { fireJob } from './firing.service.ts';
import * as crud from './job.crud.ts';

export const nothing = defineTask({
  name: 'test.nothing',
  title: { 'zh-CN': '测试', 'en-US': 'Test' },
  args: Type.Object({}, { additionalProperties: false }),
  async run() {
    return null;
  },
});

export const each = (seconds: number) => ({ type: 'interval', seconds });
export const cron = (expression: string) => ({ type: 'cron', expression, timezone: 'UTC' });

/** A run as the API tells it. */
export interface Run {
  readonly id: number;
  readonly state: string;
  readonly trigger: string;
  readonly key: string | null;
  readonly scheduled_at: string;
  readonly error: string | null;
}

const why = 'a test sets a job back';

/** Jobs of a private app whose clock stands until the test moves it: which moments are on time does not depend on the machine. */
export function useJobs() {
  const clock = { ms: Date.now() };
  const t = useApp({ now: () => new Date(clock.ms) });
  before(() => register(t, nothing));
  let made = 0;

  async function create(fields: object = {}): Promise<{ id: number; next_run_at: string; version: number }> {
    made += 1;
    const job = { name: `job ${made}`, handler: nothing.name, trigger: each(60), ...fields };
    const answer = await t.admin.post('jobs', job);
    assert.equal(answer.status, 200, answer.text);
    return answer.body.data;
  }

  /** Nobody was there to fire the job for this long: it has been due since then. */
  async function leaveAlone(jobId: number, ms: number): Promise<void> {
    const back = { created_at: new Date(clock.ms - 2 * ms), next_run_at: new Date(clock.ms - ms) };
    await t.system.unscoped('jobs', why).updateQuietly(back).where('id', '=', jobId).execute();
  }

  /** Fires what is due, as the scheduler of one instance does. */
  async function fire(misfireAfterMs = 60_000): Promise<void> {
    for (const job of await crud.listDue(t.system, 100))
      await t.system.inTransaction((ctx) => fireJob(ctx, job, misfireAfterMs));
  }

  /** The runs of a job, in the order of their moments. */
  async function runsOf(jobId: number): Promise<Run[]> {
    const { items } = (await t.admin.get(`job-runs?job_id=${jobId}&page_size=200`)).body.data;
    return items.sort((one: Run, other: Run) => Date.parse(one.scheduled_at) - Date.parse(other.scheduled_at));
  }

  return { t, clock, create, leaveAlone, fire, runsOf };
}

/** How many runs there are in each state. */
export function countStates(runs: readonly Run[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { state } of runs) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}
