import type { Context } from '#core/context.ts';
import { contains, countPerInterval, readPage } from '#core/crud.ts';
import { jobNamesWith } from '#core/task.ts';
import type { TaskLogQuery, TaskQuery, TaskState } from './task.schema.ts';

const LISTED = [
  'tasks.id',
  'tasks.handler',
  'tasks.args',
  'tasks.job_id',
  'tasks.job_name',
  'tasks.trigger',
  'tasks.scheduled_at',
  'tasks.state',
  'tasks.priority',
  'tasks.key',
  'tasks.attempt',
  'tasks.max_attempts',
  'tasks.available_at',
  'tasks.instance',
  'tasks.cancel_requested',
  'tasks.progress_done',
  'tasks.progress_total',
  'tasks.progress_note',
  'tasks.error',
  'tasks.file_name',
  'tasks.file_type',
  'tasks.file_bytes',
  'tasks.started_at',
  'tasks.finished_at',
  'tasks.duration_ms',
  'tasks.created_by',
  'tasks.created_at',
] as const;

const whyRuns =
  'runs of jobs belong to the installation, like the jobs: who may see them is decided by permission alone';

/** Tasks as a person may see them: those in their scope, the runs of all jobs, or those that they have queued themselves. */
export type TaskView = 'tasks' | 'runs' | { readonly ownerId: number };

function visible(ctx: Context, view: TaskView) {
  if (view === 'tasks') return ctx.rows('tasks').select();
  if (view === 'runs') return ctx.unscoped('tasks', whyRuns).select().where('tasks.job_name', 'is not', null);
  return ctx.rows('tasks').select().where('tasks.created_by', '=', view.ownerId);
}

const readable = (ctx: Context, view: TaskView) =>
  visible(ctx, view)
    .select([...LISTED])
    .select((eb) =>
      eb
        .selectFrom('users as creator')
        .select('creator.username')
        .whereRef('creator.id', '=', 'tasks.created_by')
        .as('created_by_name'),
    );

export type TaskRow = Awaited<ReturnType<typeof listTasksById>>[number];

export function listTasksById(ctx: Context, view: TaskView, ids: readonly number[]) {
  return readable(ctx, view).where('tasks.id', 'in', ids).execute();
}

export function findTask(ctx: Context, view: TaskView, taskId: number) {
  return readable(ctx, view)
    .select(['tasks.result', 'tasks.error_stack', 'tasks.request_id', 'tasks.traceparent'])
    .where('tasks.id', '=', taskId)
    .executeTakeFirst();
}

export function listTasks(ctx: Context, view: TaskView, query: TaskQuery) {
  let matching = visible(ctx, view);
  if (query.state !== undefined) matching = matching.where('tasks.state', '=', query.state);
  if (query.handler !== undefined) matching = matching.where('tasks.handler', '=', query.handler);
  if (query.job_id !== undefined) matching = matching.where('tasks.job_id', '=', query.job_id);
  if (query.trigger !== undefined) matching = matching.where('tasks.trigger', '=', query.trigger);
  if (query.keyword) {
    const found = contains(['tasks.job_name', 'tasks.handler', 'tasks.error'], query.keyword);
    const names = jobNamesWith(ctx, query.keyword);
    matching = matching.where((eb) => (names.length > 0 ? eb.or([found, eb('tasks.job_name', 'in', names)]) : found));
  }
  if (query.created_at_from) matching = matching.where('tasks.created_at', '>=', new Date(query.created_at_from));
  if (query.created_at_to) matching = matching.where('tasks.created_at', '<=', new Date(query.created_at_to));
  return readPage(query, matching, 'tasks', (ids) => listTasksById(ctx, view, ids));
}

/** The file of a task, if it has left one. */
export function findFile(ctx: Context, view: TaskView, taskId: number) {
  return visible(ctx, view)
    .select(['tasks.handler', 'tasks.file_name', 'tasks.file_type', 'tasks.file_bytes', 'tasks.file_token'])
    .where('tasks.id', '=', taskId)
    .executeTakeFirst();
}

/** Lines of the log of a task that the caller was found to see. */
export function listLogs(ctx: Context, taskId: number, query: TaskLogQuery) {
  return ctx
    .unscoped('task_logs', 'the task itself was found by the caller')
    .select()
    .select(['id', 'attempt', 'level', 'message', 'created_at'])
    .where('task_id', '=', taskId)
    .where('id', '>', query.after ?? 0)
    .orderBy('id')
    .limit(query.limit ?? 200)
    .execute();
}

/** How many runs ended in a state in each interval between the bounds. */
export function countEnded(ctx: Context, view: TaskView, state: TaskState, bounds: readonly Date[], jobId?: number) {
  let matching = visible(ctx, view).where('tasks.state', '=', state);
  if (jobId !== undefined) matching = matching.where('tasks.job_id', '=', jobId);
  return countPerInterval(matching, 'tasks.finished_at', bounds);
}

/** The last run of each of the jobs. */
export function listLastRuns(ctx: Context, jobIds: readonly number[]) {
  return ctx
    .unscoped('tasks', whyRuns)
    .select()
    .select(['id', 'job_id', 'state', 'started_at', 'finished_at', 'duration_ms'])
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('jobs')
        // One step in an index for each job, however many runs it has had.
        .select((job) =>
          job
            .selectFrom('tasks as newest')
            .select((inner) => inner.fn.max('newest.id').as('id'))
            .whereRef('newest.job_id', '=', 'jobs.id')
            .as('id'),
        )
        .where('jobs.id', 'in', jobIds),
    )
    .execute();
}
