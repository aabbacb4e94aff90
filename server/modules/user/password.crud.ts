import type { Updateable } from 'kysely';
import type { Context } from '#core/context.ts';
import type { Tables } from '#core/entity.ts';

const why = 'a hash is compared and replaced, never shown; whose it is was decided by the caller';

function findHash(ctx: Context, userId: number) {
  return ctx.unscoped('users', why).select().select('hashed_password').where('id', '=', userId).executeTakeFirst();
}

function listFormer(ctx: Context, userId: number) {
  return ctx
    .unscoped('password_history', why)
    .select()
    .select(['id', 'hashed_password'])
    .where('user_id', '=', userId)
    .orderBy('id', 'desc')
    .execute();
}

/** The hash of the present password and those of the last former ones. */
export async function listHashes(ctx: Context, userId: number, former: number): Promise<string[]> {
  const present = await findHash(ctx, userId);
  const rows = (await listFormer(ctx, userId)).slice(0, former);
  return [...(present ? [present] : []), ...rows].map((row) => row.hashed_password);
}

/** Keeps the present hash among the former ones, and of those only the last. */
export async function rememberHash(ctx: Context, userId: number, former: number): Promise<void> {
  const present = await findHash(ctx, userId);
  if (!present) return;
  await ctx
    .unscoped('password_history', why)
    .insert({ user_id: userId, hashed_password: present.hashed_password, created_at: ctx.now() });
  const forgotten = (await listFormer(ctx, userId)).slice(former).map((row) => row.id);
  if (forgotten.length > 0) await ctx.unscoped('password_history', why).delete().where('id', 'in', forgotten).execute();
}

export async function setPassword(
  ctx: Context,
  userId: number,
  values: Pick<Updateable<Tables['users']>, 'hashed_password' | 'must_change_password' | 'password_changed_at'>,
): Promise<void> {
  await ctx.unscoped('users', why).update(values).where('id', '=', userId).execute();
}
