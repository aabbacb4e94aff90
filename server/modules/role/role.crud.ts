import type { Insertable, Updateable } from 'kysely';
import type { Context } from '#core/context.ts';
import { contains, editorOf, readPage } from '#core/crud.ts';
import type { Tables } from '#core/entity.ts';
import type { MemberQuery, RoleQuery } from './role.schema.ts';

export type RoleRow = NonNullable<Awaited<ReturnType<typeof findRole>>>;

function readable(ctx: Context) {
  return ctx
    .rows('roles')
    .select()
    .selectAll('roles')
    .select((eb) => editorOf(eb, 'roles'));
}

export function findRole(ctx: Context, roleId: number) {
  return readable(ctx).where('roles.id', '=', roleId).executeTakeFirst();
}

export function listRolesById(ctx: Context, ids: readonly number[]) {
  return readable(ctx).where('roles.id', 'in', ids).orderBy('roles.order').orderBy('roles.id').execute();
}

export function listRoles(ctx: Context, query: RoleQuery) {
  let matching = ctx.rows('roles').select();
  if (query.keyword) matching = matching.where(contains(['roles.name', 'roles.code'], query.keyword));
  if (query.is_enabled !== undefined) matching = matching.where('is_enabled', '=', query.is_enabled);
  return readPage({ order_by: 'order,id', ...query }, matching, 'roles', (ids) => listRolesById(ctx, ids));
}

export function listOptions(ctx: Context) {
  return ctx
    .rows('roles')
    .select()
    .select(['id', 'code', 'name'])
    .where('is_enabled', '=', true)
    .orderBy('order')
    .orderBy('id')
    .limit(1000)
    .execute();
}

export function listRoleIdsOf(ctx: Context, userId: number) {
  return ctx.rows('user_roles').select().select('role_id').where('user_id', '=', userId).execute();
}

export function listDepts(ctx: Context, roleIds: readonly number[]) {
  return ctx
    .rows('role_depts')
    .select()
    .select(['role_id', 'dept_id'])
    .where('role_id', 'in', roleIds)
    .orderBy('dept_id')
    .execute();
}

export function listPermissions(ctx: Context, roleId: number) {
  return ctx
    .rows('role_permissions')
    .select()
    .select('permission')
    .where('role_id', '=', roleId)
    .orderBy('permission')
    .execute();
}

export function insertRole(ctx: Context, role: Insertable<Tables['roles']>) {
  return ctx.rows('roles').insert(role);
}

export async function updateRole(
  ctx: Context,
  roleId: number,
  version: number | undefined,
  changes: Updateable<Tables['roles']>,
) {
  let update = ctx.rows('roles').update(changes).where('id', '=', roleId);
  if (version !== undefined) update = update.where('version', '=', version);
  return (await update.executeTakeFirst()).numUpdatedRows > 0n;
}

export function deleteRole(ctx: Context, roleId: number) {
  return ctx.rows('roles').delete().where('id', '=', roleId).execute();
}

export async function replacePermissions(ctx: Context, roleId: number, permissions: readonly string[]) {
  await ctx.rows('role_permissions').delete().where('role_id', '=', roleId).execute();
  await ctx.rows('role_permissions').insertMany(permissions.map((permission) => ({ role_id: roleId, permission })));
}

export async function replaceDepts(ctx: Context, roleId: number, deptIds: readonly number[]) {
  await ctx.rows('role_depts').delete().where('role_id', '=', roleId).execute();
  await ctx.rows('role_depts').insertMany(deptIds.map((dept_id) => ({ role_id: roleId, dept_id })));
}

export async function countVisibleDepts(ctx: Context, deptIds: readonly number[]) {
  const row = await ctx
    .rows('depts')
    .select()
    .select((eb) => eb.fn.countAll<number>().as('found'))
    .where('id', 'in', deptIds)
    .executeTakeFirstOrThrow();
  return row.found;
}

export function listMembers(ctx: Context, roleId: number, query: MemberQuery) {
  const matching = ctx.rows('users').matching((users) => {
    const members = users.where('users.id', 'in', (eb) =>
      eb.selectFrom('user_roles').select('user_roles.user_id').where('user_roles.role_id', '=', roleId),
    );
    return query.keyword ? members.where(contains(['users.username', 'users.name'], query.keyword)) : members;
  });
  return readPage(query, matching, 'users', (ids) =>
    ctx
      .rows('users')
      .select()
      .select(['users.id', 'users.username', 'users.name', 'users.is_active', 'users.dept_id'])
      .where('users.id', 'in', ids)
      .execute(),
  );
}

const whyMembers =
  'the users were checked against the scope and the grant ceiling; a membership has no scope of its own to insert by';

export function listMemberships(ctx: Context, roleId: number, userIds: readonly number[]) {
  return ctx
    .unscoped('user_roles', whyMembers)
    .select()
    .select('user_id')
    .where('role_id', '=', roleId)
    .where('user_id', 'in', userIds)
    .execute();
}

export function addMembers(ctx: Context, roleId: number, userIds: readonly number[]) {
  return ctx.unscoped('user_roles', whyMembers).insertMany(userIds.map((user_id) => ({ user_id, role_id: roleId })));
}

export function removeMembers(ctx: Context, roleId: number, userIds: readonly number[]) {
  return ctx.rows('user_roles').delete().where('role_id', '=', roleId).where('user_id', 'in', userIds).execute();
}

export async function listVisibleUserIds(ctx: Context, userIds: readonly number[]) {
  const rows = await ctx.rows('users').select().select('users.id').where('users.id', 'in', userIds).execute();
  return rows.map((row) => row.id);
}

const FEW = 5;

export function listSomeMembers(ctx: Context, roleId: number) {
  return ctx
    .unscoped('user_roles', 'a role in use anywhere cannot be deleted; a few names tell by whom')
    .select()
    .innerJoin('users', 'users.id', 'user_roles.user_id')
    .select(['users.id', 'users.username'])
    .where('user_roles.role_id', '=', roleId)
    .orderBy('users.id')
    .limit(FEW)
    .execute();
}
