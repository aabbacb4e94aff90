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

/** Columns of a task that was cancelled while it ran. */
export const cancelledNow = (ctx: Context, durationMs: number | null) =>
  ({ ...finished(ctx, durationMs), state: 'cancelled' }) as const;

/** What becomes of a task when a run of it ends. */
export interface HeldEnd {
  readonly task: Held;
  readonly changes: Ending;
  /** Leaves a task alone that somebody has cancelled. */
  readonly unlessCancelled?: boolean;
}

/** Writes the end of a run and says so, both or neither; false, and nothing of it, when the lease was lost. */
export type WriteEnd = (end: HeldEnd) => Promise<boolean>;

/**
 * Writes what comes in one turn of the event loop in one transaction: most of what a small write costs is its commit. One that fails
 * does not stop the others.
 */
export function writeTogether(system: Context): WriteEnd {
  return together(async (ends: readonly HeldEnd[]) => {
    const each = () => ends.map((end) => writeAlone(system, end));
    if (ends.length === 1) return each();
    try {
      return await system.inTransaction((ctx) => writeInOrder(ctx, ends));
    } catch {
      return each();
    }
  });
}

/** In the order of their ids, so that two instances that write the same tasks do not wait for each other. */
async function writeInOrder(ctx: Context, ends: readonly HeldEnd[]): Promise<boolean[]> {
  const written = new Map<HeldEnd, boolean>();
  for (const end of ends.toSorted((one, other) => one.task.id - other.task.id)) written.set(end, await write(ctx, end));
  return ends.map((end) => written.get(end) === true);
}

/** Where nobody is to be told for certain, one statement needs no transaction around it. */
function writeAlone(ctx: Context, end: HeldEnd): Promise<boolean> {
  if (end.task.created_by === null) return write(ctx, end);
  const writeWhole = () => ctx.inTransaction((ctx) => write(ctx, end));
  // Once more: whoever is to be told may be deleted at this moment, which waits for the task as this waits for them.
  return writeWhole().catch(writeWhole);
}

async function write(ctx: Context, { task, changes, unlessCancelled = false }: HeldEnd): Promise<boolean> {
  const held = { id: task.id, leaseToken: task.lease_token as string, changes, unlessCancelled };
  if (!(await work.updateHeld(ctx, held))) return false;
  await tell(ctx, task, changes.state);
  return true;
}

/**
 * The end of a run: writes what becomes of its task, says so, and counts the run. False, and nothing of it, when the lease was lost:
 * that run was counted by whoever took the task over.
 */
export async function endHeld(
  ctx: Context,
  end: HeldEnd,
  how: RunEnd,
  writeEnd: WriteEnd = (end) => writeAlone(ctx, end),
): Promise<boolean> {
  const isWritten = await writeEnd(end);
  if (isWritten) ctx.metrics.tasks.add(end.task.handler, how);
  return isWritten;
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
    await endHeld(ctx, { task, changes: { ...finished(ctx, durationMs), ...failure, state: 'failed' } }, how);
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
  const again = { task, changes: { ...released(availableAt), ...more }, unlessCancelled: true };
  if (await endHeld(ctx, again, how)) ctx.offerTasks([offerOf(ctx, task, availableAt)]);
  else await endHeld(ctx, { task, changes: cancelledNow(ctx, durationMs) }, 'cancelled');
}
