import assert from 'node:assert/strict';
import type { Context } from '#core/context.ts';
import { eventually } from './cluster.ts';
import { tickHandler } from './feature.ts';

const why = 'a test lets the processes fire a job each second';

/** Adds a job that is due each second, from the next one on; every moment that nobody could fire in time is made up for. */
export function addTicking(ctx: Context): Promise<number> {
  const begin = Math.ceil(Date.now() / 1000) * 1000;
  return ctx.unscoped('jobs', why).insert({
    name: 'each second',
    handler: tickHandler.name,
    args: {},
    trigger_type: 'interval',
    seconds: 1,
    misfire: 'run_all',
    overlap: 'allow',
    next_run_at: new Date(begin + 1000),
    created_at: new Date(begin),
  });
}

/** The runs of the job, in the order of their moments. */
export function listTicks(ctx: Context, jobId: number) {
  return ctx
    .unscoped('tasks', why)
    .select()
    .select(['id', 'state', 'scheduled_at'])
    .where('job_id', '=', jobId)
    .orderBy('scheduled_at')
    .execute();
}

/** Fires no more. */
export async function stopTicking(ctx: Context, jobId: number): Promise<void> {
  await ctx.unscoped('jobs', why).update({ is_enabled: false }).where('id', '=', jobId).execute();
}

/** Waits until no run of the job is queued or goes on. */
export function untilTicksEnded(ctx: Context, jobId: number): Promise<void> {
  const hasEnded = ({ state }: { readonly state: string }) => state !== 'queued' && state !== 'running';
  return eventually('every tick is done', async () => (await listTicks(ctx, jobId)).every(hasEnded));
}

/** Each second has one run, which is done or said to be missed. */
export function assertEachSecondOnce(ticks: Awaited<ReturnType<typeof listTicks>>): void {
  const moments = ticks.map(({ scheduled_at }) => scheduled_at?.getTime() ?? 0);
  for (const [index, moment] of moments.entries())
    if (index > 0) assert.equal(moment - (moments[index - 1] ?? 0), 1000, `tick ${index} of ${moments.length}`);
  for (const { state, id } of ticks) assert.ok(state === 'succeeded' || state === 'missed', `tick ${id} is ${state}`);
}
