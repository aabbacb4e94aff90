import type { Context } from '#core/context.ts';
import type { FileToSave } from '#core/file.ts';
import { translate } from '#core/i18n.ts';
import type { Page } from '#core/schema.ts';
import { type Json, jobNameFor } from '#core/task.ts';
import { dayBounds, isTimeZone } from '#core/time-zone.ts';
import { readTraceparent } from '#core/trace.ts';
import { pruneLeftovers, readParts } from './file.service.ts';
import { offerOf } from './queue.service.ts';
import { tell } from './state.service.ts';
import * as crud from './task.crud.ts';
import { taskErrors } from './task.errors.ts';
import type {
  QueueState,
  TaskDays,
  TaskDaysQuery,
  TaskDetail,
  TaskLog,
  TaskLogQuery,
  TaskOut,
  TaskQuery,
  TaskState,
} from './task.schema.ts';
import * as work from './work.crud.ts';

export type { TaskView } from './task.crud.ts';
// What the runs of jobs are shown as.
export {
  QueuedTask,
  TaskDays,
  TaskDaysQuery,
  TaskDetail,
  TaskLog,
  TaskLogQuery,
  TaskPage,
  TaskQuery,
} from './task.schema.ts';

const iso = (moment: Date | null) => moment?.toISOString() ?? null;

type FileRow = Pick<crud.TaskRow, 'handler' | 'file_name' | 'file_type' | 'file_bytes'>;

/** What a run has left, for those who may fetch it: a file of a handler that nobody knows any more is for nobody. */
function toFile(ctx: Context, row: FileRow): TaskOut['file'] {
  if (row.file_name === null || row.file_type === null || row.file_bytes === null) return null;
  const handler = ctx.handlers.get(row.handler);
  if (!handler || (handler.permission !== undefined && !ctx.actor.permissions.holds(handler.permission))) return null;
  return { name: row.file_name, type: row.file_type, bytes: row.file_bytes };
}

function toTaskOut(ctx: Context, row: crud.TaskRow): TaskOut {
  const title = ctx.handlers.get(row.handler)?.title;
  return {
    id: row.id,
    handler: row.handler,
    title: title ? translate(title, ctx.locale) : row.handler,
    args: row.args,
    job_id: row.job_id,
    job_name: row.job_name && jobNameFor(ctx, row.job_name),
    trigger: row.trigger as TaskOut['trigger'],
    scheduled_at: iso(row.scheduled_at),
    state: row.state as TaskState,
    priority: row.priority,
    key: row.key,
    attempt: row.attempt,
    max_attempts: row.max_attempts,
    available_at: row.available_at.toISOString(),
    instance: row.instance,
    cancel_requested: row.cancel_requested,
    progress_done: row.progress_done,
    progress_total: row.progress_total,
    progress_note: row.progress_note,
    error: row.error,
    file: toFile(ctx, row),
    started_at: iso(row.started_at),
    finished_at: iso(row.finished_at),
    duration_ms: row.duration_ms,
    created_by: row.created_by,
    created_by_name: row.created_by_name,
    created_at: row.created_at.toISOString(),
  };
}

/** A page of the tasks of a view. */
export async function listTasks(ctx: Context, view: crud.TaskView, query: TaskQuery): Promise<Page<TaskOut>> {
  const page = await crud.listTasks(ctx, view, query);
  return { ...page, items: page.items.map((row) => toTaskOut(ctx, row)) };
}

/** How many tasks of all instances wait and run. */
export function countOpenTasks(ctx: Context): Promise<Record<'queued' | 'running', number>> {
  return work.countOpen(ctx, 'installation');
}

/** Throws `task.not_found`, also for a task that the view does not show. */
export async function getTask(ctx: Context, view: crud.TaskView, taskId: number): Promise<TaskDetail> {
  const row = await crud.findTask(ctx, view, taskId);
  if (!row) throw taskErrors.not_found();
  const { result, error_stack, request_id, traceparent } = row;
  return {
    ...toTaskOut(ctx, row),
    result,
    error_stack,
    request_id,
    trace_id: readTraceparent(traceparent)?.traceId ?? null,
  };
}

/** Throws `task.not_found`. */
export async function readLog(
  ctx: Context,
  view: crud.TaskView,
  taskId: number,
  query: TaskLogQuery,
): Promise<TaskLog> {
  await getTask(ctx, view, taskId);
  const lines = await crud.listLogs(ctx, taskId, query);
  return {
    items: lines.map((line) => ({
      ...line,
      level: line.level as 'info',
      created_at: line.created_at.toISOString(),
    })),
  };
}

/** The file that a task has left. Throws `task.not_found`, `task.file_not_found`. */
export async function getFile(ctx: Context, view: crud.TaskView, taskId: number): Promise<FileToSave> {
  const row = await crud.findFile(ctx, view, taskId);
  if (!row) throw taskErrors.not_found();
  const file = toFile(ctx, row);
  if (!file || row.file_token === null) throw taskErrors.file_not_found();
  const { name, bytes } = file;
  return { name, bytes, content: readParts(ctx, taskId, row.file_token, bytes) };
}

/**
 * Cancels a task: at once while it waits; while it runs its handler is asked to stop. Throws `task.not_found`, `task.not_cancellable`.
 */
export function cancelTask(ctx: Context, view: crud.TaskView, taskId: number): Promise<TaskDetail> {
  return ctx.inTransaction(async (ctx) => {
    const task = await getTask(ctx, view, taskId);
    const ended = { state: 'cancelled', finished_at: ctx.now(), cancel_requested: true };
    if (await work.updateInState(ctx, taskId, ['queued'], ended)) await tell(ctx, task, 'cancelled');
    else if (await work.updateInState(ctx, taskId, ['running'], { cancel_requested: true }))
      await ctx.afterCommit(() => ctx.signals.emit('task.cancel', taskId));
    else throw taskErrors.not_cancellable();
    return getTask(ctx, view, taskId);
  });
}

/** Lets a task that failed or was cancelled be done after all. Throws `task.not_found`, `task.not_retryable`. */
export function retryTask(ctx: Context, view: crud.TaskView, taskId: number): Promise<TaskDetail> {
  return ctx.inTransaction(async (ctx) => {
    const task = await getTask(ctx, view, taskId);
    const availableAt = ctx.now();
    const again = {
      state: 'queued',
      attempt: 0,
      available_at: availableAt,
      cancel_requested: false,
      finished_at: null,
      duration_ms: null,
      progress_done: null,
      progress_total: null,
      progress_note: null,
    };
    if (!(await work.updateInState(ctx, taskId, ['failed', 'cancelled'], again))) throw taskErrors.not_retryable();
    await tell(ctx, task, 'queued');
    await ctx.afterCommit(() => ctx.offerTasks([offerOf(ctx, task, availableAt)]));
    return getTask(ctx, view, taskId);
  });
}

/** How much waits and runs, and by which engine. */
export async function readQueueState(ctx: Context): Promise<QueueState> {
  const { name, isConnected } = ctx.taskEngine;
  return { engine: name, is_connected: isConnected, ...(await work.countOpen(ctx, 'scope')) };
}

/** Runs that ended well and that failed, by day. Throws `task.timezone_unknown`. */
export async function countByDay(ctx: Context, view: crud.TaskView, query: TaskDaysQuery): Promise<TaskDays> {
  const { timezone = 'UTC', days = 14, job_id: jobId } = query;
  if (!isTimeZone(timezone)) throw taskErrors.timezone_unknown({ timezone }).on('timezone');
  const bounds = dayBounds(timezone, ctx.now(), days);
  const [succeeded, failed] = [
    await crud.countEnded(ctx, view, 'succeeded', bounds, jobId),
    await crud.countEnded(ctx, view, 'failed', bounds, jobId),
  ];
  const day = new Intl.DateTimeFormat('en-CA', { timeZone: timezone, dateStyle: 'short' });
  return {
    items: bounds.slice(0, -1).map((from, index) => ({
      day: day.format(new Date(from.getTime() + 43_200_000)),
      succeeded: succeeded[index] ?? 0,
      failed: failed[index] ?? 0,
    })),
  };
}

/** Deletes what ended longer ago than it is kept, a bounded number at a time, and what was left of files that nobody will see. */
export async function pruneTasks(ctx: Context, days: number, signal?: AbortSignal): Promise<number> {
  const before = new Date(ctx.now().getTime() - days * 86_400_000);
  await pruneLeftovers(ctx, signal);
  let deleted = 0;
  for (;;) {
    const count = await work.deleteEnded(ctx, before, 500);
    deleted += count;
    if (count === 0 || signal?.aborted) return deleted;
  }
}

/** For the service of jobs: what of the moments has fired, whether a run goes on, and how the last runs ended. */
export const { listFired, hasActiveRun } = work;
export const { listLastRuns } = crud;

/** A firing that does not run: skipped because of another, missed, or impossible. */
export function insertEnded(
  ctx: Context,
  state: 'skipped' | 'missed' | 'failed',
  run: { handler: string; args: Json; job_id: number; job_name: string; scheduled_at: Date; error?: string },
): Promise<number> {
  const now = ctx.now();
  return work.insertTask(ctx, { ...run, state, trigger: 'schedule', available_at: now, finished_at: now });
}
