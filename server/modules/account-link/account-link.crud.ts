import type { Insertable } from 'kysely';
import type { Context } from '#core/context.ts';
import type { Tables } from '#core/entity.ts';
import type { LinkPurpose } from './account-link.entity.ts';

const why = 'a link is looked up by its own secret before anybody is signed in';

/** Adds a link; those sent to the same address before work no more. */
export async function replaceLink(ctx: Context, link: Insertable<Tables['account_links']>): Promise<void> {
  const { email, purpose } = link;
  await ctx.unscoped('account_links', why).delete().where('email', '=', email).where('purpose', '=', purpose).execute();
  await ctx.unscoped('account_links', why).insert(link);
}

export function findLink(ctx: Context, tokenHash: string, purpose: LinkPurpose) {
  return ctx
    .unscoped('account_links', why)
    .select()
    .selectAll()
    .where('token_hash', '=', tokenHash)
    .where('purpose', '=', purpose)
    .executeTakeFirst();
}

/** Marks a link used if nobody did so before; tells whether this call was the one. */
export async function useLink(ctx: Context, id: number): Promise<boolean> {
  const result = await ctx
    .unscoped('account_links', why)
    .update({ used_at: ctx.now() })
    .where('id', '=', id)
    .where('used_at', 'is', null)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

export async function deleteLinksBefore(ctx: Context, before: Date): Promise<number> {
  const result = await ctx.unscoped('account_links', why).delete().where('expires_at', '<', before).executeTakeFirst();
  return Number(result.numDeletedRows);
}
