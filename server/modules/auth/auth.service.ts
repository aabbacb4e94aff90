import type { Actor } from '#core/access.ts';
import type { AccessCache } from '#core/access-cache.ts';
import type { Context } from '#core/context.ts';
import { type AppError, accessErrors } from '#core/errors.ts';
import { hashPassword, verifyPassword } from '#core/password.ts';
import { getActor } from '../access/access.service.ts';
import {
  continueSession,
  endSessions,
  findSessionOfRefreshToken,
  getSessionState,
  type OpenedSession,
  openSession,
} from '../session/session.service.ts';
import { findUserForSignIn, recordSignIn } from '../user/account.service.ts';
import { authErrors } from './auth.errors.ts';
import type { AccessTokens } from './token.ts';

const DAY_MS = 86_400_000;

/** Who sends a request, or why nobody does. */
export type Authentication = { readonly actor: Actor; readonly sessionId: string } | 'nobody' | 'inactive';

/** Answers from the snapshot alone when it can; undefined asks for `authenticate`, which reads the database. */
export function authenticateFromSnapshot(
  access: AccessCache,
  tokens: AccessTokens,
  bearer: string,
): Authentication | undefined {
  const claims = tokens.verify(bearer);
  if (!claims) return 'nobody';
  const userId = Number(claims.sub);
  const session = access.session(claims.sid);
  const actor = access.actor(userId);
  if (session === undefined || actor === undefined) return undefined;
  return judge(claims.sid, session, actor, userId);
}

/** Who a bearer token stands for, by what is stored now: the session must live, the user exist and be active. */
export async function authenticate(ctx: Context, tokens: AccessTokens, bearer: string): Promise<Authentication> {
  const claims = tokens.verify(bearer);
  if (!claims) return 'nobody';
  const session = await getSessionState(ctx, claims.sid);
  const userId = Number(claims.sub);
  return judge(claims.sid, session, await getActor(ctx, userId), userId);
}

function judge(
  sessionId: string,
  session: Awaited<ReturnType<typeof getSessionState>>,
  actor: Awaited<ReturnType<typeof getActor>>,
  userId: number,
): Authentication {
  if (actor === 'inactive') return 'inactive';
  if (actor === null || session === 'ended') return 'nobody';
  if (session.userId !== userId || session.expiresAt <= Date.now()) return 'nobody';
  return { actor, sessionId };
}

/**
 * Signs a user in with a password. Throws `auth.bad_credentials` for a wrong name and a wrong password alike, after the same work,
 * and `auth.inactive_user` once the password was right. An outdated hash is replaced by one of the current scheme.
 */
export async function signIn(
  ctx: Context,
  username: string,
  password: string,
): Promise<OpenedSession & { mustChangePassword: boolean }> {
  const user = await findUserForSignIn(ctx, username);
  const { valid, outdated } = await verifyPassword(password, user?.hashed_password ?? null);
  if (!user || !valid) throw authErrors.bad_credentials();
  if (!user.is_active) throw authErrors.inactive_user();
  const rehash = outdated ? { from: user.hashed_password, to: await hashPassword(password) } : null;
  const session = await ctx.inTransaction(async (ctx) => {
    await recordSignIn(ctx, user.id, rehash);
    return openSession(ctx, user.id, sessionLifetime(ctx));
  });
  return { ...session, mustChangePassword: user.must_change_password };
}

/** Continues a sign-in with its refresh token. Throws `auth.session_expired`, also for a user who was disabled meanwhile. */
export async function refresh(
  ctx: Context,
  refreshToken: string,
): Promise<OpenedSession & { mustChangePassword: boolean }> {
  const session = await continueSession(ctx, refreshToken, sessionLifetime(ctx));
  if (!session) throw authErrors.session_expired();
  const actor = await getActor(ctx, session.userId);
  if (actor === null || actor === 'inactive') throw authErrors.session_expired();
  return { ...session, mustChangePassword: actor.mustChangePassword };
}

/** Ends the caller's session, and that of the refresh token if one is given. */
export async function signOut(ctx: Context, refreshToken: string | undefined): Promise<void> {
  const fromToken = refreshToken ? await findSessionOfRefreshToken(ctx, refreshToken) : null;
  const sessionIds = [ctx.caller.sessionId, fromToken].filter((sessionId) => sessionId !== null);
  await ctx.inTransaction((ctx) => endSessions(ctx, [...new Set(sessionIds)], 'signed out'));
}

function sessionLifetime(ctx: Context): number {
  return ctx.settings.REFRESH_TOKEN_EXPIRE_DAYS * DAY_MS;
}

/** What a route says to somebody who is not signed in, or who has been disabled. */
export function refusalOf(authentication: Extract<Authentication, string>): AppError {
  return authentication === 'inactive' ? authErrors.inactive_user() : accessErrors.unauthenticated();
}
