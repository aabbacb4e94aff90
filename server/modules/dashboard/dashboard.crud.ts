import type { Context } from '#core/context.ts';
import { countPerInterval, countPerIntervalBy } from '#core/crud.ts';

export function countUsers(ctx: Context) {
  return ctx
    .rows('users')
    .select()
    .select((eb) => [
      eb.fn.countAll<number>().as('total'),
      eb.fn.count<number>(eb.case().when('is_active', '=', true).then(eb.lit(1)).end()).as('active'),
    ])
    .executeTakeFirstOrThrow();
}

export function countNewUsers(ctx: Context, bounds: readonly Date[]) {
  return countPerInterval(ctx.rows('users').select(), 'users.created_at', bounds);
}

/** By outcome, then by the intervals between the bounds; an outcome that did not happen is not there. */
export function countSignIns(ctx: Context, bounds: readonly Date[], userId?: number) {
  let matching = ctx.rows('sign_in_logs').select();
  if (userId !== undefined) matching = matching.where('user_id', '=', userId);
  return countPerIntervalBy(matching, 'sign_in_logs.created_at', bounds, 'sign_in_logs.outcome');
}

export function countLiveSessions(ctx: Context, userId?: number) {
  let live = ctx
    .rows('sessions')
    .select()
    .select((eb) => [
      eb.fn.countAll<number>().as('live_sessions'),
      eb.fn.count<number>('user_id').distinct().as('online_users'),
    ])
    .where('expires_at', '>', ctx.now())
    .where('revoked_at', 'is', null);
  if (userId !== undefined) live = live.where('user_id', '=', userId);
  return live.executeTakeFirstOrThrow();
}

/** The newest sign-in of a user besides one session. */
export function findSignInBefore(ctx: Context, userId: number, sessionId: string) {
  return ctx
    .rows('sessions')
    .select()
    .select(['created_at', 'address', 'user_agent'])
    .where('user_id', '=', userId)
    .where('id', '!=', sessionId)
    .orderBy('created_at', 'desc')
    .limit(1)
    .executeTakeFirst();
}

export function listRolesOf(ctx: Context, userId: number) {
  return ctx
    .rows('user_roles')
    .select()
    .innerJoin('roles', 'roles.id', 'user_roles.role_id')
    .select(['roles.id', 'roles.code', 'roles.name'])
    .where('user_roles.user_id', '=', userId)
    .where('roles.is_enabled', '=', true)
    .orderBy('roles.order')
    .orderBy('roles.id')
    .execute();
}

const whyOwnDept = 'everybody knows the name of the department they belong to';

export function findOwnDept(ctx: Context, deptId: number) {
  return ctx.unscoped('depts', whyOwnDept).select().select('name').where('id', '=', deptId).executeTakeFirst();
}
