import { forAll } from '#core/batch.ts';
import type { Context } from '#core/context.ts';
import { conflictErrors } from '#core/errors.ts';
import { translate } from '#core/i18n.ts';
import type { Page } from '#core/schema.ts';
import { type AnyTaskHandler, argsSchemaIn, DEFAULT_ATTEMPTS, DEFAULT_TIMEOUT_MS, jobNameFor } from '#core/task.ts';
import { isTimeZone } from '#core/time-zone.ts';
import { checkedArguments, getJobHandler, insertQueued } from '../task/queue.service.ts';
import { listLastRuns } from '../task/task.service.ts';
import * as crud from './job.crud.ts';
import { jobErrors } from './job.errors.ts';
import type { HandlerList, JobCreate, JobOut, JobPreview, JobQuery, JobUpdate, Trigger } from './job.schema.ts';
import { nextAfter, nextRuns, readCron, type Schedule } from './schedule.ts';

const iso = (moment: Date | null) => moment?.toISOString() ?? null;
const RUNS_SHOWN = 5;

function toTrigger(row: Schedule): Trigger {
  if (row.trigger_type === 'cron')
    return { type: 'cron', expression: row.expression ?? '', timezone: row.timezone ?? 'UTC' };
  if (row.trigger_type === 'interval') return { type: 'interval', seconds: row.seconds ?? 0 };
  return { type: 'once', at: (row.at as Date).toISOString() };
}

/** The columns of a trigger. Throws `job.cron_invalid`, `job.timezone_unknown`. */
function fromTrigger(trigger: Trigger): Pick<Schedule, 'trigger_type' | 'expression' | 'timezone' | 'seconds' | 'at'> {
  const none = { expression: null, timezone: null, seconds: null, at: null };
  if (trigger.type === 'interval') return { ...none, trigger_type: 'interval', seconds: trigger.seconds };
  if (trigger.type === 'once') return { ...none, trigger_type: 'once', at: new Date(trigger.at) };
  const { expression, timezone = 'UTC' } = trigger;
  if (!isTimeZone(timezone)) throw jobErrors.timezone_unknown({ timezone }).on('trigger.timezone');
  try {
    readCron(expression, timezone);
  } catch (error) {
    const reason = (error as Error).message.replace(/^Cron\w*: /, '').slice(0, 200);
    throw jobErrors.cron_invalid({ reason }).on('trigger.expression');
  }
  return { ...none, trigger_type: 'cron', expression, timezone };
}

/** The trigger of a job with some of its columns replaced, as a message. Throws `job.not_found`. */
export async function triggerWith(
  ctx: Context,
  jobId: number,
  columns: Readonly<Record<string, unknown>>,
): Promise<Trigger> {
  const row = { ...(await getRow(ctx, jobId)), ...columns } as Schedule;
  return toTrigger({ ...row, at: row.at && new Date(row.at) });
}

async function toJobsOut(ctx: Context, rows: readonly crud.JobRow[]): Promise<JobOut[]> {
  const runs =
    rows.length > 0
      ? await listLastRuns(
          ctx,
          rows.map(({ id }) => id),
        )
      : [];
  const lastRuns = new Map(runs.map(({ job_id, ...run }) => [job_id, run]));
  return rows.map((row) => {
    const handler = ctx.handlers.get(row.handler);
    const run = lastRuns.get(row.id);
    return {
      id: row.id,
      code: row.code,
      name: jobNameFor(ctx, row.name),
      handler: row.handler,
      handler_title: handler ? translate(handler.title, ctx.locale) : row.handler,
      args: row.args,
      trigger: toTrigger(row),
      misfire: row.misfire as JobOut['misfire'],
      overlap: row.overlap as JobOut['overlap'],
      starts_at: iso(row.starts_at),
      ends_at: iso(row.ends_at),
      is_enabled: row.is_enabled,
      next_run_at: iso(row.next_run_at),
      last_run_at: iso(row.last_run_at),
      last_run: run ? { ...run, started_at: iso(run.started_at), finished_at: iso(run.finished_at) } : null,
      remark: row.remark,
      version: row.version,
      created_at: row.created_at.toISOString(),
      updated_at: row.updated_at.toISOString(),
    };
  });
}

export async function listJobs(ctx: Context, query: JobQuery): Promise<Page<JobOut>> {
  const page = await crud.listJobs(ctx, query);
  return { ...page, items: await toJobsOut(ctx, page.items) };
}

async function getRow(ctx: Context, jobId: number): Promise<crud.JobRow> {
  const row = await crud.findJob(ctx, jobId);
  if (!row) throw jobErrors.not_found();
  return row;
}

/** Throws `job.not_found`. */
export async function getJob(ctx: Context, jobId: number): Promise<JobOut> {
  const [job] = await toJobsOut(ctx, [await getRow(ctx, jobId)]);
  return job as JobOut;
}

/**
 * Throws `job.name_taken` (by the unique constraint), `task.handler_unknown`, `task.arguments_invalid`, and what is wrong with the
 * schedule: `job.cron_invalid`, `job.timezone_unknown`, `job.never_due`, `job.ends_before_start`, `job.may_not_overlap`.
 */
export async function createJob(ctx: Context, input: JobCreate): Promise<JobOut> {
  const { trigger, args, starts_at, ends_at, ...fields } = input;
  const handler = getJobHandler(ctx, fields.handler);
  const schedule = scheduleOf(fromTrigger(trigger), starts_at, ends_at);
  const createdAt = ctx.now();
  const { is_enabled: isEnabled = true, overlap = 'skip' } = fields;
  assertMayOverlap(handler, overlap);
  const next = assertDue(schedule, createdAt, createdAt);
  const job = {
    ...fields,
    ...schedule,
    args: checkedArguments(handler, args),
    next_run_at: isEnabled ? next : null,
    created_at: createdAt,
  };
  return changeJobs(ctx, async (ctx) => getJob(ctx, await crud.insertJob(ctx, job)));
}

/** Changes what is named. Throws `job.not_found`, `conflict.stale`, and the errors of creating. */
export function updateJob(ctx: Context, jobId: number, input: JobUpdate): Promise<JobOut> {
  return changeJobs(ctx, async (ctx) => {
    const row = await getRow(ctx, jobId);
    const { version, trigger, args, starts_at, ends_at, ...fields } = input;
    const handler = getJobHandler(ctx, fields.handler ?? row.handler);
    assertMayOverlap(handler, fields.overlap ?? row.overlap);
    const schedule = scheduleOf(
      trigger ? fromTrigger(trigger) : row,
      starts_at === undefined ? iso(row.starts_at) : starts_at,
      ends_at === undefined ? iso(row.ends_at) : ends_at,
    );
    const isMoved = trigger !== undefined || starts_at !== undefined || ends_at !== undefined;
    const isEnabled = fields.is_enabled ?? row.is_enabled;
    // A schedule that is never due is refused while the job is paused too; only pausing and the like ask nothing of it.
    const isAsked = isMoved || (isEnabled && !row.is_enabled);
    const next = isAsked ? assertDue(schedule, ctx.now(), row.created_at) : null;
    const changes = {
      ...fields,
      ...(isMoved && schedule),
      ...((args !== undefined || fields.handler !== undefined) && {
        args: checkedArguments(handler, args ?? row.args),
      }),
      ...((isMoved || isEnabled !== row.is_enabled) && {
        next_run_at: isEnabled ? next : null,
      }),
    };
    if (!(await crud.updateJob(ctx, jobId, version, changes))) throw conflictErrors.stale().on('version');
    return getJob(ctx, jobId);
  });
}

/** Stops the schedule until it is resumed; what runs goes on. Throws `job.not_found`. */
export function pauseJob(ctx: Context, jobId: number): Promise<JobOut> {
  return updateJob(ctx, jobId, { is_enabled: false });
}

/** Goes on with the next firing that is to come; those of the pause are not made up for. Throws `job.not_found`, `job.never_due`. */
export function resumeJob(ctx: Context, jobId: number): Promise<JobOut> {
  return updateJob(ctx, jobId, { is_enabled: true });
}

/** Queues a run beside the schedule. Throws `job.not_found`, `task.handler_unknown`, `task.arguments_invalid`. */
export async function runJob(ctx: Context, jobId: number): Promise<{ task_id: number }> {
  const row = await getRow(ctx, jobId);
  const handler = getJobHandler(ctx, row.handler);
  const args = checkedArguments(handler, row.args);
  const fired = { job_id: row.id, job_name: row.name, trigger: 'manual' };
  const options = row.overlap === 'allow' ? {} : { key: `job:${row.id}` };
  return ctx.inTransaction(async (ctx) => ({ task_id: await insertQueued(ctx, handler, args, options, fired) }));
}

/** Removes a job; its runs stay in the records. Throws `job.not_found`. */
export function deleteJob(ctx: Context, jobId: number): Promise<void> {
  return changeJobs(ctx, async (ctx) => {
    await getRow(ctx, jobId);
    await crud.deleteJob(ctx, jobId);
  });
}

/** Removes all of them or none. Throws `conflict.batch_refused`. */
export function deleteJobs(ctx: Context, ids: readonly number[]): Promise<void> {
  return forAll(ctx, ids, deleteJob);
}

/** When a schedule would fire next. Throws what creating throws of a schedule. */
export function previewRuns(ctx: Context, input: JobPreview): { items: string[] } {
  const now = ctx.now();
  const schedule = scheduleOf(fromTrigger(input.trigger), input.starts_at, input.ends_at);
  assertDue(schedule, now, now);
  return { items: nextRuns(schedule, now, now, RUNS_SHOWN).map((moment) => moment.toISOString()) };
}

/** What a job may do, with the schema that its form is made from. */
export function listHandlers(ctx: Context): HandlerList {
  return {
    items: [...ctx.handlers.values()]
      .filter(({ permission }) => permission === undefined)
      .map((handler) => ({
        name: handler.name,
        title: translate(handler.title, ctx.locale),
        description: handler.description ? translate(handler.description, ctx.locale) : null,
        args_schema: argsSchemaIn(ctx.locale, handler.args),
        attempts: handler.attempts ?? DEFAULT_ATTEMPTS,
        timeout_seconds: Math.ceil((handler.timeoutMs ?? DEFAULT_TIMEOUT_MS) / 1000),
        may_overlap: handler.mayOverlap !== false,
      })),
  };
}

function scheduleOf(
  trigger: Pick<Schedule, 'trigger_type' | 'expression' | 'timezone' | 'seconds' | 'at'>,
  startsAt: string | null | undefined,
  endsAt: string | null | undefined,
): Schedule {
  const { trigger_type, expression, timezone, seconds, at } = trigger;
  const [starts_at, ends_at] = [startsAt ? new Date(startsAt) : null, endsAt ? new Date(endsAt) : null];
  if (starts_at && ends_at && ends_at <= starts_at) throw jobErrors.ends_before_start().on('ends_at');
  return { trigger_type, expression, timezone, seconds, at, starts_at, ends_at };
}

function assertDue(schedule: Schedule, now: Date, anchor: Date): Date {
  const next = nextAfter(schedule, now, anchor);
  if (!next) throw jobErrors.never_due().on('trigger');
  return next;
}

function assertMayOverlap(handler: AnyTaskHandler, overlap: string): void {
  if (overlap === 'allow' && handler.mayOverlap === false) throw jobErrors.may_not_overlap().on('overlap');
}

/** A change of jobs, after which every scheduler looks again. */
function changeJobs<R>(ctx: Context, work: (ctx: Context) => Promise<R>): Promise<R> {
  return ctx.inTransaction(async (ctx) => {
    const result = await work(ctx);
    await ctx.afterCommit(() => ctx.signals.emit('job.changed'));
    return result;
  });
}
