import type { Context } from '#core/context.ts';
import { translate } from '#core/i18n.ts';
import type { BuiltInJob, Json } from '#core/task.ts';
import { checkedArguments, getJobHandler } from '../task/queue.service.ts';
import * as crud from './job.crud.ts';
import { nextAfter } from './schedule.ts';

/**
 * Adds the jobs that the program brings along and that are not there yet. Safe when several instances start at once; one that cannot be
 * added is logged, and keeps neither the others nor the service from starting.
 */
export async function addBuiltInJobs(ctx: Context): Promise<void> {
  const there = await listCodes(ctx);
  for (const job of ctx.builtInJobs) {
    const { code, dialect = ctx.dialect } = job;
    if (there.has(code) || dialect !== ctx.dialect) continue;
    try {
      await addBuiltIn(ctx, job);
    } catch (error) {
      ctx.log.error({ err: error, code }, 'a job of the program could not be added; the next start tries again');
    }
  }
}

async function listCodes(ctx: Context): Promise<Set<string | null>> {
  return new Set((await crud.listBuiltIn(ctx)).map(({ code }) => code));
}

/** Somebody may have given its name to a job of their own, which keeps it. */
async function addBuiltIn(ctx: Context, { code, name, handler: handlerName, args, cron }: BuiltInJob): Promise<void> {
  const handler = getJobHandler(ctx, handlerName);
  const trigger = { trigger_type: 'cron', expression: cron, timezone: 'UTC', seconds: null, at: null };
  const schedule = { ...trigger, starts_at: null, ends_at: null };
  const created_at = ctx.now();
  const job = {
    code,
    handler: handler.name,
    args: checkedArguments(handler, args) as Json,
    ...schedule,
    next_run_at: nextAfter(schedule, created_at, created_at),
    created_at,
  };
  const own = translate(name, ctx.settings.DEFAULT_LOCALE);
  let problem: unknown;
  for (const called of [own, `${own} (${code})`]) {
    try {
      await crud.insertBuiltIn(ctx, { ...job, name: called });
      return;
    } catch (error) {
      if ((await listCodes(ctx)).has(code)) return;
      problem = error;
    }
  }
  throw problem;
}
