import type { Insertable } from 'kysely';
import type { Context } from '#core/context.ts';
import type { Tables } from '#core/entity.ts';

const whyAuthentication = 'a session is looked up by its own secret before anybody is signed in';
const whySeen = 'the program writes down which sessions it has seen, whoever they belong to';
const whyExpired = 'what has expired is removed, whoever it belonged to';
const whyEnding = 'whoever may change a user ends all of their sessions, whatever the scope of the sessions';

export function insertSession(ctx: Context, session: Insertable<Tables['sessions']>) {
  return ctx.unscoped('sessions', whyAuthentication).insert(session);
}

export function findSession(ctx: Context, sessionId: string) {
  return ctx
    .unscoped('sessions', whyAuthentication)
    .select()
    .selectAll()
    .where('id', '=', sessionId)
    .executeTakeFirst();
}

export function touchSession(ctx: Context, sessionId: string, lastSeenAt: Date, expiresAt: Date) {
  return ctx
    .unscoped('sessions', whyAuthentication)
    .update({ last_seen_at: lastSeenAt, expires_at: expiresAt })
    .where('id', '=', sessionId)
    .execute();
}

export function touchProof(ctx: Context, sessionId: string) {
  return ctx
    .unscoped('sessions', whyAuthentication)
    .update({ proven_at: ctx.now() })
    .where('id', '=', sessionId)
    .execute();
}

function liveSessions(ctx: Context) {
  return ctx.unscoped('sessions', whyEnding).select().select('id').where('revoked_at', 'is', null);
}

/** What ends with a user's access: their sessions, and those in which somebody looks at the program as them. */
export function listLiveSessionIds(ctx: Context, userId: number) {
  return liveSessions(ctx)
    .where((eb) => eb.or([eb('user_id', '=', userId), eb('viewed_user_id', '=', userId)]))
    .execute();
}

/** Those that began by signing in, seen last first. */
export function listSignIns(ctx: Context, userId: number) {
  return liveSessions(ctx)
    .where('user_id', '=', userId)
    .where('viewed_user_id', 'is', null)
    .orderBy('last_seen_at', 'desc')
    .execute();
}

export function listViews(ctx: Context, userId: number) {
  return liveSessions(ctx).where('user_id', '=', userId).where('viewed_user_id', 'is not', null).execute();
}

/** Never backwards: another instance may have seen it later. */
export function recordSeen(ctx: Context, sessionIds: readonly string[]) {
  const now = ctx.now();
  return ctx
    .unscoped('sessions', whySeen)
    .update({ last_seen_at: now })
    .where('id', 'in', sessionIds)
    .where('last_seen_at', '<', now)
    .execute();
}

/** The views that were opened from some sessions. */
export function listViewsFrom(ctx: Context, sessionIds: readonly string[]) {
  return liveSessions(ctx).where('opened_from_id', 'in', sessionIds).execute();
}

export async function deleteSessionsBefore(ctx: Context, moment: Date): Promise<number> {
  const result = await ctx
    .unscoped('sessions', whyExpired)
    .delete()
    .where((eb) => eb.or([eb('expires_at', '<', moment), eb('revoked_at', '<', moment)]))
    .executeTakeFirst();
  return Number(result.numDeletedRows);
}

export function revokeSessions(ctx: Context, sessionIds: readonly string[], reason: string) {
  return ctx
    .unscoped('sessions', whyEnding)
    .update({ revoked_at: ctx.now(), revoked_reason: reason })
    .where('id', 'in', sessionIds)
    .where('revoked_at', 'is', null)
    .execute();
}

export function insertRefreshToken(ctx: Context, token: Insertable<Tables['refresh_tokens']>) {
  return ctx.unscoped('refresh_tokens', whyAuthentication).insert(token);
}

export function findRefreshToken(ctx: Context, tokenHash: string) {
  return ctx
    .unscoped('refresh_tokens', whyAuthentication)
    .select()
    .selectAll()
    .where('token_hash', '=', tokenHash)
    .executeTakeFirst();
}

/** Marks a token used if nobody did so before; tells whether this call was the one. */
export async function useRefreshToken(ctx: Context, id: number): Promise<boolean> {
  const result = await ctx
    .unscoped('refresh_tokens', whyAuthentication)
    .update({ used_at: ctx.now() })
    .where('id', '=', id)
    .where('used_at', 'is', null)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}
