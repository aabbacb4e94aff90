import type { Context } from '#core/context.ts';

const why = 'a user proves themselves by what is stored for them; whose it is was decided by the caller';

/** Which factors a user has, in one statement. */
export function findFactorFlags(ctx: Context, userId: number) {
  return ctx
    .unscoped('users', why)
    .select()
    .select((eb) => [
      eb
        .exists(
          eb
            .selectFrom('totp_secrets')
            .select('totp_secrets.user_id')
            .whereRef('totp_secrets.user_id', '=', 'users.id')
            .where('totp_secrets.confirmed_at', 'is not', null),
        )
        .as('has_totp'),
      eb
        .exists(eb.selectFrom('passkeys').select('passkeys.id').whereRef('passkeys.user_id', '=', 'users.id'))
        .as('has_passkey'),
      eb
        .exists(
          eb
            .selectFrom('recovery_codes')
            .select('recovery_codes.user_id')
            .whereRef('recovery_codes.user_id', '=', 'users.id')
            .where('recovery_codes.used_at', 'is', null),
        )
        .as('has_recovery_code'),
    ])
    .where('users.id', '=', userId)
    .executeTakeFirst();
}

export function findTotp(ctx: Context, userId: number) {
  return ctx.unscoped('totp_secrets', why).select().selectAll().where('user_id', '=', userId).executeTakeFirst();
}

/** Puts a new secret in the place of one that was never confirmed. */
export async function replacePendingTotp(ctx: Context, userId: number, sealedSecret: string) {
  await ctx
    .unscoped('totp_secrets', why)
    .delete()
    .where('user_id', '=', userId)
    .where('confirmed_at', 'is', null)
    .execute();
  await ctx.unscoped('totp_secrets', why).insert({ user_id: userId, sealed_secret: sealedSecret });
}

/** Uses the code of a step if no code of it or of a later one was used before; tells whether this call was the one. */
export async function useTotpStep(ctx: Context, userId: number, step: number): Promise<boolean> {
  const result = await ctx
    .unscoped('totp_secrets', why)
    .update({ last_step: step, last_used_at: ctx.now() })
    .where('user_id', '=', userId)
    .where('last_step', '<', step)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

export function confirmTotp(ctx: Context, userId: number) {
  return ctx
    .unscoped('totp_secrets', why)
    .update({ confirmed_at: ctx.now() })
    .where('user_id', '=', userId)
    .where('confirmed_at', 'is', null)
    .execute();
}

export function resealTotp(ctx: Context, userId: number, before: string, sealedSecret: string) {
  return ctx
    .unscoped('totp_secrets', why)
    .updateQuietly({ sealed_secret: sealedSecret })
    .where('user_id', '=', userId)
    .where('sealed_secret', '=', before)
    .execute();
}

export async function deleteTotp(ctx: Context, userId: number): Promise<boolean> {
  const result = await ctx.unscoped('totp_secrets', why).delete().where('user_id', '=', userId).executeTakeFirst();
  return result.numDeletedRows > 0n;
}

export async function replaceRecoveryCodes(ctx: Context, userId: number, hashes: readonly string[]) {
  await deleteRecoveryCodes(ctx, userId);
  await ctx.unscoped('recovery_codes', why).insertMany(hashes.map((code_hash) => ({ user_id: userId, code_hash })));
}

export function deleteRecoveryCodes(ctx: Context, userId: number) {
  return ctx.unscoped('recovery_codes', why).delete().where('user_id', '=', userId).execute();
}

export async function countRecoveryCodes(ctx: Context, userId: number): Promise<number> {
  const { left } = await ctx
    .unscoped('recovery_codes', why)
    .select()
    .select((eb) => eb.fn.countAll<number>().as('left'))
    .where('user_id', '=', userId)
    .where('used_at', 'is', null)
    .executeTakeFirstOrThrow();
  return left;
}

/** Marks a recovery code used if nobody did so before; tells whether this call was the one. */
export async function useRecoveryCode(ctx: Context, userId: number, codeHash: string): Promise<boolean> {
  const result = await ctx
    .unscoped('recovery_codes', why)
    .update({ used_at: ctx.now() })
    .where('user_id', '=', userId)
    .where('code_hash', '=', codeHash)
    .where('used_at', 'is', null)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** Makes everything that concerns the factors of a user wait for each other until the transaction ends; false when the user is gone. */
export async function lockUser(ctx: Context, userId: number): Promise<boolean> {
  const row = await ctx
    .unscoped('users', why)
    .select()
    .select('id')
    .where('id', '=', userId)
    .forUpdate()
    .executeTakeFirst();
  return row !== undefined;
}
