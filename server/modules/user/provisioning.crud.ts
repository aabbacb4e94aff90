import type { Insertable } from 'kysely';
import type { Context } from '#core/context.ts';
import type { Tables } from '#core/entity.ts';

const why = 'an outside sign-in decides about a user before anybody is signed in';

export function findByEmail(ctx: Context, email: string) {
  return ctx
    .unscoped('users', why)
    .select()
    .select(['id', 'is_superuser'])
    .where('email', '=', email)
    .executeTakeFirst();
}

export function findByUsername(ctx: Context, username: string) {
  return ctx.unscoped('users', why).select().select('id').where('username', '=', username).executeTakeFirst();
}

export function insertUser(ctx: Context, user: Insertable<Tables['users']>) {
  return ctx.unscoped('users', why).insert(user);
}

export function findDeptByCode(ctx: Context, code: string) {
  return ctx.unscoped('depts', why).select().select('id').where('code', '=', code).executeTakeFirst();
}

/** Roles by code, but for those that give everything: no provider hands out those. */
export function listLimitedRoles(ctx: Context, codes: readonly string[]) {
  return ctx
    .unscoped('roles', why)
    .select()
    .select(['id', 'code'])
    .where('code', 'in', codes)
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('role_permissions as held')
            .select('held.role_id')
            .whereRef('held.role_id', '=', 'roles.id')
            .where('held.permission', '=', '*:*:*'),
        ),
      ),
    )
    .execute();
}

export function listRoleIdsOf(ctx: Context, userId: number) {
  return ctx.unscoped('user_roles', why).select().select('role_id').where('user_id', '=', userId).execute();
}

export async function changeRoles(ctx: Context, userId: number, given: readonly number[], taken: readonly number[]) {
  if (taken.length > 0) {
    await ctx
      .unscoped('user_roles', why)
      .delete()
      .where('user_id', '=', userId)
      .where('role_id', 'in', taken)
      .execute();
  }
  await ctx.unscoped('user_roles', why).insertMany(given.map((role_id) => ({ user_id: userId, role_id })));
}
