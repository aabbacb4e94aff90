import { readArchivedPage } from '#core/archive.ts';
import { momentOf, narrowed } from '#core/conditions.ts';
import type { Context } from '#core/context.ts';
import { readPage } from '#core/crud.ts';
import type { RequestRecord } from '#core/request-records.ts';
import type { Page } from '#core/schema.ts';
import type { RequestLogQuery } from './request-log.schema.ts';

const COLUMNS = [
  'id',
  'created_at',
  'request_id',
  'trace_id',
  'method',
  'route',
  'path',
  'status',
  'duration_ms',
  'bytes',
  'user_id',
  'username',
  'session_id',
  'api_key_id',
  'api_key_name',
  'viewer_id',
  'viewer_name',
  'address',
  'user_agent',
] as const;

export type RequestLogRow = Awaited<ReturnType<typeof listLogsById>>[number];

function listLogsById(ctx: Context, ids: readonly number[]) {
  return ctx.rows('request_logs').select().select(COLUMNS).where('id', 'in', ids).execute();
}

function conditionsOf(query: RequestLogQuery) {
  const from = query.status_class && Number(query.status_class[0]) * 100;
  return [
    { columns: ['username'], contains: query.username },
    { column: 'user_id', is: query.user_id },
    { column: 'method', is: query.method },
    { column: 'route', begins: query.route },
    { column: 'status', is: query.status },
    { column: 'status', ...(from && { from, below: from + 100 }) },
    { column: 'duration_ms', from: query.duration_ms_from },
    { column: 'request_id', is: query.request_id },
    { column: 'created_at', from: momentOf(query.created_at_from), to: momentOf(query.created_at_to) },
  ];
}

export function listLogs(ctx: Context, query: RequestLogQuery): Promise<Page<RequestLogRow>> {
  const conditions = conditionsOf(query);
  if (query.archived) return readArchivedPage<RequestLogRow>(ctx, 'request_logs', query, conditions, COLUMNS);
  const matching = narrowed(ctx.rows('request_logs').select(), 'request_logs', conditions);
  return readPage(query, matching, 'request_logs', (ids: readonly number[]) => listLogsById(ctx, ids));
}

const whyStore = 'the program stores the requests that it has answered, whoever sent them';

export function insertLogs(ctx: Context, records: readonly RequestRecord[]): Promise<void> {
  return ctx.unscoped('request_logs', whyStore).insertMany(records);
}

const whyOld = 'what is too old goes, whoever it is about';

/** Whole rows, the oldest first. */
export function listLogsBefore(ctx: Context, before: Date, limit: number) {
  return ctx
    .unscoped('request_logs', whyOld)
    .select()
    .selectAll()
    .where('created_at', '<', before)
    .orderBy('created_at')
    .limit(limit)
    .execute();
}

export function deleteLogs(ctx: Context, ids: readonly number[]) {
  return ctx.unscoped('request_logs', whyOld).delete().where('id', 'in', ids).execute();
}
