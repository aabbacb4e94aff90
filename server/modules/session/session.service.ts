import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { SessionState } from '#core/access-cache.ts';
import type { Context } from '#core/context.ts';
import { readUserAgent } from '#core/user-agent.ts';
import * as crud from './session.crud.ts';

declare module '#core/events.ts' {
  interface Events {
    /** A refresh token that had been used came back: somebody has a copy. The session has been ended. */
    'session.replayed': { readonly sessionId: string; readonly userId: number };
  }
}

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

/** A session in which its user looks at the program as another. There is no refresh token. */
export interface OpenedView {
  readonly sessionId: string;
  readonly userId: number;
  readonly viewedUserId: number;
  readonly expiresAt: Date;
}

/** How long an ended session is kept, for whoever asks later why it ended. */
const KEPT_AFTER_END_MS = 30 * 86_400_000;

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** When a session that began at `startedAt` ends: not used for its idle lifetime, or at its greatest age whatever its use. */
function expiryOf({ settings }: Context, startedAt: Date, now: Date): Date {
  const { REFRESH_TOKEN_EXPIRE_DAYS: idleDays, SESSION_MAX_DAYS: mostDays } = settings;
  return new Date(Math.min(now.getTime() + idleDays * DAY_MS, startedAt.getTime() + mostDays * DAY_MS));
}

/** When a session must have been seen last to live on; null while nothing but its expiry ends an idle one. */
export function idleLimit(ctx: Context): Date | null {
  const { SESSION_IDLE_MINUTES: minutes } = ctx.settings;
  return minutes > 0 ? new Date(ctx.now().getTime() - minutes * MINUTE_MS) : null;
}

function isAlive(ctx: Context, session: NonNullable<Awaited<ReturnType<typeof crud.findSession>>>): boolean {
  const limit = idleLimit(ctx);
  return !session.revoked_at && session.expires_at > ctx.now() && (limit === null || session.last_seen_at > limit);
}

/** Starts a session for a user who has proven who they are, and says by what. Runs inside the caller's transaction. */
export async function openSession(
  ctx: Context,
  userId: number,
  proof: { readonly method: string; readonly factors: readonly string[] },
): Promise<OpenedSession> {
  await makeRoom(ctx, userId);
  const now = ctx.now();
  const expiresAt = expiryOf(ctx, now, now);
  const proven = { method: proof.method, factors: proof.factors.join(',') };
  const sessionId = await insertSession(ctx, userId, { ...proven, created_at: now, expires_at: expiresAt });
  return { sessionId, userId, expiresAt, refreshToken: await issueRefreshToken(ctx, sessionId, expiresAt) };
}

/** Starts a session, out of the caller's own, in which a user looks at the program as another; who may was decided by the caller. */
export async function openView(ctx: Context, userId: number, viewedUserId: number): Promise<OpenedView> {
  const now = ctx.now();
  const expiresAt = new Date(now.getTime() + ctx.settings.VIEW_AS_MINUTES * MINUTE_MS);
  const view = {
    method: 'view-as',
    factors: '',
    viewed_user_id: viewedUserId,
    opened_from_id: ctx.caller.sessionId,
  };
  const sessionId = await insertSession(ctx, userId, { ...view, created_at: now, expires_at: expiresAt });
  return { sessionId, userId, viewedUserId, expiresAt };
}

async function insertSession(
  ctx: Context,
  userId: number,
  session: {
    readonly method: string;
    readonly factors: string;
    readonly viewed_user_id?: number;
    readonly opened_from_id?: string | null;
    readonly created_at: Date;
    readonly expires_at: Date;
  },
): Promise<string> {
  const { address, userAgent } = ctx.caller;
  const { browser, os, kind } = readUserAgent(userAgent);
  const device = { address, user_agent: userAgent?.slice(0, 255) ?? null, browser, os, device: kind };
  const id = randomUUID();
  await crud.insertSession(ctx, { id, user_id: userId, ...device, ...session, last_seen_at: session.created_at });
  return id;
}

/**
 * Exchanges a refresh token for its successor (RFC 9700 §4.14.2, rotation). A token that was already used ends its whole session:
 * either the user or a thief holds the successor, and nobody can tell which. Answers null when the token is worth nothing.
 */
export function continueSession(ctx: Context, refreshToken: string): Promise<OpenedSession | null> {
  return ctx.inTransaction(async (ctx): Promise<OpenedSession | null> => {
    const token = await crud.findRefreshToken(ctx, sha256(refreshToken));
    if (!token || token.expires_at <= ctx.now()) return null;
    const session = await crud.findSession(ctx, token.session_id);
    if (!session || !isAlive(ctx, session)) return null;
    if (!(await crud.useRefreshToken(ctx, token.id))) {
      const usedAt = (await crud.findRefreshToken(ctx, sha256(refreshToken)))?.used_at ?? ctx.now();
      // A clock that was set back must not make an old token look like one that is being used right now.
      const isRace = Math.abs(ctx.now().getTime() - usedAt.getTime()) <= REPLAY_GRACE_MS;
      if (!isRace) await endReplayed(ctx, session.id, session.user_id);
      return null;
    }
    const now = ctx.now();
    const expiresAt = expiryOf(ctx, session.created_at, now);
    await crud.touchSession(ctx, session.id, now, expiresAt);
    await ctx.afterCommit(() => ctx.access.forgetSessions([session.id]));
    const successor = await issueRefreshToken(ctx, session.id, expiresAt);
    return { sessionId: session.id, userId: session.user_id, expiresAt, refreshToken: successor };
  });
}

async function endReplayed(ctx: Context, sessionId: string, userId: number): Promise<void> {
  ctx.log.warn({ session_id: sessionId, user_id: userId }, 'a used refresh token came back: its session is ended');
  await endSessions(ctx, [sessionId], 'refresh token replayed');
  await ctx.announce('session.replayed', { sessionId, userId });
}

/**
 * Where a user may have only so many sessions, the ones seen longest ago make room for a new one. The transaction has already noted
 * the sign-in in the user's row, so two at once wait for each other and see each other's session here.
 */
async function makeRoom(ctx: Context, userId: number): Promise<void> {
  const { SESSIONS_PER_USER: most } = ctx.settings;
  if (most === 0) return;
  const live = await crud.listSignIns(ctx, userId);
  await endSessions(
    ctx,
    live.slice(most - 1).map((session) => session.id),
    'signed in elsewhere',
  );
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

/** Ends sessions, and the views that were opened from them: their access tokens are refused from the next request on. */
export async function endSessions(ctx: Context, sessionIds: readonly string[], reason: string): Promise<void> {
  if (sessionIds.length === 0) return;
  const views = await crud.listViewsFrom(ctx, sessionIds);
  const ended = [...sessionIds, ...views.map((view) => view.id)];
  await crud.revokeSessions(ctx, ended, reason);
  await ctx.afterCommit(() => ctx.access.forgetSessions(ended));
}

/** Ends every session of a user, but for the one named, and those in which somebody looks at the program as them. */
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

/** Ends the sessions in which a user looks at the program as somebody else. */
export async function endViews(ctx: Context, userId: number, reason: string): Promise<void> {
  const views = await crud.listViews(ctx, userId);
  await endSessions(
    ctx,
    views.map((session) => session.id),
    reason,
  );
}

/** Notes that the user of a session has proven who they are once more. */
export async function markProven(ctx: Context, sessionId: string): Promise<void> {
  await crud.touchProof(ctx, sessionId);
  await ctx.afterCommit(() => ctx.access.forgetSessions([sessionId]));
}

/** Whether a session lives, from the snapshot when it is there. */
export async function getSessionState(ctx: Context, sessionId: string): Promise<SessionState> {
  const known = ctx.access.session(sessionId);
  if (known !== undefined) return known;
  const { generation } = ctx.access;
  const session = await crud.findSession(ctx, sessionId);
  const state: SessionState =
    session && isAlive(ctx, session)
      ? {
          userId: session.user_id,
          expiresAt: session.expires_at.getTime(),
          provenAt: (session.proven_at ?? session.created_at).getTime(),
          viewedUserId: session.viewed_user_id,
        }
      : 'ended';
  ctx.access.keepSession(sessionId, state, generation);
  return state;
}

/** Notes that sessions have sent a request since that was last written down. */
export async function recordSeenSessions(ctx: Context, sessionIds: readonly string[]): Promise<void> {
  await crud.recordSeen(ctx, sessionIds);
}

/** Removes what has expired or was ended long ago, with its refresh tokens; answers how many sessions that were. */
export function removeExpiredSessions(ctx: Context): Promise<number> {
  return crud.deleteSessionsBefore(ctx, new Date(ctx.now().getTime() - KEPT_AFTER_END_MS));
}
