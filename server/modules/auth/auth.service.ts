import type { Actor } from '#core/access.ts';
import type { Context } from '#core/context.ts';
import { getActor } from '../access/access.service.ts';
import {
  continueSession,
  endSessions,
  findSessionOfRefreshToken,
  type OpenedSession,
} from '../session/session.service.ts';
import { authErrors } from './auth.errors.ts';

/** Continues a sign-in with its refresh token. Throws `auth.session_expired`, also for a user who was disabled meanwhile. */
export async function refresh(
  ctx: Context,
  refreshToken: string,
): Promise<OpenedSession & { mustChangePassword: boolean; mustEnrolFactor: boolean }> {
  const session = await continueSession(ctx, refreshToken);
  if (!session) throw authErrors.session_expired();
  const actor = await getActor(ctx, session.userId);
  if (actor === null || actor === 'inactive') throw authErrors.session_expired();
  return { ...session, mustChangePassword: actor.mustChangePassword, mustEnrolFactor: lacksFactor(actor) };
}

/** Whether a role asks for a second factor that is not there: nothing but setting one up is allowed until then. */
export function lacksFactor(actor: Actor): boolean {
  return actor.requiresSecondFactor && actor.secondFactors.length === 0;
}

/** The same of a user who has just signed in. */
export async function mustEnrolFactor(ctx: Context, userId: number): Promise<boolean> {
  const actor = await getActor(ctx, userId);
  return actor !== null && actor !== 'inactive' && lacksFactor(actor);
}

/** Ends the caller's session, and that of the refresh token if one is given. */
export async function signOut(ctx: Context, refreshToken: string | undefined): Promise<void> {
  const fromToken = refreshToken ? await findSessionOfRefreshToken(ctx, refreshToken) : null;
  const sessionIds = [ctx.caller.sessionId, fromToken].filter((sessionId) => sessionId !== null);
  await ctx.inTransaction((ctx) => endSessions(ctx, [...new Set(sessionIds)], 'signed out'));
}
