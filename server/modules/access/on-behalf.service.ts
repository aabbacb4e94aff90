import type { Context } from '#core/context.ts';
import { getActor } from './access.service.ts';

/**
 * The context of somebody who is not there, for work that they have queued: with the rights and the data scope that they have now.
 * Throws when nobody queued it, and for who may no longer do it.
 */
export async function onBehalfOf(ctx: Context, userId: number | null, permission: string): Promise<Context> {
  const actor = userId === null ? null : await getActor(ctx, userId);
  if (actor === null || actor === 'inactive') throw new Error('whoever queued it is gone or disabled');
  if (!actor.permissions.holds(permission)) throw new Error(`whoever queued it no longer holds ${permission}`);
  return ctx.seenBy(actor);
}
