import { retireLogs } from '#core/archive.ts';
import type { Context } from '#core/context.ts';
import type { RequestRecord } from '#core/request-records.ts';
import type { Page } from '#core/schema.ts';
import * as crud from './request-log.crud.ts';
import type { RequestLogOut, RequestLogQuery, RequestLogSampling } from './request-log.schema.ts';

/** Stores requests that were answered, in statements of a bounded size. */
export async function storeRequests(ctx: Context, records: readonly RequestRecord[]): Promise<void> {
  await crud.insertLogs(ctx, records);
}

/** The stored requests of the users in the caller's scope; those of nobody only for whoever sees all users. */
export async function listRequests(ctx: Context, query: RequestLogQuery): Promise<Page<RequestLogOut>> {
  const page = await crud.listLogs(ctx, query);
  return { ...page, items: page.items.map((row) => ({ ...row, created_at: row.created_at.toISOString() })) };
}

/** Which requests are stored, by the settings. */
export function samplingOf({ settings }: Context): RequestLogSampling {
  const { REQUEST_LOG_PERCENT, SLOW_REQUEST_MS, REQUEST_LOG_DAYS } = settings;
  return { percent: REQUEST_LOG_PERCENT, slow_ms: SLOW_REQUEST_MS, days: REQUEST_LOG_DAYS };
}

/** Takes what is older than REQUEST_LOG_DAYS out of the log, into the archive where there is one. Throws `archive.unavailable`. */
export function pruneRequestLogs(ctx: Context): Promise<number> {
  return retireLogs(ctx, 'request_logs', ctx.settings.REQUEST_LOG_DAYS, crud);
}
