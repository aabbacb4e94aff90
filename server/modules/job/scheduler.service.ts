import type { Context } from '#core/context.ts';
import { type Backoff, backoffMs } from '#core/task.ts';
import { fireJob } from './firing.service.ts';
import * as crud from './job.crud.ts';

export interface SchedulerOptions {
  /** How often the jobs are looked at when nobody said that they changed: the longest that another instance's change may take. */
  readonly pollMs: number;
  /** A firing that is later than this was missed; then the job's misfire policy decides. */
  readonly misfireAfterMs: number;
}

const DUE_AT_ONCE = 50;
const ERROR_PAUSE_MS = 1000;
/** How long a job rests that could not be fired; not for long, as another instance may have mended it. */
const REST: Backoff = { baseMs: 1000, mostMs: 60_000 };

/**
 * Fires the jobs that are due. Every instance has one; whoever moves a job forward fires it, in one transaction with the records of its
 * runs, so each moment is fired once whatever the number of instances and whenever one of them dies.
 */
export class Scheduler {
  readonly #ctx: Context;
  readonly #options: SchedulerOptions;
  /** Jobs that could not be fired: how often in a row, and until when they rest. They must not keep the others from firing. */
  readonly #failed = new Map<number, { readonly tries: number; readonly until: number }>();
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
      // Whatever was wrong with a job may be mended.
      this.#failed.clear();
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
        const due = await crud.listDue(this.#ctx, DUE_AT_ONCE, this.#resting());
        for (const job of due) if (!this.#isStopping) await this.#fire(job);
        if (due.length === DUE_AT_ONCE) continue;
        waitMs = Math.min(waitMs, await this.#msUntilNext());
      } catch (error) {
        this.#ctx.log.error({ err: error }, 'jobs could not be fired; it is tried again');
        waitMs = ERROR_PAUSE_MS;
      }
      await this.#pause(waitMs);
    }
  }

  #resting(): number[] {
    const now = this.#ctx.now().getTime();
    return [...this.#failed].filter(([, { until }]) => until > now).map(([jobId]) => jobId);
  }

  /** Until a job is due or has rested. */
  async #msUntilNext(): Promise<number> {
    const resting = this.#resting();
    const next = await crud.findNextDue(this.#ctx, resting);
    const rested = resting.map((jobId) => this.#failed.get(jobId)?.until ?? 0);
    const first = Math.min(next?.getTime() ?? Number.POSITIVE_INFINITY, ...rested);
    return Math.max(1, first - this.#ctx.now().getTime());
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

  /** One job that cannot be fired does not keep the others from it: it rests, for longer each time. */
  async #fire(job: crud.JobRow): Promise<void> {
    try {
      await this.#ctx.inTransaction((ctx) => fireJob(ctx, job, this.#options.misfireAfterMs));
      this.#failed.delete(job.id);
    } catch (error) {
      const tries = (this.#failed.get(job.id)?.tries ?? 0) + 1;
      const restMs = backoffMs(REST, tries);
      this.#failed.set(job.id, { tries, until: this.#ctx.now().getTime() + restMs });
      this.#ctx.log.error({ err: error, jobId: job.id, restMs }, 'a job could not be fired; it is tried again');
    }
  }
}
