import type { DataScopeName } from '#core/access.ts';
import { forAll } from '#core/batch.ts';
import type { Context } from '#core/context.ts';
import { conflictErrors } from '#core/errors.ts';
import type { Page } from '#core/schema.ts';
import {
  assertRoleWithinCeiling,
  changeRightsOf,
  isRoleWithinCeiling,
  lockAccessModel,
} from '../access/ceiling.service.ts';
import { describeChange, type RightsChange } from '../access/preview.service.ts';
import { listMemberIds, loadRole, loadRoles } from '../access/rights.service.ts';
import { listMenuTree, listPagePermissions } from '../menu/menu.service.ts';
import * as crud from './role.crud.ts';
import { roleErrors } from './role.errors.ts';
import type {
  MemberQuery,
  RoleCreate,
  RoleDataScope,
  RoleList,
  RoleOptions,
  RoleOut,
  RolePermissions,
  RolePermissionsUpdate,
  RoleQuery,
  RoleUpdate,
} from './role.schema.ts';

/** The administrator's role is what the built-in account stands on; nobody changes it. */
const ADMINISTRATOR = 'admin';

function toRoleOut(row: crud.RoleRow, deptIds: readonly number[]): RoleOut {
  const { created_by: _creator, updated_by: _editor, ...fields } = row;
  return {
    ...fields,
    data_scope: row.data_scope as DataScopeName,
    dept_ids: [...deptIds],
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}

export async function listRoles(ctx: Context, query: RoleQuery): Promise<Page<RoleOut>> {
  const page = await crud.listRoles(ctx, query);
  return { ...page, items: await toRolesOut(ctx, page.items) };
}

async function toRolesOut(ctx: Context, rows: readonly crud.RoleRow[]): Promise<RoleOut[]> {
  const ids = rows.map((role) => role.id);
  const deptsOf = Map.groupBy(ids.length > 0 ? await crud.listDepts(ctx, ids) : [], (row) => row.role_id);
  return rows.map((role) =>
    toRoleOut(
      role,
      (deptsOf.get(role.id) ?? []).map((row) => row.dept_id),
    ),
  );
}

/** The enabled roles by name, and which of them the caller may give. It is decided again when they do. */
export async function listRoleOptions(ctx: Context): Promise<RoleOptions> {
  const options = await crud.listOptions(ctx);
  const roles = await loadRoles(
    ctx,
    options.map(({ id }) => id),
  );
  const mayGive = (roleId: number) => {
    const role = roles.get(roleId);
    return role !== undefined && isRoleWithinCeiling(ctx, role);
  };
  return { items: options.map((option) => ({ ...option, may_give: mayGive(option.id) })) };
}

/** The roles of the caller, enabled or not. */
export async function listOwnRoles(ctx: Context): Promise<RoleList> {
  const ids = (await crud.listRoleIdsOf(ctx, ctx.actor.userId)).map((row) => row.role_id);
  return { items: ids.length > 0 ? await toRolesOut(ctx, await crud.listRolesById(ctx, ids)) : [] };
}

/** Throws `role.not_found`. */
export async function getRole(ctx: Context, roleId: number): Promise<RoleOut> {
  const row = await getRow(ctx, roleId);
  const depts = await crud.listDepts(ctx, [roleId]);
  return toRoleOut(
    row,
    depts.map((dept) => dept.dept_id),
  );
}

async function getRow(ctx: Context, roleId: number): Promise<crud.RoleRow> {
  const row = await crud.findRole(ctx, roleId);
  if (!row) throw roleErrors.not_found();
  return row;
}

/** Throws `role.code_taken`, `role.unknown_permission`, `role.dept_missing`, `role.dept_needed`, `ceiling.exceeded`. */
export function createRole(ctx: Context, input: RoleCreate): Promise<RoleOut> {
  return ctx.inTransaction(async (ctx) => {
    const { permissions = [], dept_ids: deptIds = [], ...role } = input;
    await assertPermissionsKnown(ctx, permissions, []);
    await assertDeptsUsable(ctx, role.data_scope ?? 'self', deptIds);
    const roleId = await crud.insertRole(ctx, role);
    await crud.replacePermissions(ctx, roleId, permissions);
    if (role.data_scope === 'custom') await crud.replaceDepts(ctx, roleId, deptIds);
    assertRoleWithinCeiling(ctx, await loadRole(ctx, roleId));
    return getRole(ctx, roleId);
  });
}

/** Throws `role.not_found`, `role.builtin`, `role.administrator`, `role.code_taken`, `conflict.stale`, `ceiling.exceeded`. */
export function updateRole(ctx: Context, roleId: number, input: RoleUpdate): Promise<RoleOut> {
  const { version, ...changes } = input;
  // The one thing that may be asked of the administrators as well.
  const isAboutFactors = Object.keys(changes).every((field) => field === 'requires_second_factor');
  return changeRole(ctx, roleId, isAboutFactors, async (ctx, role) => {
    if (role.is_builtin && changes.code !== undefined && changes.code !== role.code)
      throw roleErrors.builtin().on('code');
    await moveVersion(ctx, roleId, version, changes);
    return getRole(ctx, roleId);
  });
}

/** Every change of a role, also of what hangs on it, raises its version. */
async function moveVersion(
  ctx: Context,
  roleId: number,
  version: number | undefined,
  changes: Parameters<typeof crud.updateRole>[3],
): Promise<void> {
  if (!(await crud.updateRole(ctx, roleId, version, changes))) throw conflictErrors.stale().on('version');
}

/** Throws `role.not_found`, `role.builtin`, `role.has_members`, `ceiling.exceeded`. */
export function deleteRole(ctx: Context, roleId: number): Promise<void> {
  return changeRole(ctx, roleId, false, async (ctx, role) => {
    if (role.is_builtin) throw roleErrors.builtin();
    const members = await crud.listSomeMembers(ctx, roleId);
    if (members.length > 0) {
      const ids = members.map((member) => member.id);
      const visible = new Set(await crud.listVisibleUserIds(ctx, ids));
      const names = members.map((member) => (visible.has(member.id) ? member.username : '…'));
      throw roleErrors.has_members({ names: [...new Set(names)].join(', ') });
    }
    await crud.deleteRole(ctx, roleId);
  });
}

/**
 * Runs a change of a role under the grant ceiling: the role before and after it, and everybody who holds it. Every way to change what
 * a role gives goes through here.
 */
function changeRole<R>(
  ctx: Context,
  roleId: number,
  mayBeAdministrator: boolean,
  change: (ctx: Context, role: crud.RoleRow) => Promise<R>,
): Promise<R> {
  return ctx.inTransaction(async (ctx) => {
    await lockAccessModel(ctx);
    const role = await getRow(ctx, roleId);
    if (!mayBeAdministrator && role.code === ADMINISTRATOR && role.is_builtin) throw roleErrors.administrator();
    assertRoleWithinCeiling(ctx, await loadRole(ctx, roleId));
    return changeRightsOf(ctx, await listMemberIds(ctx, roleId), async (ctx) => {
      const result = await change(ctx, role);
      const after = await crud.findRole(ctx, roleId);
      if (after) assertRoleWithinCeiling(ctx, await loadRole(ctx, roleId));
      // Somebody may have become a member, and been read, while this was not committed yet.
      await ctx.afterCommit(() => ctx.access.forgetActors());
      return result;
    });
  });
}

export async function getPermissions(ctx: Context, roleId: number): Promise<RolePermissions> {
  const { version } = await getRow(ctx, roleId);
  return { permissions: (await crud.listPermissions(ctx, roleId)).map((row) => row.permission), version };
}

/** The menus with their permissions: what there is to give, whoever asks. */
export async function listGrantable(ctx: Context) {
  return { items: await listMenuTree(ctx) };
}

/** Replaces what a role permits. Throws `role.not_found`, `role.administrator`, `role.unknown_permission`, `conflict.stale`, `ceiling.exceeded`. */
export async function setPermissions(
  ctx: Context,
  roleId: number,
  input: RolePermissionsUpdate,
  dryRun: boolean,
): Promise<RightsChange> {
  const { permissions: held } = await getPermissions(ctx, roleId);
  await assertPermissionsKnown(ctx, input.permissions, held);
  return describeChange(ctx, await listMemberIds(ctx, roleId), dryRun, (ctx) =>
    changeRole(ctx, roleId, false, async (ctx) => {
      await moveVersion(ctx, roleId, input.version, {});
      await crud.replacePermissions(ctx, roleId, input.permissions);
    }),
  );
}

/** Replaces a role's data scope. Throws `role.not_found`, `role.administrator`, `role.dept_missing`, `role.dept_needed`, `conflict.stale`, `ceiling.exceeded`. */
export async function setDataScope(
  ctx: Context,
  roleId: number,
  input: RoleDataScope,
  dryRun: boolean,
): Promise<RightsChange> {
  const { data_scope, dept_ids: deptIds = [], includes_below = false, version } = input;
  await getRow(ctx, roleId);
  return describeChange(ctx, await listMemberIds(ctx, roleId), dryRun, (ctx) =>
    changeRole(ctx, roleId, false, async (ctx) => {
      await assertDeptsUsable(ctx, data_scope, deptIds);
      await moveVersion(ctx, roleId, version, { data_scope, includes_below });
      await crud.replaceDepts(ctx, roleId, data_scope === 'custom' ? deptIds : []);
    }),
  );
}

/** The members of a role that the caller may see. */
export async function listMembers(ctx: Context, roleId: number, query: MemberQuery) {
  await getRow(ctx, roleId);
  return crud.listMembers(ctx, roleId, query);
}

/** Gives a role to users; who has it already keeps it. Throws `role.not_found`, `role.user_missing`, `ceiling.exceeded`. */
export function addMembers(
  ctx: Context,
  roleId: number,
  userIds: readonly number[],
  dryRun: boolean,
): Promise<RightsChange> {
  return changeMembers(ctx, roleId, userIds, dryRun, async (ctx) => {
    const already = new Set((await crud.listMemberships(ctx, roleId, userIds)).map((row) => row.user_id));
    await crud.addMembers(
      ctx,
      roleId,
      userIds.filter((userId) => !already.has(userId)),
    );
  });
}

/** Takes a role from users. Throws `role.not_found`, `role.user_missing`, `ceiling.exceeded`. */
export function removeMembers(
  ctx: Context,
  roleId: number,
  userIds: readonly number[],
  dryRun: boolean,
): Promise<RightsChange> {
  return changeMembers(ctx, roleId, userIds, dryRun, (ctx) => crud.removeMembers(ctx, roleId, userIds));
}

async function changeMembers(
  ctx: Context,
  roleId: number,
  userIds: readonly number[],
  dryRun: boolean,
  change: (ctx: Context) => Promise<unknown>,
): Promise<RightsChange> {
  const role = await getRow(ctx, roleId);
  const visible = new Set(await crud.listVisibleUserIds(ctx, userIds));
  const missing = userIds.flatMap((userId, index) =>
    visible.has(userId) ? [] : [{ path: `user_ids.${index}`, message: roleErrors.user_missing.definition.message }],
  );
  if (missing.length > 0) throw roleErrors.user_missing().at(...missing);
  return describeChange(ctx, userIds, dryRun, (ctx) =>
    ctx.inTransaction(async (ctx) => {
      await lockAccessModel(ctx);
      assertRoleWithinCeiling(ctx, await loadRole(ctx, role.id));
      await changeRightsOf(ctx, userIds, change);
    }),
  );
}

/** A grant must be a code of the catalogue or of a page, a wildcard, or already held (its route may be gone for now). */
async function assertPermissionsKnown(
  ctx: Context,
  permissions: readonly string[],
  held: readonly string[],
): Promise<void> {
  const pages = new Set(await listPagePermissions(ctx));
  const unknown = permissions.filter(
    (permission) =>
      !permission.includes('*') &&
      !ctx.catalogue.has(permission) &&
      !pages.has(permission) &&
      !held.includes(permission),
  );
  const [first] = unknown;
  if (!first) return;
  throw roleErrors.unknown_permission({ permission: first }).at(
    ...unknown.map((permission) => ({
      path: `permissions.${permissions.indexOf(permission)}`,
      message: roleErrors.unknown_permission.definition.message,
      params: { permission },
    })),
  );
}

async function assertDeptsUsable(ctx: Context, dataScope: DataScopeName, deptIds: readonly number[]): Promise<void> {
  if (dataScope !== 'custom') return;
  if (deptIds.length === 0) throw roleErrors.dept_needed().on('dept_ids');
  if ((await crud.countVisibleDepts(ctx, deptIds)) !== deptIds.length) throw roleErrors.dept_missing().on('dept_ids');
}

/** Deletes all of them or none. Throws `conflict.batch_refused`, naming each that was refused and why. */
export function deleteRoles(ctx: Context, ids: readonly number[]): Promise<void> {
  return forAll(ctx, ids, deleteRole);
}
