import { forAll } from '#core/batch.ts';
import type { Context } from '#core/context.ts';
import type { Page } from '#core/schema.ts';
import { assertTouchable } from '../access/ceiling.service.ts';
import * as crud from './online.crud.ts';
import type { DeviceKind } from './session.entity.ts';
import { sessionErrors } from './session.errors.ts';
import type { OnlineQuery, OnlineSession, SessionOut, SessionQuery } from './session.schema.ts';
import { endSessions, endSessionsOfUser, idleLimit } from './session.service.ts';

/** A session that was seen within this time counts as online. */
const ONLINE_MS = 5 * 60_000;

function onlineSince(ctx: Context): Date {
  return new Date(ctx.now().getTime() - ONLINE_MS);
}

function toSessionOut(ctx: Context, row: crud.SessionRow): SessionOut {
  return {
    id: row.id,
    method: row.method,
    address: row.address,
    browser: row.browser,
    os: row.os,
    device: row.device as DeviceKind,
    created_at: row.created_at.toISOString(),
    last_seen_at: row.last_seen_at.toISOString(),
    expires_at: row.expires_at.toISOString(),
    is_online: row.last_seen_at > onlineSince(ctx),
    is_current: row.id === ctx.caller.sessionId,
  };
}

function toOnlineSession(ctx: Context, row: crud.SessionRow): OnlineSession {
  const { user_id, username, name, dept_name } = row;
  return { ...toSessionOut(ctx, row), user_id, username, name, dept_name };
}

function listRows(ctx: Context, query: OnlineQuery): Promise<Page<crud.SessionRow>> {
  return crud.listSessions(ctx, { ...query, onlineSince: onlineSince(ctx), idleSince: idleLimit(ctx) });
}

/** Who is signed in, of the users in the caller's scope; those seen last come first. */
export async function listOnline(ctx: Context, query: OnlineQuery): Promise<Page<OnlineSession>> {
  const page = await listRows(ctx, query);
  return { ...page, items: page.items.map((row) => toOnlineSession(ctx, row)) };
}

/** The live sessions of a user. Throws `session.user_missing`, also for a user outside the caller's scope. */
export async function listSessionsOf(ctx: Context, userId: number, query: SessionQuery): Promise<Page<SessionOut>> {
  if (!(await crud.findVisibleUser(ctx, userId))) throw sessionErrors.user_missing();
  return listOf(ctx, userId, query);
}

/** The live sessions of the caller. */
export function listOwnSessions(ctx: Context, query: SessionQuery): Promise<Page<SessionOut>> {
  return listOf(ctx, ctx.actor.userId, query);
}

async function listOf(ctx: Context, userId: number, query: SessionQuery): Promise<Page<SessionOut>> {
  const page = await listRows(ctx, { ...query, user_id: userId });
  return { ...page, items: page.items.map((row) => toSessionOut(ctx, row)) };
}

/**
 * Ends somebody's session. Throws `session.not_found`, also for one outside the caller's scope, `session.own` for the session that
 * asks, and `ceiling.exceeded` for a user who holds more than the caller.
 */
export function signOutSession(ctx: Context, sessionId: string): Promise<void> {
  return ctx.inTransaction(async (ctx) => {
    const session = await crud.findSessionOwner(ctx, sessionId, idleLimit(ctx));
    if (!session) throw sessionErrors.not_found();
    if (session.id === ctx.caller.sessionId) throw sessionErrors.own();
    await assertTouchable(ctx, [session.user_id]);
    await endSessions(ctx, [session.id], 'signed out by an administrator');
  });
}

/** Ends several sessions, all or none. Throws `conflict.batch_refused`, naming each that was refused and why. */
export function signOutSessions(ctx: Context, sessionIds: readonly string[]): Promise<void> {
  return forAll(ctx, sessionIds, signOutSession);
}

/** Ends another session of the caller. Throws `session.not_found`, and `session.own` for the one that asks. */
export function endOwnSession(ctx: Context, sessionId: string): Promise<void> {
  return ctx.inTransaction(async (ctx) => {
    const session = await crud.findSessionOwner(ctx, sessionId, idleLimit(ctx));
    if (session?.user_id !== ctx.actor.userId) throw sessionErrors.not_found();
    if (session.id === ctx.caller.sessionId) throw sessionErrors.own();
    await endSessions(ctx, [session.id], 'signed out elsewhere');
  });
}

/** Ends every session of the caller but the one that asks. */
export function endOtherSessions(ctx: Context): Promise<void> {
  return ctx.inTransaction((ctx) =>
    endSessionsOfUser(ctx, ctx.actor.userId, 'signed out elsewhere', ctx.caller.sessionId),
  );
}
