import type { Insertable } from 'kysely';
import type { Context } from '#core/context.ts';
import type { Tables } from '#core/entity.ts';

const why = 'a challenge is looked up by its own secret before anybody is signed in';

export function insertChallenge(ctx: Context, challenge: Insertable<Tables['sign_in_challenges']>) {
  return ctx.unscoped('sign_in_challenges', why).insert(challenge);
}

export function findChallenge(ctx: Context, tokenHash: string) {
  return ctx
    .unscoped('sign_in_challenges', why)
    .select()
    .selectAll()
    .where('token_hash', '=', tokenHash)
    .executeTakeFirst();
}

/** Counts an attempt unless another one was counted meanwhile, or the challenge was used; tells whether this call was the one. */
export async function countAttempt(ctx: Context, id: number, attempts: number): Promise<boolean> {
  const result = await ctx
    .unscoped('sign_in_challenges', why)
    .update({ attempts: attempts + 1 })
    .where('id', '=', id)
    .where('attempts', '=', attempts)
    .where('used_at', 'is', null)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** Marks a challenge used if nobody did so before; tells whether this call was the one. */
export async function useChallenge(ctx: Context, id: number): Promise<boolean> {
  const result = await ctx
    .unscoped('sign_in_challenges', why)
    .update({ used_at: ctx.now() })
    .where('id', '=', id)
    .where('used_at', 'is', null)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

export async function deleteChallengesBefore(ctx: Context, before: Date): Promise<number> {
  const result = await ctx
    .unscoped('sign_in_challenges', why)
    .delete()
    .where('expires_at', '<', before)
    .executeTakeFirst();
  return Number(result.numDeletedRows);
}
