import type { Insertable } from 'kysely';
import type { Context } from '#core/context.ts';
import type { Tables } from '#core/entity.ts';

const why = 'a passkey is looked up by its own id before anybody is signed in';
const whyOwn = 'a user proves themselves by what is stored for them; whose it is was decided by the caller';

export type PasskeyRow = NonNullable<Awaited<ReturnType<typeof findPasskey>>>;

export function findPasskey(ctx: Context, credentialHash: string) {
  return ctx
    .unscoped('passkeys', why)
    .select()
    .selectAll()
    .where('credential_hash', '=', credentialHash)
    .executeTakeFirst();
}

/** The passkeys of a user, oldest first; there are few (`MOST_PASSKEYS`). */
export function listPasskeys(ctx: Context, userId: number) {
  return ctx.unscoped('passkeys', whyOwn).select().selectAll().where('user_id', '=', userId).orderBy('id').execute();
}

export function insertPasskey(ctx: Context, passkey: Insertable<Tables['passkeys']>) {
  return ctx.unscoped('passkeys', whyOwn).insert(passkey);
}

export async function renamePasskey(ctx: Context, userId: number, passkeyId: number, name: string): Promise<boolean> {
  const result = await ctx
    .unscoped('passkeys', whyOwn)
    .update({ name })
    .where('id', '=', passkeyId)
    .where('user_id', '=', userId)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

export async function deletePasskey(ctx: Context, userId: number, passkeyId: number): Promise<boolean> {
  const result = await ctx
    .unscoped('passkeys', whyOwn)
    .delete()
    .where('id', '=', passkeyId)
    .where('user_id', '=', userId)
    .executeTakeFirst();
  return result.numDeletedRows > 0n;
}

export function deletePasskeysOfUser(ctx: Context, userId: number) {
  return ctx.unscoped('passkeys', whyOwn).delete().where('user_id', '=', userId).execute();
}

/** Notes a use, unless another one with the same counter was noted meanwhile; tells whether this call was the one. */
export async function usePasskey(
  ctx: Context,
  passkeyId: number,
  before: number,
  use: { sign_count: number; is_backed_up: boolean },
): Promise<boolean> {
  const result = await ctx
    .unscoped('passkeys', why)
    .update({ ...use, last_used_at: ctx.now() })
    .where('id', '=', passkeyId)
    .where('sign_count', '=', before)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

export function insertPasskeyChallenge(ctx: Context, challenge: Insertable<Tables['passkey_challenges']>) {
  return ctx.unscoped('passkey_challenges', why).insert(challenge);
}

/** Takes a challenge away, so that it works once; tells whether it was there for this purpose and still valid. */
export async function takePasskeyChallenge(
  ctx: Context,
  challengeHash: string,
  purpose: string,
  boundTo: string,
): Promise<boolean> {
  const result = await ctx
    .unscoped('passkey_challenges', why)
    .delete()
    .where('challenge_hash', '=', challengeHash)
    .where('purpose', '=', purpose)
    .where('bound_to', '=', boundTo)
    .where('expires_at', '>', ctx.now())
    .executeTakeFirst();
  return result.numDeletedRows === 1n;
}

const FEW = 100;

/** Forgets challenges that nobody answered. By key, so that no database locks a range that others insert into. */
export async function deleteExpiredPasskeyChallenges(ctx: Context): Promise<void> {
  const expired = await ctx
    .unscoped('passkey_challenges', why)
    .select()
    .select('challenge_hash')
    .where('expires_at', '<=', ctx.now())
    .limit(FEW)
    .execute();
  if (expired.length === 0) return;
  const hashes = expired.map((row) => row.challenge_hash);
  await ctx.unscoped('passkey_challenges', why).delete().where('challenge_hash', 'in', hashes).execute();
}
