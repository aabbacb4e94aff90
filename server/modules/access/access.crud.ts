import type { Context } from '#core/context.ts';
import { contains, readPage } from '#core/crud.ts';
import type { HolderQuery } from './access.schema.ts';

const why = 'rights are what scopes are made of, so they are read before a scope exists';

export function listUsers(ctx: Context, userIds: readonly number[]) {
  return ctx
    .unscoped('users', why)
    .select()
    .leftJoin('depts', 'depts.id', 'users.dept_id')
    .select([
      'users.id',
      'users.username',
      'users.is_active',
      'users.is_superuser',
      'users.must_change_password',
      'users.dept_id',
      'depts.path as dept_path',
    ])
    .select((eb) => [
      eb
        .exists(
          eb
            .selectFrom('totp_secrets')
            .select('totp_secrets.user_id')
            .whereRef('totp_secrets.user_id', '=', 'users.id')
            .where('totp_secrets.confirmed_at', 'is not', null),
        )
        .as('has_totp'),
      eb
        .exists(eb.selectFrom('passkeys').select('passkeys.id').whereRef('passkeys.user_id', '=', 'users.id'))
        .as('has_passkey'),
    ])
    .where('users.id', 'in', userIds)
    .execute();
}

export function listMemberships(ctx: Context, userIds: readonly number[]) {
  return ctx
    .unscoped('user_roles', why)
    .select()
    .select(['user_id', 'role_id'])
    .where('user_id', 'in', userIds)
    .execute();
}

export function listMemberIds(ctx: Context, roleId: number) {
  return ctx
    .unscoped('user_roles', why)
    .select()
    .select('user_id')
    .where('role_id', '=', roleId)
    .orderBy('user_id')
    .execute();
}

export function listRoles(ctx: Context, roleIds: readonly number[]) {
  return ctx
    .unscoped('roles', why)
    .select()
    .select(['id', 'code', 'name', 'data_scope', 'includes_below', 'is_enabled', 'requires_second_factor'])
    .where('id', 'in', roleIds)
    .orderBy('id')
    .execute();
}

export function listPermissions(ctx: Context, roleIds: readonly number[]) {
  return ctx
    .unscoped('role_permissions', why)
    .select()
    .select(['role_id', 'permission'])
    .where('role_id', 'in', roleIds)
    .execute();
}

export function listCustomDepts(ctx: Context, roleIds: readonly number[]) {
  return ctx
    .unscoped('role_depts', why)
    .select()
    .innerJoin('depts', 'depts.id', 'role_depts.dept_id')
    .select(['role_depts.role_id', 'depts.id', 'depts.path'])
    .where('role_depts.role_id', 'in', roleIds)
    .execute();
}

export function listMenuStates(ctx: Context) {
  return ctx
    .unscoped('menus', why)
    .select()
    .select(['id', 'parent_id', 'permission', 'is_enabled', 'is_orphan', 'title', 'title_en', 'kind'])
    .execute();
}

export function listDeptPaths(ctx: Context, deptIds: readonly number[]) {
  return ctx.unscoped('depts', why).select().select(['id', 'path']).where('id', 'in', deptIds).execute();
}

/** Ids in one statement: below what every database takes. */
export const IDS_PER_STATEMENT = 1000;

/** Which of the users the actor may see. */
export async function listVisibleUserIds(ctx: Context, userIds: readonly number[]): Promise<number[]> {
  const visible: number[] = [];
  for (let start = 0; start < userIds.length; start += IDS_PER_STATEMENT) {
    const ids = userIds.slice(start, start + IDS_PER_STATEMENT);
    const rows = await ctx.rows('users').select().select('users.id').where('users.id', 'in', ids).execute();
    visible.push(...rows.map((row) => row.id));
  }
  return visible;
}

/** Whether a row is among those the context's actor may see. */
export async function seesRow(ctx: Context, table: string, rowId: number): Promise<boolean> {
  // The statement is the same for every entity with an id; `users` stands for whichever it is.
  const row = await ctx
    .rows(table as 'users')
    .select()
    .select('id')
    .where('id', '=', rowId)
    .executeTakeFirst();
  return row !== undefined;
}

/** The columns of a row that its data scope looks at. */
export async function findScopeColumns(
  ctx: Context,
  table: string,
  rowId: number,
  columns: readonly string[],
): Promise<Record<string, unknown>> {
  if (columns.length === 0) return {};
  const row = await ctx
    .rows(table as 'users')
    .select()
    .select(columns as ['id'])
    .where('id', '=', rowId)
    .executeTakeFirst();
  return { ...row };
}

export async function findDeptPath(ctx: Context, deptId: unknown): Promise<string | undefined> {
  return typeof deptId === 'number' ? (await listDeptPaths(ctx, [deptId]))[0]?.path : undefined;
}

/**
 * Makes writes of the access model wait for each other until their transactions end. They are rare, and what one of them checked
 * must still be so when it commits; the administrator's role, which nobody deletes, stands for the whole model.
 */
export function lockAccessModel(ctx: Context) {
  return ctx.unscoped('roles', why).select().select('id').where('code', '=', 'admin').forUpdate().execute();
}

/** The active users in the actor's scope who have one of the grants by an enabled role, and the administrators. */
export function listHolders(ctx: Context, grants: readonly string[], query: HolderQuery) {
  const { permission: _permission, keyword, ...page } = query;
  let matching = ctx
    .rows('users')
    .select()
    .where('users.is_active', '=', true)
    .where((eb) => {
      const byRole = eb
        .selectFrom('user_roles')
        .innerJoin('roles', 'roles.id', 'user_roles.role_id')
        .innerJoin('role_permissions', 'role_permissions.role_id', 'roles.id')
        .select('user_roles.user_id')
        .where('roles.is_enabled', '=', true)
        .where('role_permissions.permission', 'in', grants);
      const isSuperuser = eb('users.is_superuser', '=', true);
      return grants.length > 0 ? eb.or([isSuperuser, eb('users.id', 'in', byRole)]) : isSuperuser;
    });
  if (keyword) matching = matching.where(contains(['users.username', 'users.name'], keyword));
  return readPage({ order_by: 'username', ...page }, matching, 'users', (ids) =>
    ctx
      .rows('users')
      .select()
      .select(['users.id', 'users.username', 'users.name', 'users.dept_id', 'users.is_superuser'])
      .where('users.id', 'in', ids)
      .execute(),
  );
}
