import { retireLogs } from '#core/archive.ts';
import type { Context } from '#core/context.ts';
import type { Page } from '#core/schema.ts';
import { type DeviceKind, readUserAgent } from '#core/user-agent.ts';
import { findAccount } from '../user/account.service.ts';
import * as crud from './sign-in-log.crud.ts';
import type { Outcome, Reason } from './sign-in-log.entity.ts';
import type { OwnSignInQuery, SignInLogOut, SignInLogQuery } from './sign-in-log.schema.ts';

export type { Reason };

/** Whose name an attempt was made in: a user's, or one that was typed and belongs to nobody. */
export type Attempted = { readonly id: number; readonly username: string } | { readonly typed: string };

/** Notes a sign-in that opened a session, or that has to answer a challenge first. Runs inside the caller's transaction. */
export async function logSignIn(ctx: Context, who: Attempted, method: string, sessionId: string | null): Promise<void> {
  await insert(ctx, who, method, sessionId ? 'signed-in' : 'challenged', null, sessionId);
}

/** Notes an attempt that was refused. Call it outside the transaction that failed. */
export async function logRefusal(ctx: Context, who: Attempted, method: string, reason: Reason): Promise<void> {
  await insert(ctx, who, method, 'refused', reason, null);
}

/**
 * Notes that a refresh token came back that had been used: somebody has a copy, and the session was ended. The address is that of
 * whoever sent it, which may be the thief or the user.
 */
export async function logReplay(
  ctx: Context,
  { sessionId, userId }: { readonly sessionId: string; readonly userId: number },
): Promise<void> {
  const account = await findAccount(ctx, userId);
  if (account) await insert(ctx, account, 'refresh', 'refused', 'replayed', sessionId);
}

async function insert(
  ctx: Context,
  who: Attempted,
  method: string,
  outcome: Outcome,
  reason: Reason | null,
  sessionId: string | null,
): Promise<void> {
  const { address, userAgent, requestId } = ctx.caller;
  const { browser, os, kind } = readUserAgent(userAgent);
  ctx.metrics.signIns.add(outcome, method);
  await crud.insertLog(ctx, {
    user_id: 'id' in who ? who.id : null,
    username: 'id' in who ? who.username : cutDown(who.typed),
    outcome,
    reason,
    method,
    address,
    user_agent: userAgent?.slice(0, 255) ?? null,
    browser,
    os,
    device: kind,
    session_id: sessionId,
    request_id: requestId,
  });
}

/** People type their password where their name belongs: of what is nobody's name only the first letter is kept. */
function cutDown(typed: string): string {
  const [first = ''] = typed.trim();
  return `${first}***`;
}

function toSignInLogOut(row: crud.SignInLogRow): SignInLogOut {
  return {
    ...row,
    outcome: row.outcome as Outcome,
    reason: row.reason as Reason | null,
    device: row.device as DeviceKind,
    created_at: row.created_at.toISOString(),
  };
}

/** The attempts in the names of the users in the caller's scope; those in nobody's name only for whoever sees all users. */
export async function listSignIns(ctx: Context, query: SignInLogQuery): Promise<Page<SignInLogOut>> {
  const page = await crud.listLogs(ctx, query);
  return { ...page, items: page.items.map(toSignInLogOut) };
}

/** The attempts in the caller's own name. */
export function listOwnSignIns(ctx: Context, query: OwnSignInQuery): Promise<Page<SignInLogOut>> {
  return listSignIns(ctx, { ...query, user_id: ctx.actor.userId });
}

/** Takes what is older than SIGN_IN_LOG_DAYS out of the log, into the archive where there is one. Throws `archive.unavailable`. */
export function pruneSignInLogs(ctx: Context): Promise<number> {
  return retireLogs(ctx, 'sign_in_logs', ctx.settings.SIGN_IN_LOG_DAYS, crud);
}
