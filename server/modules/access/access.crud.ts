import type { Context } from '#core/context.ts';

const why = 'the snapshot decides about scopes, so it is read before one exists';

export function findUser(ctx: Context, userId: number) {
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
    .where('users.id', '=', userId)
    .executeTakeFirst();
}

export function listEnabledRoles(ctx: Context, userId: number) {
  return ctx
    .unscoped('user_roles', why)
    .select()
    .innerJoin('roles', 'roles.id', 'user_roles.role_id')
    .select(['roles.id', 'roles.data_scope'])
    .where('user_roles.user_id', '=', userId)
    .where('roles.is_enabled', '=', true)
    .execute();
}

export function listPermissions(ctx: Context, roleIds: readonly number[]) {
  return ctx.unscoped('role_permissions', why).select().select('permission').where('role_id', 'in', roleIds).execute();
}

export function listCustomDepts(ctx: Context, roleIds: readonly number[]) {
  return ctx.unscoped('role_depts', why).select().select('dept_id').where('role_id', 'in', roleIds).execute();
}
