import { type Actor, type DataScope, PermissionSet } from '#core/access.ts';
import type { Context } from '#core/context.ts';
import * as crud from './access.crud.ts';

/**
 * Reads what a user may do from what is stored now: permissions and data scope of all enabled roles added up.
 * Answers `inactive` for a disabled user and null for one that is gone.
 */
export async function loadActor(ctx: Context, userId: number): Promise<Actor | 'inactive' | null> {
  const user = await crud.findUser(ctx, userId);
  if (!user) return null;
  if (!user.is_active) return 'inactive';
  const roles = await crud.listEnabledRoles(ctx, userId);
  const roleIds = roles.map((role) => role.id);
  const grants = user.is_superuser
    ? [{ permission: '*:*:*' }]
    : roleIds.length > 0
      ? await crud.listPermissions(ctx, roleIds)
      : [];
  return {
    userId,
    username: user.username,
    isSuperuser: user.is_superuser,
    mustChangePassword: user.must_change_password,
    deptId: user.dept_id,
    permissions: new PermissionSet(grants.map((grant) => grant.permission)),
    scope: user.is_superuser
      ? { all: true, userId, deptIds: [], deptPaths: [] }
      : await addUpScopes(ctx, userId, user.dept_id, user.dept_path, roles),
  };
}

async function addUpScopes(
  ctx: Context,
  userId: number,
  deptId: number | null,
  deptPath: string | null,
  roles: readonly { id: number; data_scope: string }[],
): Promise<DataScope> {
  const holding = (scope: string) => roles.filter((role) => role.data_scope === scope).map((role) => role.id);
  const custom = holding('custom');
  const chosen = custom.length > 0 ? await crud.listCustomDepts(ctx, custom) : [];
  const own = deptId !== null && holding('dept').length > 0 ? [deptId] : [];
  return {
    all: holding('all').length > 0,
    userId,
    deptIds: [...new Set([...own, ...chosen.map((row) => row.dept_id)])],
    deptPaths: deptPath !== null && holding('dept_and_below').length > 0 ? [deptPath] : [],
  };
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
