import type { Updateable } from 'kysely';
import type { Context } from '#core/context.ts';
import type { Tables } from '#core/entity.ts';
import { conflictErrors } from '#core/errors.ts';
import { hashPassword, verifyPassword } from '#core/password.ts';
import { beginAttempt, succeeded } from '../protection/attempt.service.ts';
import { endSessionsOfUser } from '../session/session.service.ts';
import { assertPasswordAllowed, assertPasswordNew, storePassword } from './password.service.ts';
import * as crud from './user.crud.ts';
import { userErrors } from './user.errors.ts';
import type { PasswordChange, ProfileUpdate, UserDetail } from './user.schema.ts';
import { getUser } from './user.service.ts';

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

/**
 * Ends the user's other sessions. Throws `user.password_wrong`, `user.password_same`, `user.password_recent`,
 * `auth.too_many_attempts` for who guesses the old password, and what a password is refused for.
 */
export async function changePassword(ctx: Context, input: PasswordChange): Promise<void> {
  const { userId } = ctx.actor;
  const attempt = await beginAttempt(ctx, 'password', ctx.actor.username);
  if (!(await isOwnPassword(ctx, input.old_password))) throw userErrors.password_wrong().on('old_password');
  await succeeded(ctx, attempt);
  if (input.new_password === input.old_password) throw userErrors.password_same().on('new_password');
  await assertPasswordAllowed(ctx, input.new_password, 'new_password', await getProfile(ctx));
  await assertPasswordNew(ctx, userId, input.new_password, 'new_password');
  const hashedPassword = await hashPassword(input.new_password);
  await ctx.inTransaction(async (ctx) => {
    await storePassword(ctx, userId, hashedPassword, false);
    await endSessionsOfUser(ctx, userId, 'password changed', ctx.caller.sessionId);
  });
}

/** Whether this is the password of the signed-in user. */
export async function isOwnPassword(ctx: Context, password: string): Promise<boolean> {
  const stored = await crud.findPasswordHash(ctx, ctx.actor.userId);
  return (await verifyPassword(password, stored?.hashed_password ?? null)).valid;
}

/** What signing in needs to know of a user; null for an unknown name. */
export function findUserForSignIn(ctx: Context, username: string) {
  return crud.findUserForSignIn(ctx, username);
}

/** Whether a user may sign in now; undefined for one that is gone. */
export function findAccount(ctx: Context, userId: number) {
  return crud.findAccount(ctx, userId);
}

export async function recordSignIn(ctx: Context, userId: number): Promise<void> {
  await crud.recordSignIn(ctx, userId);
}

/** Replaces the hash of a password by a newer one of the same password, unless the password was changed meanwhile. */
export async function replaceHash(ctx: Context, userId: number, oldHash: string, newHash: string): Promise<void> {
  await crud.replaceHash(ctx, userId, oldHash, newHash);
}

/** Who has an e-mail address, in lower case; undefined for nobody. */
export function findAccountByEmail(ctx: Context, email: string) {
  return crud.findAccountByEmail(ctx, email);
}

/**
 * Adds somebody who registered: a user with nothing but a name, an address and a password. Throws `user.username_taken`, also for a name
 * that differs from another only in capital letters, and `user.email_taken`.
 */
export async function registerUser(
  ctx: Context,
  user: {
    readonly username: string;
    readonly email: string;
    readonly name: string | null;
    readonly hashed_password: string;
  },
): Promise<void> {
  if (await crud.findUsernameLike(ctx, user.username)) throw userErrors.username_taken().on('username');
  await crud.insertRegistered(ctx, { ...user, password_changed_at: ctx.now() });
}
