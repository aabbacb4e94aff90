import type { Insertable } from 'kysely';
import type { Context } from '#core/context.ts';
import type { Tables } from '#core/entity.ts';

const whyFlow =
  'somebody who comes back from a provider is not signed in yet; the row is found by the hash of a secret';
const whyIdentity = 'an account of a provider is looked up before anybody is signed in';

export function insertFlow(ctx: Context, flow: Insertable<Tables['outside_flows']>) {
  return ctx.unscoped('outside_flows', whyFlow).insert(flow);
}

export function findFlow(ctx: Context, stateHash: string) {
  return ctx
    .unscoped('outside_flows', whyFlow)
    .select()
    .selectAll()
    .where('state_hash', '=', stateHash)
    .executeTakeFirst();
}

/** Tells whether this call was the one that deleted it. */
export async function deleteFlow(ctx: Context, flowId: number): Promise<boolean> {
  const result = await ctx.unscoped('outside_flows', whyFlow).delete().where('id', '=', flowId).executeTakeFirst();
  return result.numDeletedRows === 1n;
}

export function forgetExpiredFlows(ctx: Context) {
  return ctx.unscoped('outside_flows', whyFlow).delete().where('expires_at', '<', ctx.now()).execute();
}

export function findIdentity(ctx: Context, issuer: string, subject: string) {
  return ctx
    .unscoped('user_identities', whyIdentity)
    .select()
    .select(['id', 'user_id'])
    .where('issuer', '=', issuer)
    .where('subject', '=', subject)
    .executeTakeFirst();
}

export function insertIdentity(ctx: Context, identity: Insertable<Tables['user_identities']>) {
  return ctx.unscoped('user_identities', whyIdentity).insert(identity);
}

export function noteUse(ctx: Context, identityId: number, label: string | null) {
  return ctx
    .unscoped('user_identities', whyIdentity)
    .updateQuietly({ last_used_at: ctx.now(), label })
    .where('id', '=', identityId)
    .execute();
}

export function listIdentities(ctx: Context, userId: number) {
  return ctx
    .rows('user_identities')
    .select()
    .select(['id', 'provider', 'label', 'created_at', 'last_used_at'])
    .where('user_id', '=', userId)
    .orderBy('id')
    .execute();
}

export async function deleteIdentity(ctx: Context, userId: number, identityId: number): Promise<boolean> {
  const result = await ctx
    .rows('user_identities')
    .delete()
    .where('id', '=', identityId)
    .where('user_id', '=', userId)
    .executeTakeFirst();
  return result.numDeletedRows > 0n;
}

/** How the caller's own session began. */
export function findOwnSession(ctx: Context, sessionId: string) {
  return ctx.rows('sessions').select().select('method').where('id', '=', sessionId).executeTakeFirst();
}
