import type { Updateable } from 'kysely';
import type { Context } from '#core/context.ts';
import type { Tables } from '#core/entity.ts';
import { type AnyTaskHandler, backoffMs, DEFAULT_BACKOFF } from '#core/task.ts';
import { together } from '#core/together.ts';
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

/** Changes a task that is held by a lease; tells whether it still was. */
export type WriteHeld = (change: work.HeldChange) => Promise<boolean>;

/**
 * Writes what comes in one turn of the event loop in one transaction: most of what a small write costs is its commit. One that fails
 * does not stop the others.
 */
export function writeTogether(system: Context): WriteHeld {
  return together(async (changes: readonly work.HeldChange[]) => {
    const each = () => changes.map((change) => work.updateHeld(system, change));
    if (changes.length === 1) return each();
    try {
      return await system.inTransaction((ctx) => writeInOrder(ctx, changes));
    } catch {
      return each();
    }
  });
}

/** In the order of their ids, so that two instances that write the same tasks do not wait for each other. */
async function writeInOrder(ctx: Context, changes: readonly work.HeldChange[]): Promise<boolean[]> {
  const written = new Map<work.HeldChange, boolean>();
  for (const change of changes.toSorted((one, other) => one.id - other.id))
    written.set(change, await work.updateHeld(ctx, change));
  return changes.map((change) => written.get(change) === true);
}

/**
 * The end of a run: writes what becomes of its task, counts the run, and says so. False, and nothing of it, when the lease was lost:
 * that run was counted by whoever took the task over.
 */
export async function endHeld(
  ctx: Context,
  task: Held,
  how: RunEnd,
  ending: Ending,
  write: WriteHeld = (change) => work.updateHeld(ctx, change),
): Promise<boolean> {
  if (!(await write({ id: task.id, leaseToken: task.lease_token as string, changes: ending }))) return false;
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
  await releaseHeld(ctx, task, how, again, failure, durationMs);
}

/** Gives a task back to the queue, unless somebody has cancelled it meanwhile, of which this instance may not have heard: then that is its end. */
export async function releaseHeld(
  ctx: Context,
  task: Held,
  how: RunEnd,
  availableAt: Date,
  more: Omit<Updateable<Tables['tasks']>, 'state'>,
  durationMs: number | null,
): Promise<void> {
  const write: WriteHeld = (change) => work.updateHeld(ctx, { ...change, unlessCancelled: true });
  if (await endHeld(ctx, task, how, { ...released(availableAt), ...more }, write))
    ctx.offerTasks([offerOf(ctx, task, availableAt)]);
  else await endHeld(ctx, task, 'cancelled', { ...finished(ctx, durationMs), state: 'cancelled' });
}
