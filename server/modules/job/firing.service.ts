import type { Context } from '#core/context.ts';
import type { AnyTaskHandler, Json } from '#core/task.ts';
import { insertQueued } from '../task/queue.service.ts';
import { hasActiveRun, insertEnded, listFired } from '../task/task.service.ts';
import * as crud from './job.crud.ts';
import { firingsBack, nextAfter } from './schedule.ts';

/** Moments that are late and get a record each: the last ones. All before them have one together. */
const MOST_LATE = 100;
/** Moments that are on time, at one look: reached only by a job of every second with a long JOB_MISFIRE_AFTER_MS. */
const MOST_ON_TIME = 1000;

/** Moments at which a job was due, each in order. */
interface Firings {
  readonly late: readonly Date[];
  readonly onTime: readonly Date[];
  /** Since when all have a place in the lists. */
  readonly since: Date;
}

/** Fires everything that is due of a job, unless another instance does. */
export async function fireJob(ctx: Context, job: crud.JobRow, misfireAfterMs: number): Promise<void> {
  const first = job.next_run_at as Date;
  const now = ctx.now();
  if (!(await crud.advance(ctx, job.id, first, nextAfter(job, now, job.created_at), job.version))) return;

  const { late, onTime, since } = newestFirings(job, first, now, misfireAfterMs);
  // A job that was set back must not fire again what it has fired before.
  const fired = new Set(await listFired(ctx, job.id, [first, ...late, ...onTime]));
  const isDue = (moment: Date) => !fired.has(moment.getTime());
  if (since > first) {
    ctx.log.warn({ jobId: job.id, first, since }, 'a job missed more firings than get a record each');
    const error = `this firing and all others before ${since.toISOString()} were missed; they have one record together`;
    if (isDue(first)) await insertEnded(ctx, 'missed', { ...recordOf(job), scheduled_at: first, error });
  }
  const [dueLate, dueOnTime] = [late.filter(isDue), onTime.filter(isDue)];
  const madeUp = { skip: 0, run_once: dueOnTime.length > 0 ? 0 : 1, run_all: MOST_LATE }[job.misfire] ?? 0;
  const missed = dueLate.slice(0, Math.max(dueLate.length - madeUp, 0));
  for (const scheduled_at of missed) await insertEnded(ctx, 'missed', { ...recordOf(job), scheduled_at });
  await queueRuns(ctx, job, dueLate.slice(missed.length), dueOnTime);
}

function newestFirings(job: crud.JobRow, first: Date, now: Date, misfireAfterMs: number): Firings {
  const late: Date[] = [];
  const onTime: Date[] = [];
  let since = now;
  for (const moment of firingsBack(job, first, now, job.created_at)) {
    const isOnTime = now.getTime() - moment.getTime() <= misfireAfterMs;
    const [list, most] = isOnTime ? [onTime, MOST_ON_TIME] : [late, MOST_LATE];
    if (list.length === most) break;
    list.push(moment);
    since = moment;
  }
  return { late: late.reverse(), onTime: onTime.reverse(), since };
}

const recordOf = (job: crud.JobRow) => ({
  handler: job.handler,
  args: job.args as Json,
  job_id: job.id,
  job_name: job.name,
});

/** Each that is made up for by `run_all` is wanted, so it waits for those before it; to all others the overlap policy applies. */
async function queueRuns(
  ctx: Context,
  job: crud.JobRow,
  madeUp: readonly Date[],
  onTime: readonly Date[],
): Promise<void> {
  const record = recordOf(job);
  const handler = ctx.handlers.get(job.handler) as AnyTaskHandler | undefined;
  const wanted = job.misfire === 'run_all' ? madeUp.length : 0;
  const moments = [...madeUp, ...onTime];
  let isActive = job.overlap === 'skip' && moments.length > wanted && (await hasActiveRun(ctx, job.id));
  for (const [index, scheduled_at] of moments.entries()) {
    if (!handler) {
      const error = `there is no handler named ${job.handler}`;
      await insertEnded(ctx, 'failed', { ...record, scheduled_at, error });
    } else if (isActive && index >= wanted) {
      await insertEnded(ctx, 'skipped', { ...record, scheduled_at });
    } else {
      const options = job.overlap === 'allow' ? {} : { key: `job:${job.id}` };
      const fired = { job_id: job.id, job_name: job.name, trigger: 'schedule', scheduled_at };
      await insertQueued(ctx, handler, record.args, options, fired);
      isActive = job.overlap === 'skip';
    }
  }
}
