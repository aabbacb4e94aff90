import type { DataScope } from '#core/access.ts';
import type { Context } from '#core/context.ts';
import type { AppError, ErrorDetail, ErrorFactory } from '#core/errors.ts';
import type { TextParams } from '#core/i18n.ts';
import * as crud from './access.crud.ts';
import { ceilingErrors } from './access.errors.ts';
import { loadUsers, potentialRights, type RoleRights, scopeHoldsDept, type UserRights } from './rights.service.ts';

/**
 * The grant ceiling: nobody gives, or takes part in giving, what they do not hold, and nobody touches somebody whose rights exceed
 * their own. Every write of the access model goes through this file. It measures what is stored before and after the change,
 * inside its transaction, so that no path to a right has to be thought of one by one.
 */

/**
 * Runs a change that touches the rights of users. They must be in the actor's scope and not above the actor before it,
 * and hold nothing that exceeds the actor after it; otherwise nothing is changed. Throws `ceiling.exceeded`, naming what exceeds.
 */
export function changeRightsOf<R>(
  ctx: Context,
  userIds: readonly number[],
  change: (ctx: Context) => Promise<R>,
): Promise<R> {
  return ctx.inTransaction(async (ctx) => {
    await lockAccessModel(ctx);
    await assertTouchable(ctx, userIds);
    const result = await change(ctx);
    if (!ctx.actor.isSuperuser) {
      const after = await loadUsers(ctx, userIds);
      refuseIf(await excessOfUsers(ctx, [...after.values()]));
    }
    await ctx.afterCommit(() => ctx.access.forgetActors(userIds));
    return result;
  });
}

/** Makes the writes of the access model wait for each other; call it before reading what a check depends on, inside a transaction. */
export async function lockAccessModel(ctx: Context): Promise<void> {
  await crud.lockAccessModel(ctx);
}

/** Throws `ceiling.exceeded` when one of the users is outside the actor's scope or holds more than the actor. */
export async function assertTouchable(ctx: Context, userIds: readonly number[]): Promise<void> {
  if (ctx.actor.isSuperuser || userIds.length === 0) return;
  const users = await loadUsers(ctx, userIds);
  const visible = new Set(await crud.listVisibleUserIds(ctx, userIds));
  const details: ErrorDetail[] = [];
  for (const user of users.values()) {
    if (user.id === ctx.actor.userId || !visible.has(user.id)) continue;
    if ((await excessOfUsers(ctx, [user])).length > 0)
      details.push(detail('user_ids', ceilingErrors.user, { user: user.username }));
  }
  // Who is out of sight is counted, not named.
  const hidden = [...users.keys()].filter((userId) => !visible.has(userId)).length;
  if (hidden > 0) details.push(detail('user_ids', ceilingErrors.hidden_users, { count: hidden }));
  refuseIf(details);
}

/**
 * Throws `ceiling.exceeded` when a department has others below it that the actor does not see: moving it would take them along,
 * into scopes that the actor may well hold.
 */
export function assertSeesSubtree(ctx: Context, deptId: number, paths: readonly string[]): void {
  if (paths.every((path) => scopeHoldsDept(ctx.actor.scope, path, false))) return;
  refuseIf([detail('parent_id', ceilingErrors.scope_dept, { dept: deptId })]);
}

/** Throws `ceiling.exceeded` when the role gives something the actor does not hold: needed to change it and to hand it out. */
export function assertRoleWithinCeiling(ctx: Context, role: RoleRights): void {
  refuseIf(excessOfRole(ctx, role));
}

/** Whether the actor holds all that a role gives, so may hand it out. */
export function isRoleWithinCeiling(ctx: Context, role: RoleRights): boolean {
  return excessOfRole(ctx, role).length === 0;
}

function excessOfRole(ctx: Context, role: RoleRights): ErrorDetail[] {
  if (ctx.actor.isSuperuser) return [];
  const { scope, permissions } = ctx.actor;
  const details = role.permissions
    .filter((permission) => !permissions.covers(permission))
    .map((permission) => detail('permissions', ceilingErrors.permission, { permission }));
  const needsMore =
    (role.dataScope === 'all' && !scope.all) ||
    (role.dataScope === 'dept_and_below' && !scope.all && scope.deptPaths.length === 0) ||
    (role.dataScope === 'dept' && !scope.all && scope.deptPaths.length + scope.deptIds.length === 0);
  if (needsMore) details.push(detail('data_scope', ceilingErrors.scope_all));
  for (const dept of role.depts) {
    if (!scopeHoldsDept(scope, dept.path, role.includesBelow))
      details.push(detail('dept_ids', ceilingErrors.scope_dept, { dept: dept.id }));
  }
  return details;
}

/** Throws `ceiling.exceeded` when the actor does not hold a permission, whatever is switched off at present. */
export function assertHolds(ctx: Context, permission: string | null): void {
  if (permission === null || ctx.actor.isSuperuser || ctx.actor.permissions.covers(permission)) return;
  refuseIf([detail('permission', ceilingErrors.permission, { permission })]);
}

async function excessOfUsers(ctx: Context, users: readonly UserRights[]): Promise<ErrorDetail[]> {
  const { permissions: held, scope: ownScope } = ctx.actor;
  const details: ErrorDetail[] = [];
  for (const user of users) {
    if (user.isSuperuser) details.push(detail('user_ids', ceilingErrors.user, { user: user.username }));
    const { permissions, scope } = potentialRights(user);
    for (const permission of permissions.grants) {
      if (!held.covers(permission)) details.push(detail('permissions', ceilingErrors.permission, { permission }));
    }
    details.push(...(await excessOfScope(ctx, ownScope, scope)));
  }
  return distinct(details);
}

async function excessOfScope(ctx: Context, own: DataScope, other: DataScope): Promise<ErrorDetail[]> {
  if (own.all) return [];
  if (other.all) return [detail('data_scope', ceilingErrors.scope_all)];
  const details: ErrorDetail[] = [];
  for (const path of other.deptPaths) {
    if (!scopeHoldsDept(own, path, true)) details.push(detail('dept_ids', ceilingErrors.scope_dept, { dept: path }));
  }
  const depts = other.deptIds.length > 0 ? await crud.listDeptPaths(ctx, other.deptIds) : [];
  for (const dept of depts) {
    if (!scopeHoldsDept(own, dept.path, false))
      details.push(detail('dept_ids', ceilingErrors.scope_dept, { dept: dept.id }));
  }
  return details;
}

function detail(path: string, factory: ErrorFactory, params?: TextParams): ErrorDetail {
  return { path, message: factory.definition.message, ...(params && { params }) };
}

function distinct(details: readonly ErrorDetail[]): ErrorDetail[] {
  return [...new Map(details.map((one) => [`${one.path} ${JSON.stringify(one.params)}`, one])).values()].slice(0, 20);
}

function refuseIf(details: readonly ErrorDetail[]): void {
  if (details.length > 0) throw exceeded(details);
}

const exceeded = (details: readonly ErrorDetail[]): AppError => ceilingErrors.exceeded().at(...details);
