import { type DataScope, type DataScopeName, idsOfPath, PermissionSet, type SecondFactor } from '#core/access.ts';
import type { Context } from '#core/context.ts';
import * as crud from './access.crud.ts';

/** A role with all that it gives. */
export interface RoleRights {
  readonly id: number;
  readonly code: string;
  readonly name: string;
  readonly isEnabled: boolean;
  readonly requiresSecondFactor: boolean;
  readonly dataScope: DataScopeName;
  readonly includesBelow: boolean;
  readonly permissions: readonly string[];
  /** Only for the scope `custom`. */
  readonly depts: readonly { readonly id: number; readonly path: string }[];
}

/** A user with all their roles, enabled or not, as stored now. */
export interface UserRights {
  readonly id: number;
  readonly username: string;
  readonly isActive: boolean;
  readonly isSuperuser: boolean;
  readonly mustChangePassword: boolean;
  readonly secondFactors: readonly SecondFactor[];
  readonly dept: { readonly id: number; readonly path: string } | null;
  readonly roles: readonly RoleRights[];
}

/** Permissions and data scope as they add up. */
export interface Rights {
  readonly permissions: PermissionSet;
  readonly scope: DataScope;
}

/** Reads roles with their permissions and departments, in three statements whatever their number. */
export async function loadRoles(ctx: Context, roleIds: readonly number[]): Promise<Map<number, RoleRights>> {
  if (roleIds.length === 0) return new Map();
  const roles = await crud.listRoles(ctx, roleIds);
  const permissions = Map.groupBy(await crud.listPermissions(ctx, roleIds), (row) => row.role_id);
  const needDepts = roles.some((role) => role.data_scope === 'custom');
  const depts = Map.groupBy(needDepts ? await crud.listCustomDepts(ctx, roleIds) : [], (row) => row.role_id);
  return new Map(
    roles.map((role) => [
      role.id,
      {
        id: role.id,
        code: role.code,
        name: role.name,
        isEnabled: role.is_enabled,
        requiresSecondFactor: role.requires_second_factor,
        dataScope: role.data_scope as DataScopeName,
        includesBelow: role.includes_below,
        permissions: (permissions.get(role.id) ?? []).map((row) => row.permission),
        depts: (depts.get(role.id) ?? []).map((row) => ({ id: row.id, path: row.path })),
      },
    ]),
  );
}

/** One role with all that it gives. Throws for a role that is gone: callers have just found it. */
export async function loadRole(ctx: Context, roleId: number): Promise<RoleRights> {
  const role = (await loadRoles(ctx, [roleId])).get(roleId);
  if (!role) throw new Error(`there is no role ${roleId}`);
  return role;
}

/** Everybody who holds a role, whatever the caller's scope. */
export async function listMemberIds(ctx: Context, roleId: number): Promise<number[]> {
  return (await crud.listMemberIds(ctx, roleId)).map((row) => row.user_id);
}

/** Reads users with all that gives them rights, in at most five statements for a thousand of them. */
export async function loadUsers(ctx: Context, userIds: readonly number[]): Promise<Map<number, UserRights>> {
  if (userIds.length === 0) return new Map();
  if (userIds.length > crud.IDS_PER_STATEMENT) {
    const [first, rest] = [userIds.slice(0, crud.IDS_PER_STATEMENT), userIds.slice(crud.IDS_PER_STATEMENT)];
    return new Map([...(await loadUsers(ctx, first)), ...(await loadUsers(ctx, rest))]);
  }
  const users = await crud.listUsers(ctx, userIds);
  const memberships = Map.groupBy(await crud.listMemberships(ctx, userIds), (row) => row.user_id);
  const roleIds = new Set([...memberships.values()].flat().map((row) => row.role_id));
  const roles = await loadRoles(ctx, [...roleIds]);
  return new Map(
    users.map((user) => [
      user.id,
      {
        id: user.id,
        username: user.username,
        isActive: user.is_active,
        isSuperuser: user.is_superuser,
        mustChangePassword: user.must_change_password,
        secondFactors: [...(user.has_totp ? ['totp' as const] : []), ...(user.has_passkey ? ['passkey' as const] : [])],
        dept: user.dept_id !== null && user.dept_path !== null ? { id: user.dept_id, path: user.dept_path } : null,
        roles: (memberships.get(user.id) ?? []).flatMap((row) => roles.get(row.role_id) ?? []),
      },
    ]),
  );
}

/** What a user may do now: the enabled roles added up, minus the codes that are switched off for everybody. */
export function effectiveRights(user: UserRights, switchedOff: ReadonlySet<string>): Rights {
  return addUp(
    user,
    user.roles.filter((role) => role.isEnabled),
    switchedOff,
  );
}

/** What a user could do once every role is enabled: what the grant ceiling measures, so that nothing can be hidden in a disabled role. */
export function potentialRights(user: UserRights): Rights {
  return addUp(user, user.roles, new Set());
}

function addUp(user: UserRights, roles: readonly RoleRights[], switchedOff: ReadonlySet<string>): Rights {
  if (user.isSuperuser) {
    return {
      permissions: new PermissionSet(['*:*:*']),
      scope: { all: true, userId: user.id, deptIds: [], deptPaths: [] },
    };
  }
  const scopes = roles.map((role) => scopeOfRole(role, user.dept));
  return {
    permissions: new PermissionSet(
      roles.flatMap((role) => role.permissions),
      switchedOff,
    ),
    scope: {
      all: scopes.some((scope) => scope.all),
      userId: user.id,
      deptIds: [...new Set(scopes.flatMap((scope) => scope.deptIds))],
      deptPaths: [...new Set(scopes.flatMap((scope) => scope.deptPaths))],
    },
  };
}

/** What one role's data scope comes to for somebody in a department; nothing for a scope by department without one. */
export function scopeOfRole(
  role: Pick<RoleRights, 'dataScope' | 'includesBelow' | 'depts'>,
  dept: { readonly id: number; readonly path: string } | null,
): { all: boolean; deptIds: number[]; deptPaths: string[] } {
  const none = { all: false, deptIds: [], deptPaths: [] };
  switch (role.dataScope) {
    case 'all':
      return { ...none, all: true };
    case 'dept_and_below':
      return dept ? { ...none, deptPaths: [dept.path] } : none;
    case 'dept':
      return dept ? { ...none, deptIds: [dept.id] } : none;
    case 'custom':
      return role.includesBelow
        ? { ...none, deptPaths: role.depts.map((chosen) => chosen.path) }
        : { ...none, deptIds: role.depts.map((chosen) => chosen.id) };
    default:
      return none;
  }
}

/** Whether a department (by its path) lies in a scope; with `below`, whether everything below it does too. */
export function scopeHoldsDept(
  scope: Pick<DataScope, 'all' | 'deptIds' | 'deptPaths'>,
  path: string,
  below: boolean,
): boolean {
  if (scope.all || scope.deptPaths.some((root) => path.startsWith(root))) return true;
  return !below && scope.deptIds.includes(idsOfPath(path).at(-1) ?? 0);
}

/**
 * The permission codes that nobody holds at present, because every menu row that carries them is disabled, itself or above.
 * The administrator is exempt, or a slip on the menu page would lock everybody out of it.
 */
export async function listSwitchedOffCodes(ctx: Context): Promise<Set<string>> {
  const menus = await crud.listMenuStates(ctx);
  const byId = new Map(menus.map((menu) => [menu.id, menu]));
  const isOn = (menu: (typeof menus)[number], depth = 0): boolean => {
    const parent = menu.parent_id === null ? undefined : byId.get(menu.parent_id);
    return menu.is_enabled && (!parent || depth > 100 || isOn(parent, depth + 1));
  };
  const on = new Set(menus.filter((menu) => isOn(menu)).map((menu) => menu.permission));
  return new Set(
    menus.flatMap((menu) => (menu.permission !== null && !on.has(menu.permission) ? [menu.permission] : [])),
  );
}
