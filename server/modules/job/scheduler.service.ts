import type { Context } from '#core/context.ts';
import type { AnyTaskHandler, Json } from '#core/task.ts';
import { insertQueued } from '../task/queue.service.ts';
import { hasActiveRun, insertEnded, listFired } from '../task/task.service.ts';
import * as crud from './job.crud.ts';
import { nextAfter } from './schedule.ts';

export interface SchedulerOptions {
  /** How often the jobs are looked at when nobody said that they changed: the longest that another instance's change may take. */
  readonly pollMs: number;
  /** A firing that is later than this was missed; then the job's misfire policy decides. */
  readonly misfireAfterMs: number;
}

const DUE_AT_ONCE = 50;
/** Firings of one job that are looked at together; of a longer absence only the last ones leave a record. */
const MOST_FIRINGS = 1000;
const MOST_MADE_UP = 100;
const ERROR_PAUSE_MS = 1000;

/**
 * Fires the jobs that are due. Every instance has one; whoever moves a job forward fires it, in one transaction with the records of its
 * runs, so each moment is fired once whatever the number of instances and whenever one of them dies.
 */
export class Scheduler {
  readonly #ctx: Context;
  readonly #options: SchedulerOptions;
  #isStopping = false;
  #isNudged = false;
  #wake: () => void = () => undefined;
  #loop: Promise<void> = Promise.resolve();
  #unsubscribe: () => void = () => undefined;

  constructor(ctx: Context, options: SchedulerOptions) {
    this.#ctx = ctx;
    this.#options = options;
  }

  start(): void {
    this.#unsubscribe = this.#ctx.signals.on('job.changed', () => {
      this.#isNudged = true;
      this.#wake();
    });
    this.#loop = this.#fireForEver();
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#unsubscribe();
    this.#wake();
    await this.#loop;
  }

  async #fireForEver(): Promise<void> {
    while (!this.#isStopping) {
      this.#isNudged = false;
      let waitMs = this.#options.pollMs;
      try {
        const due = await crud.listDue(this.#ctx, DUE_AT_ONCE);
        for (const job of due) if (!this.#isStopping) await this.#fire(job);
        if (due.length === DUE_AT_ONCE) continue;
        const next = await crud.findNextDue(this.#ctx);
        if (next) waitMs = Math.min(waitMs, Math.max(1, next.getTime() - this.#ctx.now().getTime()));
      } catch (error) {
        this.#ctx.log.error({ err: error }, 'jobs could not be fired; it is tried again');
        waitMs = ERROR_PAUSE_MS;
      }
      await this.#pause(waitMs);
    }
  }

  #pause(ms: number): Promise<void> {
    if (this.#isNudged || this.#isStopping) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** One job that cannot be fired does not keep the others from it. */
  async #fire(job: crud.JobRow): Promise<void> {
    try {
      await this.#ctx.inTransaction((ctx) => fireJob(ctx, job, this.#options.misfireAfterMs));
    } catch (error) {
      this.#ctx.log.error({ err: error, jobId: job.id }, 'a job could not be fired; it is tried again');
    }
  }
}

/** Fires everything that is due of a job, unless another instance does. */
export async function fireJob(ctx: Context, job: crud.JobRow, misfireAfterMs: number): Promise<void> {
  const from = job.next_run_at as Date;
  const now = ctx.now();
  const all: Date[] = [from];
  let isComplete = false;
  while (all.length < MOST_FIRINGS && !isComplete) {
    const next = nextAfter(job, all.at(-1) as Date, job.created_at);
    if (next && next <= now) all.push(next);
    else isComplete = true;
  }
  if (!isComplete) ctx.log.warn({ jobId: job.id }, 'a job missed more firings than are recorded');
  if (!(await crud.advance(ctx, job.id, from, nextAfter(job, now, job.created_at), job.version))) return;

  // A job that was set back must not fire again what it has fired before.
  const fired = new Set(await listFired(ctx, job.id, all));
  const due = all.filter((moment) => !fired.has(moment.getTime()));
  const onTime = due.filter((moment) => now.getTime() - moment.getTime() <= misfireAfterMs);
  const late = due.slice(0, due.length - onTime.length);
  const madeUp = { skip: 0, run_once: onTime.length > 0 ? 0 : 1, run_all: MOST_MADE_UP }[job.misfire] ?? 0;
  const run = madeUp > 0 ? late.slice(-madeUp) : [];
  const missed = late.slice(0, late.length - run.length).slice(-MOST_MADE_UP);
  const record = { handler: job.handler, args: job.args as Json, job_id: job.id, job_name: job.name };
  for (const scheduled_at of missed) await insertEnded(ctx, 'missed', { ...record, scheduled_at });
  await queueRuns(ctx, job, [...run, ...onTime]);
}

async function queueRuns(ctx: Context, job: crud.JobRow, moments: readonly Date[]): Promise<void> {
  const record = { handler: job.handler, args: job.args as Json, job_id: job.id, job_name: job.name };
  const handler = ctx.handlers.get(job.handler) as AnyTaskHandler | undefined;
  let isActive = job.overlap === 'skip' && moments.length > 0 && (await hasActiveRun(ctx, job.id));
  for (const scheduled_at of moments) {
    if (!handler) {
      const error = `there is no handler named ${job.handler}`;
      await insertEnded(ctx, 'failed', { ...record, scheduled_at, error });
    } else if (isActive) {
      await insertEnded(ctx, 'skipped', { ...record, scheduled_at });
    } else {
      const options = job.overlap === 'allow' ? {} : { key: `job:${job.id}` };
      const fired = { job_id: job.id, job_name: job.name, trigger: 'schedule', scheduled_at };
      await insertQueued(ctx, handler, record.args, options, fired);
      isActive = job.overlap === 'skip';
    }
  }
}
