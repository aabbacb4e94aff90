import type { Actor } from '#core/access.ts';
import type { LiveSession } from '#core/access-cache.ts';
import type { Context } from '#core/context.ts';
import { AppError, accessErrors } from '#core/errors.ts';
import { assertTouchable } from './ceiling.service.ts';
import { viewErrors } from './view.errors.ts';

export { viewErrors };

export const VIEW_PERMISSION = 'system:user:view-as';

type Person = Actor | 'inactive' | null;

/**
 * For which state of the two people it was last found that one may see as the other. What is known of a user is read anew, as another
 * object, whenever it has changed.
 */
const found = new WeakMap<LiveSession, { readonly viewer: Person; readonly viewed: Person }>();

/** Whether it is known, without asking the database, that the viewer may still see as the other. */
export function seesAs(session: LiveSession, viewer: Person, viewed: Person): boolean {
  const known = found.get(session);
  return known !== undefined && known.viewer === viewer && known.viewed === viewed;
}

/**
 * Throws when the viewer may not see as the other: `access.forbidden` without the permission, `view.administrator`, `view.self`,
 * `ceiling.exceeded` for somebody who is out of sight or holds more.
 */
export async function assertMaySee(ctx: Context, viewer: Actor, viewed: Actor): Promise<void> {
  if (!viewer.permissions.holds(VIEW_PERMISSION)) throw accessErrors.forbidden({ permission: VIEW_PERMISSION });
  if (viewed.isSuperuser) throw viewErrors.administrator();
  if (viewed.userId === viewer.userId) throw viewErrors.self();
  await assertTouchable(ctx.seenBy(viewer), [viewed.userId]);
}

/** Whether the viewer may still see as the other, by what is stored now. */
export async function maySee(ctx: Context, session: LiveSession, viewer: Actor, viewed: Actor): Promise<boolean> {
  try {
    await assertMaySee(ctx, viewer, viewed);
  } catch (error) {
    if (error instanceof AppError && error.definition.status < 500) return false;
    throw error;
  }
  found.set(session, { viewer, viewed });
  return true;
}
