import type { Insertable, Updateable } from 'kysely';
import type { Context } from '#core/context.ts';
import { contains, readPage } from '#core/crud.ts';
import type { Tables } from '#core/entity.ts';
import { jobNamesWith } from '#core/task.ts';
import type { JobQuery } from './job.schema.ts';

const whySchedule = 'the program itself fires jobs, whoever made them';

export type JobRow = NonNullable<Awaited<ReturnType<typeof findJob>>>;

export function findJob(ctx: Context, jobId: number) {
  return ctx.rows('jobs').select().selectAll().where('id', '=', jobId).executeTakeFirst();
}

export function listJobs(ctx: Context, query: JobQuery) {
  let matching = ctx.rows('jobs').select();
  if (query.keyword) {
    const found = contains(['jobs.name', 'jobs.handler'], query.keyword);
    const names = jobNamesWith(ctx, query.keyword);
    matching = matching.where((eb) => (names.length > 0 ? eb.or([found, eb('jobs.name', 'in', names)]) : found));
  }
  if (query.handler !== undefined) matching = matching.where('handler', '=', query.handler);
  if (query.is_enabled !== undefined) matching = matching.where('is_enabled', '=', query.is_enabled);
  return readPage({ order_by: 'id', ...query }, matching, 'jobs', (ids) =>
    ctx.rows('jobs').select().selectAll().where('id', 'in', ids).execute(),
  );
}

export function insertJob(ctx: Context, job: Insertable<Tables['jobs']>) {
  return ctx.rows('jobs').insert(job);
}

export async function updateJob(
  ctx: Context,
  jobId: number,
  version: number | undefined,
  changes: Updateable<Tables['jobs']>,
): Promise<boolean> {
  let update = ctx.rows('jobs').update(changes).where('id', '=', jobId);
  if (version !== undefined) update = update.where('version', '=', version);
  return (await update.executeTakeFirst()).numUpdatedRows > 0n;
}

export function deleteJob(ctx: Context, jobId: number) {
  return ctx.rows('jobs').delete().where('id', '=', jobId).execute();
}

/** Enabled jobs without some of them. */
function enabledBut(ctx: Context, jobIds: readonly number[]) {
  const enabled = ctx.unscoped('jobs', whySchedule).select().where('is_enabled', '=', true);
  return jobIds.length > 0 ? enabled.where('id', 'not in', jobIds) : enabled;
}

export function listDue(ctx: Context, limit: number, without: readonly number[] = []) {
  return enabledBut(ctx, without)
    .selectAll()
    .where('next_run_at', '<=', ctx.now())
    .orderBy('next_run_at')
    .limit(limit)
    .execute();
}

export async function findNextDue(ctx: Context, without: readonly number[] = []): Promise<Date | null> {
  const row = await enabledBut(ctx, without)
    .select((eb) => eb.fn.min('next_run_at').as('next'))
    .executeTakeFirstOrThrow();
  return row.next as Date | null;
}

/** Moves a job from one firing to the next; only one instance succeeds for each. */
export async function advance(
  ctx: Context,
  jobId: number,
  from: Date,
  to: Date | null,
  version: number,
): Promise<boolean> {
  const result = await ctx
    .unscoped('jobs', whySchedule)
    .updateQuietly({ next_run_at: to, last_run_at: ctx.now() })
    .where('id', '=', jobId)
    .where('is_enabled', '=', true)
    .where('next_run_at', '=', from)
    .where('version', '=', version)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

export function listBuiltIn(ctx: Context) {
  return ctx.unscoped('jobs', whySchedule).select().select('code').where('code', 'is not', null).execute();
}

export function insertBuiltIn(ctx: Context, job: Insertable<Tables['jobs']>) {
  return ctx.unscoped('jobs', whySchedule).insert(job);
}
