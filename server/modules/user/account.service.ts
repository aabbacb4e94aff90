import type { Updateable } from 'kysely';
import type { Context } from '#core/context.ts';
import type { Tables } from '#core/entity.ts';
import { conflictErrors } from '#core/errors.ts';
import { hashPassword, verifyPassword } from '#core/password.ts';
import { endSessionsOfUser } from '../session/session.service.ts';
import * as crud from './user.crud.ts';
import { userErrors } from './user.errors.ts';
import type { PasswordChange, ProfileUpdate, UserDetail } from './user.schema.ts';
import { assertPasswordAllowed, getUser } from './user.service.ts';

/** The signed-in user, whatever their scope: everybody sees themselves. */
export function getProfile(ctx: Context): Promise<UserDetail> {
  return getUser(ctx, ctx.actor.userId);
}

async function applyOwnChanges(ctx: Context, version: number | undefined, changes: Updateable<Tables['users']>) {
  const { userId } = ctx.actor;
  if (!(await crud.updateUser(ctx, userId, version, changes))) throw conflictErrors.stale().on('version');
  await ctx.afterCommit(() => ctx.access.forgetActors([userId]));
}

export function updateProfile(ctx: Context, input: ProfileUpdate): Promise<UserDetail> {
  return ctx.inTransaction(async (ctx) => {
    const { version, email, ...fields } = input;
    await applyOwnChanges(ctx, version, { ...fields, ...(email && { email: email.toLowerCase() }) });
    return getProfile(ctx);
  });
}

/** Throws `user.password_wrong`, `user.password_same`, `user.password_too_short`. Ends the user's other sessions. */
export async function changePassword(ctx: Context, input: PasswordChange): Promise<void> {
  const { userId } = ctx.actor;
  const stored = await crud.findPasswordHash(ctx, userId);
  const { valid } = await verifyPassword(input.old_password, stored?.hashed_password ?? null);
  if (!valid) throw userErrors.password_wrong().on('old_password');
  if (input.new_password === input.old_password) throw userErrors.password_same().on('new_password');
  assertPasswordAllowed(ctx, input.new_password, 'new_password');
  const hashedPassword = await hashPassword(input.new_password);
  await ctx.inTransaction(async (ctx) => {
    await applyOwnChanges(ctx, undefined, { hashed_password: hashedPassword, must_change_password: false });
    await endSessionsOfUser(ctx, userId, 'password changed', ctx.caller.sessionId);
  });
}

/** What signing in needs to know of a user; null for an unknown name. */
export function findUserForSignIn(ctx: Context, username: string) {
  return crud.findUserForSignIn(ctx, username);
}

/** Notes a sign-in, and replaces the hash of the password if a newer one is given. */
export async function recordSignIn(
  ctx: Context,
  userId: number,
  rehash: { from: string; to: string } | null,
): Promise<void> {
  await crud.recordSignIn(ctx, userId);
  if (rehash) await crud.replaceHash(ctx, userId, rehash.from, rehash.to);
}
