import type { Insertable } from 'kysely';
import { readArchivedPage } from '#core/archive.ts';
import { momentOf, narrowed } from '#core/conditions.ts';
import type { Context } from '#core/context.ts';
import { readPage } from '#core/crud.ts';
import type { Tables } from '#core/entity.ts';
import type { Page } from '#core/schema.ts';
import type { SignInLogQuery } from './sign-in-log.schema.ts';

const COLUMNS = [
  'id',
  'user_id',
  'username',
  'outcome',
  'reason',
  'method',
  'address',
  'browser',
  'os',
  'device',
  'session_id',
  'request_id',
  'created_at',
] as const;

export type SignInLogRow = Awaited<ReturnType<typeof listLogsById>>[number];

function listLogsById(ctx: Context, ids: readonly number[]) {
  return ctx.rows('sign_in_logs').select().select(COLUMNS).where('id', 'in', ids).execute();
}

const conditionsOf = (query: SignInLogQuery) => [
  { columns: ['username'], contains: query.username },
  { column: 'address', begins: query.address },
  { column: 'user_id', is: query.user_id },
  { column: 'outcome', is: query.outcome },
  { column: 'reason', is: query.reason },
  { column: 'created_at', from: momentOf(query.created_at_from), to: momentOf(query.created_at_to) },
];

export function listLogs(ctx: Context, query: SignInLogQuery): Promise<Page<SignInLogRow>> {
  const conditions = conditionsOf(query);
  if (query.archived) return readArchivedPage<SignInLogRow>(ctx, 'sign_in_logs', query, conditions, COLUMNS);
  const matching = narrowed(ctx.rows('sign_in_logs').select(), 'sign_in_logs', conditions);
  return readPage(query, matching, 'sign_in_logs', (ids: readonly number[]) => listLogsById(ctx, ids));
}

const whyLog = 'an attempt is noted before anybody is signed in, whoever makes it';

export function insertLog(ctx: Context, log: Insertable<Tables['sign_in_logs']>) {
  return ctx.unscoped('sign_in_logs', whyLog).insert(log);
}

const whyOld = 'what is too old goes, whoever it is about';

/** Whole rows, the oldest first. */
export function listLogsBefore(ctx: Context, before: Date, limit: number) {
  return ctx
    .unscoped('sign_in_logs', whyOld)
    .select()
    .selectAll()
    .where('created_at', '<', before)
    .orderBy('created_at')
    .limit(limit)
    .execute();
}

export function deleteLogs(ctx: Context, ids: readonly number[]) {
  return ctx.unscoped('sign_in_logs', whyOld).delete().where('id', 'in', ids).execute();
}
