import type { Context } from '#core/context.ts';
import { endSessionsOfUser } from '../session/session.service.ts';
import { changeUser } from '../user/user.service.ts';
import * as crud from './factor.crud.ts';
import { factorErrors } from './factor.errors.ts';
import type { AnswerMethod, FactorAdded } from './factor.schema.ts';
import * as passkeys from './passkey.crud.ts';
import { newRecoveryCodes } from './recovery.service.ts';

/** By what a user can prove themselves besides the password; nothing for one without a second factor. */
export async function listAnswerMethods(ctx: Context, userId: number): Promise<readonly AnswerMethod[]> {
  const found = await crud.findFactorFlags(ctx, userId);
  if (!found?.has_totp && !found?.has_passkey) return [];
  const methods: AnswerMethod[] = [];
  if (found.has_totp) methods.push('totp');
  if (found.has_passkey) methods.push('passkey');
  if (found.has_recovery_code) methods.push('recovery-code');
  return methods;
}

/**
 * Adds a factor. The first one brings recovery codes, and ends the other sessions of the user: they were opened by a password alone.
 * Throws what `add` throws.
 */
export function addFactor<R extends object>(
  ctx: Context,
  userId: number,
  add: (ctx: Context) => Promise<R>,
): Promise<R & FactorAdded> {
  return ctx.inTransaction(async (ctx) => {
    await crud.lockUser(ctx, userId);
    const isFirst = (await listAnswerMethods(ctx, userId)).length === 0;
    const result = await add(ctx);
    const recoveryCodes = isFirst ? await newRecoveryCodes(ctx, userId) : [];
    if (isFirst) await endSessionsOfUser(ctx, userId, 'second factor added', ctx.caller.sessionId);
    await ctx.afterCommit(() => ctx.access.forgetActors([userId]));
    ctx.log.info({ user_id: userId }, 'a second factor was added');
    return { ...result, recovery_codes: recoveryCodes };
  });
}

/** Removes one of the caller's factors; with the last one go the recovery codes. Throws `factor.last_required`, and what `remove` throws. */
export function removeFactor(ctx: Context, userId: number, remove: (ctx: Context) => Promise<void>): Promise<void> {
  return ctx.inTransaction(async (ctx) => {
    await crud.lockUser(ctx, userId);
    await remove(ctx);
    if ((await listAnswerMethods(ctx, userId)).length === 0) {
      if (ctx.actor.requiresSecondFactor) throw factorErrors.last_required();
      await crud.deleteRecoveryCodes(ctx, userId);
    }
    await ctx.afterCommit(() => ctx.access.forgetActors([userId]));
    ctx.log.info({ user_id: userId }, 'a second factor was removed');
  });
}

/**
 * Takes all factors from somebody who has lost them, and ends their sessions; whose role asks for one sets up another at the next
 * sign-in. Throws `user.not_found`, `user.administrator_protected`, `ceiling.exceeded`.
 */
export function resetFactors(ctx: Context, userId: number): Promise<void> {
  return changeUser(ctx, userId, false, async (ctx) => {
    await crud.lockUser(ctx, userId);
    await crud.deleteTotp(ctx, userId);
    await crud.deleteRecoveryCodes(ctx, userId);
    await passkeys.deletePasskeysOfUser(ctx, userId);
    await endSessionsOfUser(ctx, userId, 'second factors reset');
    ctx.log.warn({ user_id: userId, by: ctx.actor.userId }, 'the second factors of a user were reset');
  });
}
