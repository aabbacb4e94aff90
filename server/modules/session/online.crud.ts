import type { Context } from '#core/context.ts';
import { contains, readPage } from '#core/crud.ts';
import type { OnlineQuery } from './session.schema.ts';

const COLUMNS = [
  'sessions.id',
  'sessions.user_id',
  'sessions.method',
  'sessions.address',
  'sessions.browser',
  'sessions.os',
  'sessions.device',
  'sessions.created_at',
  'sessions.last_seen_at',
  'sessions.expires_at',
] as const;

export type SessionRow = Awaited<ReturnType<typeof listSessionsById>>[number];

/** The sessions in the scope that have not ended. `idleSince` is when a session must have been seen to live. */
function liveSessions(ctx: Context, idleSince: Date | null) {
  const live = ctx
    .rows('sessions')
    .select()
    .where('sessions.revoked_at', 'is', null)
    .where('sessions.expires_at', '>', ctx.now());
  return idleSince ? live.where('sessions.last_seen_at', '>', idleSince) : live;
}

export interface OnlineFilter extends OnlineQuery {
  /** From when on a session must have been seen to count as online. */
  readonly onlineSince: Date;
  readonly idleSince: Date | null;
}

function matchingSessions(ctx: Context, filter: OnlineFilter) {
  let matching = liveSessions(ctx, filter.idleSince);
  const { keyword, user_id: userId, device } = filter;
  if (keyword) {
    matching = matching.where('sessions.user_id', 'in', (eb) =>
      eb
        .selectFrom('users as who')
        .select('who.id')
        .where(contains(['who.username', 'who.name'], keyword)),
    );
  }
  for (const field of ['address', 'browser'] as const) {
    const part = filter[field];
    if (part) matching = matching.where(contains([`sessions.${field}`], part));
  }
  if (userId !== undefined) matching = matching.where('sessions.user_id', '=', userId);
  if (device) matching = matching.where('sessions.device', '=', device);
  if (filter.is_online !== undefined)
    matching = matching.where('sessions.last_seen_at', filter.is_online ? '>' : '<=', filter.onlineSince);
  if (filter.created_at_from) matching = matching.where('sessions.created_at', '>=', new Date(filter.created_at_from));
  if (filter.created_at_to) matching = matching.where('sessions.created_at', '<=', new Date(filter.created_at_to));
  return matching;
}

export function listSessions(ctx: Context, filter: OnlineFilter) {
  return readPage(
    { order_by: '-last_seen_at', ...filter },
    matchingSessions(ctx, filter),
    'sessions',
    (ids: readonly string[]) => listSessionsById(ctx, ids),
  );
}

function listSessionsById(ctx: Context, ids: readonly string[]) {
  return ctx
    .rows('sessions')
    .select()
    .innerJoin('users as who', 'who.id', 'sessions.user_id')
    .leftJoin('depts as dept', 'dept.id', 'who.dept_id')
    .select([...COLUMNS, 'who.username', 'who.name', 'dept.name as dept_name'])
    .where('sessions.id', 'in', ids)
    .execute();
}

/** Whose a live session is; undefined for one that has ended or is out of sight. */
export function findSessionOwner(ctx: Context, sessionId: string, idleSince: Date | null) {
  return liveSessions(ctx, idleSince)
    .select(['sessions.id', 'sessions.user_id'])
    .where('sessions.id', '=', sessionId)
    .executeTakeFirst();
}

export function findVisibleUser(ctx: Context, userId: number) {
  return ctx.rows('users').select().select('users.id').where('users.id', '=', userId).executeTakeFirst();
}
