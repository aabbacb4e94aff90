import type { Context } from '#core/context.ts';
import { isSealedByOlderKey, seal, unseal } from '#core/seal.ts';
import { beginAttempt, succeeded } from '../protection/attempt.service.ts';
import * as crud from './factor.crud.ts';
import { factorErrors } from './factor.errors.ts';
import type { FactorAdded, TotpStart } from './factor.schema.ts';
import { addFactor, removeFactor } from './factor.service.ts';
import { fromBase32, matchingStep, newTotpSecret, otpauthUri } from './totp.ts';

const ISSUER = 'Fastify Vue3 Admin';

/** Who proves themselves. */
export interface Prover {
  readonly id: number;
  readonly username: string;
}

const purposeOf = (userId: number) => `totp:${userId}`;

/** Makes a secret for the caller's authenticator app; it counts once a code of it was shown. Throws `factor.totp_exists`. */
export function beginTotp(ctx: Context): Promise<TotpStart> {
  const { userId, username } = ctx.actor;
  const secret = newTotpSecret();
  return ctx.inTransaction(async (ctx) => {
    await crud.lockUser(ctx, userId);
    if ((await crud.findTotp(ctx, userId))?.confirmed_at) throw factorErrors.totp_exists();
    await crud.replacePendingTotp(ctx, userId, seal(ctx.settings, secret, purposeOf(userId)));
    return { setup_key: secret, uri: otpauthUri(ISSUER, username, secret) };
  });
}

/** Switches the authenticator app on by its first code. Throws `factor.totp_missing`, `factor.totp_exists`, `factor.proof_wrong`. */
export async function confirmTotp(ctx: Context, code: string): Promise<FactorAdded> {
  const { userId } = ctx.actor;
  const pending = await crud.findTotp(ctx, userId);
  if (!pending) throw factorErrors.totp_missing();
  if (pending.confirmed_at) throw factorErrors.totp_exists();
  if (!(await useCode(ctx, userId, pending.sealed_secret, code))) throw factorErrors.proof_wrong().on('code');
  return addFactor(ctx, userId, async (ctx) => {
    await crud.confirmTotp(ctx, userId);
    return {};
  });
}

/** Throws `factor.totp_missing` and `factor.last_required`. */
export function removeTotp(ctx: Context): Promise<void> {
  const { userId } = ctx.actor;
  return removeFactor(ctx, userId, async (ctx) => {
    if (!(await crud.deleteTotp(ctx, userId))) throw factorErrors.totp_missing();
  });
}

/**
 * Uses a code of somebody's authenticator app; false for one that is wrong, or was used before. Throws `auth.too_many_attempts`.
 * Only who has shown a password or a session gets this far, so that nobody else can make a user wait.
 */
export async function checkTotp(ctx: Context, { id, username }: Prover, code: string): Promise<boolean> {
  const attempt = await beginAttempt(ctx, 'code', username);
  const totp = await crud.findTotp(ctx, id);
  if (!totp?.confirmed_at || !(await useCode(ctx, id, totp.sealed_secret, code))) return false;
  await succeeded(ctx, attempt);
  return true;
}

async function useCode(ctx: Context, userId: number, sealed: string, code: string): Promise<boolean> {
  const secret = unseal(ctx.settings, sealed, purposeOf(userId));
  if (secret === null) {
    ctx.log.error(
      { user_id: userId },
      'the secret of an authenticator app cannot be opened: its key is missing from ENCRYPTION_KEY',
    );
    return false;
  }
  const step = matchingStep(fromBase32(secret), code, ctx.now());
  if (step === null || !(await crud.useTotpStep(ctx, userId, step))) return false;
  if (isSealedByOlderKey(ctx.settings, sealed))
    await crud.resealTotp(ctx, userId, sealed, seal(ctx.settings, secret, purposeOf(userId)));
  return true;
}
