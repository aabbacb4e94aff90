import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { SessionState } from '#core/access-cache.ts';
import type { Context } from '#core/context.ts';
import * as crud from './session.crud.ts';

/** A session and the one refresh token that continues it. The token is never stored, only its hash. */
export interface OpenedSession {
  readonly sessionId: string;
  readonly userId: number;
  readonly refreshToken: string;
  readonly expiresAt: Date;
}

/** Two requests may send the same refresh token at once (two tabs): within this time the second one is no replay. */
const REPLAY_GRACE_MS = 10_000;

const sha256 = (token: string) => createHash('sha256').update(token).digest('hex');

/** Starts a session for a user who has proven who they are. Runs inside the caller's transaction. */
export async function openSession(ctx: Context, userId: number, lifetimeMs: number): Promise<OpenedSession> {
  const sessionId = randomUUID();
  const expiresAt = new Date(ctx.now().getTime() + lifetimeMs);
  await crud.insertSession(ctx, {
    id: sessionId,
    user_id: userId,
    address: ctx.caller.address,
    user_agent: ctx.caller.userAgent?.slice(0, 255) ?? null,
    last_seen_at: ctx.now(),
    created_at: ctx.now(),
    expires_at: expiresAt,
  });
  return { sessionId, userId, expiresAt, refreshToken: await issueRefreshToken(ctx, sessionId, expiresAt) };
}

/**
 * Exchanges a refresh token for its successor (RFC 9700 §4.14.2, rotation). A token that was already used ends its whole session:
 * either the user or a thief holds the successor, and nobody can tell which. Answers null when the token is worth nothing.
 */
export async function continueSession(
  ctx: Context,
  refreshToken: string,
  lifetimeMs: number,
): Promise<OpenedSession | null> {
  const outcome = await ctx.inTransaction(async (ctx): Promise<OpenedSession | null> => {
    const token = await crud.findRefreshToken(ctx, sha256(refreshToken));
    if (!token || token.expires_at <= ctx.now()) return null;
    const session = await crud.findSession(ctx, token.session_id);
    if (!session || session.revoked_at || session.expires_at <= ctx.now()) return null;
    if (!(await crud.useRefreshToken(ctx, token.id))) {
      const usedAt = (await crud.findRefreshToken(ctx, sha256(refreshToken)))?.used_at ?? ctx.now();
      if (ctx.now().getTime() - usedAt.getTime() > REPLAY_GRACE_MS) {
        ctx.log.warn(
          { session_id: session.id, user_id: session.user_id },
          'a used refresh token came back: its session is ended',
        );
        await endSessions(ctx, [session.id], 'refresh token replayed');
      }
      return null;
    }
    const expiresAt = new Date(ctx.now().getTime() + lifetimeMs);
    await crud.touchSession(ctx, session.id, ctx.now(), expiresAt);
    await ctx.afterCommit(() => ctx.access.forgetSessions([session.id]));
    const successor = await issueRefreshToken(ctx, session.id, expiresAt);
    return { sessionId: session.id, userId: session.user_id, expiresAt, refreshToken: successor };
  });
  return outcome;
}

async function issueRefreshToken(ctx: Context, sessionId: string, expiresAt: Date): Promise<string> {
  const token = randomBytes(32).toString('base64url');
  await crud.insertRefreshToken(ctx, {
    session_id: sessionId,
    token_hash: sha256(token),
    created_at: ctx.now(),
    expires_at: expiresAt,
  });
  return token;
}

/** The session a refresh token belongs to, used or not; null for an unknown token. */
export async function findSessionOfRefreshToken(ctx: Context, refreshToken: string): Promise<string | null> {
  return (await crud.findRefreshToken(ctx, sha256(refreshToken)))?.session_id ?? null;
}

/** Ends sessions: their access tokens are refused from the next request on. */
export async function endSessions(ctx: Context, sessionIds: readonly string[], reason: string): Promise<void> {
  if (sessionIds.length === 0) return;
  await crud.revokeSessions(ctx, sessionIds, reason);
  await ctx.afterCommit(() => ctx.access.forgetSessions(sessionIds));
}

/** Ends every session of a user, but for the one named. */
export async function endSessionsOfUser(
  ctx: Context,
  userId: number,
  reason: string,
  except?: string | null,
): Promise<void> {
  const sessions = await crud.listLiveSessionIds(ctx, userId);
  await endSessions(
    ctx,
    sessions.map((session) => session.id).filter((sessionId) => sessionId !== except),
    reason,
  );
}

/** Whether a session lives, from the snapshot when it is there. */
export async function getSessionState(ctx: Context, sessionId: string): Promise<SessionState> {
  const known = ctx.access.session(sessionId);
  if (known !== undefined) return known;
  const { generation } = ctx.access;
  const session = await crud.findSession(ctx, sessionId);
  const state: SessionState =
    session && !session.revoked_at ? { userId: session.user_id, expiresAt: session.expires_at.getTime() } : 'ended';
  ctx.access.keepSession(sessionId, state, generation);
  return state;
}
