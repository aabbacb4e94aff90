import type { Insertable, Updateable, UpdateResult } from 'kysely';
import type { Context } from '#core/context.ts';
import { jsonText } from '#core/crud.ts';
import type { Tables } from '#core/entity.ts';
import { type PreparedStatement, prepared, type StatementValues } from '#core/prepared.ts';
import type { TaskState } from './task.schema.ts';

// Statements that queue, hold and end tasks.

export const whyWork = 'the program itself takes, runs and ends tasks, whoever queued them';

export function insertTask(ctx: Context, task: Insertable<Tables['tasks']>) {
  return ctx.unscoped('tasks', whyWork).insert(task);
}

/** Tasks that have been available for a while without anybody taking them: those that need not wait for others. */
export function listForgotten(ctx: Context, since: Date, limited: readonly string[], limit: number) {
  return ctx
    .unscoped('tasks', whyWork)
    .select()
    .select(['id', 'handler', 'key', 'available_at', 'priority'])
    .where('state', '=', 'queued')
    .where('available_at', '<=', since)
    .where('key', 'is', null)
    .$if(limited.length > 0, (rows) => rows.where('handler', 'not in', limited))
    .orderBy('priority')
    .orderBy('available_at')
    .limit(limit)
    .execute();
}

/** Holds on to tasks for longer. */
export async function extendLeases(ctx: Context, ids: readonly number[], tokens: readonly string[], until: Date) {
  await ctx
    .unscoped('tasks', whyWork)
    .updateQuietly({ lease_until: until })
    .where('id', 'in', ids)
    .where('lease_token', 'in', tokens)
    .where('state', '=', 'running')
    .execute();
}

export function listHeld(ctx: Context, ids: readonly number[]) {
  return ctx
    .unscoped('tasks', whyWork)
    .select()
    .select(['id', 'lease_token', 'cancel_requested'])
    .where('id', 'in', ids)
    .where('state', '=', 'running')
    .execute();
}

/** A change of a task that is to happen only while this lease holds it. */
export interface HeldChange {
  readonly id: number;
  readonly leaseToken: string;
  readonly changes: Updateable<Tables['tasks']>;
  /** Leaves a task alone that somebody has cancelled. */
  readonly unlessCancelled?: boolean;
}

type HeldUpdate = PreparedStatement<StatementValues, UpdateResult>;

/** By the names of the columns that they change, of which there are few sets. */
const heldUpdates = new Map<string, HeldUpdate>();

function heldUpdateOf(columns: readonly string[], unlessCancelled: boolean): HeldUpdate {
  const key = `${columns.join()} ${unlessCancelled}`;
  const known = heldUpdates.get(key);
  if (known) return known;
  const statement = prepared((tables, { task_id: id, held_by: token, now, ...values }: StatementValues) => {
    const result = 'result' in values && { result: jsonText(values['result'] as string) };
    return tables
      .unscoped('tasks', whyWork)
      .updateQuietly({ ...values, ...result, updated_at: now } as Updateable<Tables['tasks']>)
      .where('id', '=', id as number)
      .where('lease_token', '=', token as string)
      .where('state', '=', 'running')
      .$if(unlessCancelled, (rows) => rows.where('cancel_requested', '=', false));
  });
  heldUpdates.set(key, statement);
  return statement;
}

/** Changes a task that is held by this lease; tells whether it still was. */
export async function updateHeld(ctx: Context, held: HeldChange): Promise<boolean> {
  const { id, leaseToken, changes, unlessCancelled = false } = held;
  const { result, ...values } = changes;
  const update = heldUpdateOf(Object.keys(changes), unlessCancelled);
  const text = result === undefined ? {} : { result: result === null ? null : JSON.stringify(result) };
  const found = await ctx.change(update, {
    ...values,
    ...text,
    task_id: id,
    held_by: leaseToken,
    now: ctx.now(),
  } as StatementValues);
  return found > 0;
}

/** Changes a task that the caller was found to see, if it is in one of the states; tells whether it was. */
export async function updateInState(
  ctx: Context,
  taskId: number,
  states: readonly TaskState[],
  changes: Updateable<Tables['tasks']>,
): Promise<boolean> {
  const result = await ctx
    .unscoped('tasks', whyWork)
    .update(changes)
    .where('id', '=', taskId)
    .where('state', 'in', states)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/** Running tasks whose instance has not been heard of in time. */
export function listAbandoned(ctx: Context, limit: number) {
  return ctx
    .unscoped('tasks', whyWork)
    .select()
    .select([
      'id',
      'handler',
      'key',
      'attempt',
      'max_attempts',
      'lease_token',
      'started_at',
      'priority',
      'job_id',
      'created_by',
      'cancel_requested',
    ])
    .where('state', '=', 'running')
    .where('lease_until', '<', ctx.now())
    .orderBy('lease_until')
    .limit(limit)
    .execute();
}

export function insertLogs(ctx: Context, logs: readonly Insertable<Tables['task_logs']>[]) {
  return ctx.unscoped('task_logs', whyWork).insertMany(logs);
}

/** Deletes the oldest tasks that ended before a moment; tells how many. */
export async function deleteEnded(ctx: Context, before: Date, limit: number): Promise<number> {
  const rows = await ctx
    .unscoped('tasks', whyWork)
    .select()
    .select(['id', 'file_bytes'])
    .where('finished_at', '<', before)
    .orderBy('finished_at')
    .limit(limit)
    .execute();
  const remove = (ids: readonly number[]) => ctx.unscoped('tasks', whyWork).delete().where('id', 'in', ids).execute();
  const light = rows.filter(({ file_bytes: bytes }) => bytes === null);
  if (light.length > 0) await remove(light.map(({ id }) => id));
  // Each goes with all of its parts: one at a time, for the sake of the transaction that holds them.
  for (const { id } of rows.filter(({ file_bytes: bytes }) => bytes !== null)) await remove([id]);
  return rows.length;
}

/** Which of the moments a job has fired at already. */
export async function listFired(ctx: Context, jobId: number, moments: readonly Date[]): Promise<number[]> {
  const rows = await ctx
    .unscoped('tasks', whyWork)
    .select()
    .select('scheduled_at')
    .where('job_id', '=', jobId)
    .where('scheduled_at', 'in', moments)
    .execute();
  return rows.flatMap(({ scheduled_at }) => (scheduled_at ? [scheduled_at.getTime()] : []));
}

/** Whether a run that the schedule of a job has fired is queued or goes on. Those that somebody started come beside the schedule. */
export async function hasActiveRun(ctx: Context, jobId: number): Promise<boolean> {
  const row = await ctx
    .unscoped('tasks', whyWork)
    .select()
    .select('id')
    .where('job_id', '=', jobId)
    .where('trigger', '=', 'schedule')
    .where('state', 'in', ['queued', 'running'])
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** How many tasks wait and run: of the caller's scope, or of the whole installation. */
export async function countOpen(ctx: Context, of: 'scope' | 'installation') {
  const tasks = of === 'scope' ? ctx.rows('tasks') : ctx.unscoped('tasks', whyWork);
  const counted = await tasks
    .select()
    .select((eb) => ['state', eb.fn.countAll<number>().as('count')])
    .where('state', 'in', ['queued', 'running'])
    .groupBy('state')
    .execute();
  const countIn = (state: TaskState) => Number(counted.find((row) => row.state === state)?.count ?? 0);
  return { queued: countIn('queued'), running: countIn('running') };
}
