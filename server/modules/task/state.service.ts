import type { Updateable } from 'kysely';
import type { Context } from '#core/context.ts';
import type { Tables } from '#core/entity.ts';
import { type AnyTaskHandler, backoffMs, DEFAULT_BACKOFF } from '#core/task.ts';
import type * as claim from './claim.crud.ts';
import { offerOf } from './queue.service.ts';
import type { TaskState } from './task.schema.ts';
import * as work from './work.crud.ts';

declare module '#core/events.ts' {
  interface Events {
    'task.changed': TaskChange;
  }
}

export interface TaskChange {
  readonly id: number;
  readonly handler: string;
  readonly job_id: number | null;
  readonly created_by: number | null;
  readonly state: string;
}

/** Says what became of a task, to whoever shows it. */
export function tell(
  ctx: Context,
  { id, handler, job_id, created_by }: Pick<claim.TakenTask, 'id' | 'handler' | 'job_id' | 'created_by'>,
  state: string,
): Promise<void> {
  return ctx.announce('task.changed', { id, handler, job_id, created_by, state });
}

/** How a run ended, which the metric of runs is counted by; the task itself may be tried again. */
export type RunEnd = 'succeeded' | 'failed' | 'timed_out' | 'cancelled' | 'lost' | 'stopped';

type Held = Omit<claim.TakenTask, 'args' | 'job_name' | 'request_id' | 'traceparent'>;
type Ending = Updateable<Tables['tasks']> & { readonly state: TaskState };

/** Columns of a task that goes back into the queue. */
export const released = (availableAt: Date) =>
  ({ state: 'queued', available_at: availableAt, lease_token: null, lease_until: null, instance: null }) as const;

/** Columns of a task that nobody will work on any more. */
export const finished = (ctx: Context, durationMs: number | null) => ({
  finished_at: ctx.now(),
  duration_ms: durationMs,
  lease_token: null,
  lease_until: null,
});

/**
 * The end of a run: writes what becomes of its task, counts the run, and says so. False, and nothing of it, when the lease was lost:
 * that run was counted by whoever took the task over.
 */
export async function endHeld(ctx: Context, task: Held, how: RunEnd, ending: Ending): Promise<boolean> {
  if (!(await work.updateHeld(ctx, task.id, task.lease_token as string, ending))) return false;
  ctx.metrics.tasks.add(task.handler, how);
  await tell(ctx, task, ending.state);
  return true;
}

/** The end of a run that went wrong: its task is tried again later, or has failed when its tries are used up. */
export async function failHeld(
  ctx: Context,
  handler: AnyTaskHandler | undefined,
  task: Held,
  how: RunEnd,
  failure: { readonly error: string; readonly error_stack: string | null },
  durationMs: number | null,
): Promise<void> {
  if (task.attempt >= task.max_attempts) {
    await endHeld(ctx, task, how, { ...finished(ctx, durationMs), ...failure, state: 'failed' });
    return;
  }
  const again = new Date(ctx.now().getTime() + backoffMs(handler?.backoff ?? DEFAULT_BACKOFF, task.attempt));
  if (await endHeld(ctx, task, how, { ...released(again), ...failure })) ctx.offerTasks([offerOf(ctx, task, again)]);
}
