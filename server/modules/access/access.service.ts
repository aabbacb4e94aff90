import type { Actor } from '#core/access.ts';
import type { Context } from '#core/context.ts';
import { effectiveRights, listSwitchedOffCodes, loadUsers, type UserRights } from './rights.service.ts';

/** A user as an actor, from what is stored now: the rights of all enabled roles added up. */
export function toActor(user: UserRights, switchedOff: ReadonlySet<string>): Actor {
  return {
    userId: user.id,
    username: user.username,
    isSuperuser: user.isSuperuser,
    mustChangePassword: user.mustChangePassword,
    secondFactors: user.secondFactors,
    requiresSecondFactor: user.roles.some((role) => role.isEnabled && role.requiresSecondFactor),
    deptId: user.dept?.id ?? null,
    ...effectiveRights(user, switchedOff),
  };
}

/** Reads what a user may do. Answers `inactive` for a disabled user and null for one that is gone. */
export async function loadActor(ctx: Context, userId: number): Promise<Actor | 'inactive' | null> {
  const user = (await loadUsers(ctx, [userId])).get(userId);
  if (!user) return null;
  if (!user.isActive) return 'inactive';
  return toActor(user, await listSwitchedOffCodes(ctx));
}

/** The actor behind a user id, from the snapshot when it is there. */
export async function getActor(ctx: Context, userId: number): Promise<Actor | 'inactive' | null> {
  const known = ctx.access.actor(userId);
  if (known !== undefined) return known;
  const { generation } = ctx.access;
  const actor = await loadActor(ctx, userId);
  ctx.access.keepActor(userId, actor, generation);
  return actor;
}
