import type { Config } from '#config';
import type { Context } from '#core/context.ts';
import { instanceName } from '#core/instance.ts';
import type { Dispatcher } from '#core/task.ts';
import { Scheduler } from '#modules/job/scheduler.service.ts';
import { TaskWorker } from '#modules/task/worker.service.ts';

/** The jobs and tasks of this process. */
export interface Work {
  /** What runs may finish for `graceMs`; then it goes back into the queue for another instance. */
  stop(graceMs: number): Promise<void>;
}

/** Begins to fire jobs and to do tasks, unless JOBS_ENABLED says that other processes do. Rejects when the database is away. */
export async function startWork(ctx: Context, config: Config, dispatcher: Dispatcher | null): Promise<Work> {
  if (!(config.JOBS_ENABLED ?? config.APP_ENV !== 'testing')) return { stop: async () => undefined };
  const scheduler = new Scheduler(ctx, {
    pollMs: config.TASK_POLL_MS,
    misfireAfterMs: config.JOB_MISFIRE_AFTER_MS,
  });
  const worker = new TaskWorker(ctx, {
    instance: instanceName,
    places: config.WORKER_CONCURRENCY,
    leaseMs: config.TASK_LEASE_MS,
    pollMs: config.TASK_POLL_MS,
    dispatcher,
  });
  await worker.start();
  scheduler.start();
  return {
    async stop(graceMs) {
      await scheduler.stop();
      await worker.stop(graceMs);
    },
  };
}
