import type { Insertable } from 'kysely';
import type { Context } from '#core/context.ts';
import type { Tables } from '#core/entity.ts';

const whyAuthentication = 'a session is looked up by its own secret before anybody is signed in';
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

export function listLiveSessionIds(ctx: Context, userId: number) {
  return ctx
    .unscoped('sessions', whyEnding)
    .select()
    .select('id')
    .where('user_id', '=', userId)
    .where('revoked_at', 'is', null)
    .execute();
}

export function revokeSessions(ctx: Context, sessionIds: readonly string[], reason: string) {
  return ctx
    .unscoped('sessions', whyEnding)
    .update({ revoked_at: ctx.now(), revoked_reason: reason })
    .where('id', 'in', sessionIds)
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
