import type { Context } from '#core/context.ts';
import { verifyPassword } from '#core/password.ts';
import { isCommonPassword } from './common-passwords.ts';
import * as crud from './password.crud.ts';
import { userErrors } from './user.errors.ts';

/** Whose password it is to become. */
export interface PasswordOwner {
  readonly username: string;
  readonly email: string;
}

const DAY_MS = 86_400_000;

/**
 * NIST SP 800-63B-4 §3.1.1.2: long enough, not one that many have, not made of the owner's own name; nothing about which characters.
 * Throws `user.password_too_short`, `user.password_personal`, `user.password_common`.
 */
export async function assertPasswordAllowed(
  ctx: Context,
  password: string,
  path: string,
  owner: PasswordOwner,
): Promise<void> {
  const { PASSWORD_MIN_LENGTH: minimum, APP_ENV } = ctx.settings;
  const plain = password.normalize('NFKC').toLowerCase();
  if (Array.from(plain).length < minimum) throw userErrors.password_too_short({ minimum }).on(path);
  const names = [owner.username, owner.email, owner.email.split('@')[0] ?? ''];
  if (names.some((name) => isMadeOf(plain, name.normalize('NFKC').toLowerCase())))
    throw userErrors.password_personal().on(path);
  if (await isCommonPassword(plain, APP_ENV === 'production')) throw userErrors.password_common().on(path);
}

/** A name and not as much again: `alice2026` says little more than `alice`. */
function isMadeOf(password: string, name: string): boolean {
  return name.length >= 3 && password.includes(name) && name.length * 2 >= password.length;
}

/** Throws `user.password_recent` for one of the former passwords that PASSWORD_HISTORY remembers, and for the present one. */
export async function assertPasswordNew(ctx: Context, userId: number, password: string, path: string): Promise<void> {
  const { PASSWORD_HISTORY: remembered } = ctx.settings;
  if (remembered === 0) return;
  for (const hash of await crud.listHashes(ctx, userId, remembered)) {
    if ((await verifyPassword(password, hash)).valid) throw userErrors.password_recent({ remembered }).on(path);
  }
}

/** Sets the hash of a password; whose it may be was decided by the caller. Runs inside the caller's transaction. */
export async function storePassword(
  ctx: Context,
  userId: number,
  hashedPassword: string,
  mustChange: boolean,
): Promise<void> {
  const { PASSWORD_HISTORY: remembered } = ctx.settings;
  if (remembered > 0) await crud.rememberHash(ctx, userId, remembered);
  await crud.setPassword(ctx, userId, {
    hashed_password: hashedPassword,
    must_change_password: mustChange,
    password_changed_at: ctx.now(),
  });
  await ctx.afterCommit(() => ctx.access.forgetActors([userId]));
}

/** Asks for a new password at this sign-in when the old one is older than PASSWORD_EXPIRE_DAYS; tells whether it is. */
export async function expirePassword(
  ctx: Context,
  user: { readonly id: number; readonly password_changed_at: Date | null; readonly created_at: Date },
): Promise<boolean> {
  const { PASSWORD_EXPIRE_DAYS: days } = ctx.settings;
  const since = user.password_changed_at ?? user.created_at;
  if (days === 0 || ctx.now().getTime() - since.getTime() < days * DAY_MS) return false;
  await crud.setPassword(ctx, user.id, { must_change_password: true });
  await ctx.afterCommit(() => ctx.access.forgetActors([user.id]));
  return true;
}
