import { createHash, randomBytes } from 'node:crypto';
import type { Context } from '#core/context.ts';
import * as crud from './factor.crud.ts';
import { factorErrors } from './factor.errors.ts';
import { fromBase32, toBase32 } from './totp.ts';

const HOW_MANY = 10;
/** 80 bits: nobody guesses one, not even with its hash at hand, so that a plain hash will do. */
const BYTES = 10;

/** However it was typed: in either case, with or without its dashes. */
const hashOf = (code: string) => createHash('sha256').update(fromBase32(code)).digest('hex');

/** New codes in the place of all older ones, as they are shown: four times four characters. */
export async function newRecoveryCodes(ctx: Context, userId: number): Promise<string[]> {
  const codes = Array.from({ length: HOW_MANY }, () =>
    toBase32(randomBytes(BYTES))
      .toLowerCase()
      .replace(/(.{4})(?=.)/g, '$1-'),
  );
  await crud.replaceRecoveryCodes(ctx, userId, codes.map(hashOf));
  return codes;
}

/** Makes the caller's older codes worthless. Throws `factor.no_factor`. */
export function regenerateRecoveryCodes(ctx: Context): Promise<{ recovery_codes: string[] }> {
  const { userId } = ctx.actor;
  return ctx.inTransaction(async (ctx) => {
    await crud.lockUser(ctx, userId);
    const found = await crud.findFactorFlags(ctx, userId);
    if (!found?.has_totp && !found?.has_passkey) throw factorErrors.no_factor();
    ctx.log.info({ user_id: userId }, 'the recovery codes were replaced');
    return { recovery_codes: await newRecoveryCodes(ctx, userId) };
  });
}

/** Uses up a recovery code; false for one that is wrong or was used before. */
export async function useRecoveryCode(ctx: Context, userId: number, code: string): Promise<boolean> {
  const isRight = await crud.useRecoveryCode(ctx, userId, hashOf(code));
  if (isRight) ctx.log.warn({ user_id: userId }, 'a recovery code was used');
  return isRight;
}
