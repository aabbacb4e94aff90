import type { Insertable, Updateable } from 'kysely';
import { endOfSubtree } from '#core/access.ts';
import type { Context } from '#core/context.ts';
import { contains, editorOf, gathered, readPage, sameWords } from '#core/crud.ts';
import type { Tables } from '#core/entity.ts';
import { prepared, type StatementTables } from '#core/prepared.ts';
import type { RowsOf } from '#core/rows.ts';
import type { UserOptionQuery, UserQuery } from './user.schema.ts';

const COLUMNS = [
  'users.id',
  'users.username',
  'users.email',
  'users.is_active',
  'users.is_superuser',
  'users.must_change_password',
  'users.name',
  'users.phone',
  'users.avatar',
  'users.remark',
  'users.dept_id',
  'users.last_sign_in_at',
  'users.version',
  'users.created_at',
  'users.updated_at',
] as const;

function readable(tables: StatementTables) {
  return tables
    .rows('users')
    .select()
    .select([...COLUMNS])
    .select((eb) => [
      eb.selectFrom('depts as dept').select('dept.name').whereRef('dept.id', '=', 'users.dept_id').as('dept_name'),
      editorOf(eb, 'users'),
    ]);
}

const oneUser = prepared((tables, { id }: { id: number }) =>
  readable(tables)
    .select((eb) => [
      eb
        .selectFrom('user_roles as given')
        .select(gathered(tables.dialect, 'given.role_id').as('ids'))
        .whereRef('given.user_id', '=', 'users.id')
        .as('role_ids'),
      eb
        .selectFrom('user_positions as held')
        .select(gathered(tables.dialect, 'held.position_id').as('ids'))
        .whereRef('held.user_id', '=', 'users.id')
        .as('position_ids'),
    ])
    .where('users.id', '=', id),
);

const usersById = prepared((tables, { ids }: { ids: readonly number[] }) =>
  readable(tables).where('users.id', 'in', ids),
);

export type UserRow = Awaited<ReturnType<typeof listUsersById>>[number];
export type UserDetailRow = NonNullable<Awaited<ReturnType<typeof findUser>>>;

export async function findUser(ctx: Context, userId: number) {
  return (await ctx.run(oneUser, { id: userId })).at(0);
}

export function listUsersById(ctx: Context, ids: readonly number[]) {
  return ctx.run(usersById, { ids });
}

type UserFilter = Omit<UserQuery, 'page' | 'page_size' | 'order_by'>;

/** `deptPath` narrows the users to a department and all below it. */
function narrowed(users: RowsOf<'users'>, filter: UserFilter, deptPath?: string): RowsOf<'users'> {
  let matching = users;
  if (filter.keyword) {
    matching = matching.where(contains(['users.username', 'users.name', 'users.email', 'users.phone'], filter.keyword));
  }
  for (const field of ['username', 'email', 'name', 'phone'] as const) {
    const part = filter[field];
    if (part) matching = matching.where(contains([`users.${field}`], part));
  }
  if (filter.is_active !== undefined) matching = matching.where('users.is_active', '=', filter.is_active);
  if (filter.created_at_from) matching = matching.where('users.created_at', '>=', new Date(filter.created_at_from));
  if (filter.created_at_to) matching = matching.where('users.created_at', '<=', new Date(filter.created_at_to));
  if (deptPath !== undefined) {
    matching = matching.where('users.dept_id', 'in', (eb) =>
      eb
        .selectFrom('depts as below')
        .select('below.id')
        .where('below.path', '>=', deptPath)
        .where('below.path', '<', endOfSubtree(deptPath)),
    );
  }
  return matching;
}

export function listUsers(ctx: Context, query: UserQuery, deptPath?: string) {
  const matching = ctx.rows('users').matching((users) => narrowed(users, query, deptPath), deptPath !== undefined);
  return readPage(query, matching, 'users', (ids) => listUsersById(ctx, ids));
}

/** The next users after a key, for walking through all of them without deep pages. */
export function listUsersAfter(
  ctx: Context,
  filter: UserFilter,
  deptPath: string | undefined,
  afterId: number,
  limit: number,
) {
  return narrowed(ctx.rows('users').select(), filter, deptPath)
    .select([
      'users.id',
      'users.username',
      'users.email',
      'users.name',
      'users.phone',
      'users.is_active',
      'users.dept_id',
      'users.created_at',
    ])
    .where('users.id', '>', afterId)
    .orderBy('users.id')
    .limit(limit)
    .execute();
}

export function listOptions(ctx: Context, query: UserOptionQuery) {
  const filter = { is_active: true, ...(query.keyword !== undefined && { keyword: query.keyword }) };
  const matching = ctx.rows('users').matching((users) => narrowed(users, filter));
  return readPage({ order_by: 'username', ...query }, matching, 'users', (ids) =>
    ctx
      .rows('users')
      .select()
      .select(['users.id', 'users.username', 'users.name'])
      .where('users.id', 'in', ids)
      .execute(),
  );
}

export function listRoleIds(ctx: Context, userId: number) {
  return ctx.rows('user_roles').select().select('role_id').where('user_id', '=', userId).orderBy('role_id').execute();
}

const whyPivot =
  'the user was checked against the scope and the grant ceiling; a pivot row has no scope of its own to insert by';

export async function replaceRoles(ctx: Context, userId: number, roleIds: readonly number[]) {
  await ctx.unscoped('user_roles', whyPivot).delete().where('user_id', '=', userId).execute();
  await ctx.unscoped('user_roles', whyPivot).insertMany(roleIds.map((role_id) => ({ user_id: userId, role_id })));
}

export async function replacePositions(ctx: Context, userId: number, positionIds: readonly number[]) {
  await ctx.unscoped('user_positions', whyPivot).delete().where('user_id', '=', userId).execute();
  await ctx
    .unscoped('user_positions', whyPivot)
    .insertMany(positionIds.map((position_id) => ({ user_id: userId, position_id })));
}

export function insertUser(ctx: Context, user: Insertable<Tables['users']>) {
  return ctx.rows('users').insert(user);
}

/** Changes a user, if its version is still the given one; tells whether it was. */
export async function updateUser(
  ctx: Context,
  userId: number,
  version: number | undefined,
  changes: Updateable<Tables['users']>,
) {
  let update = ctx.rows('users').update(changes).where('id', '=', userId);
  if (version !== undefined) update = update.where('version', '=', version);
  const result = await update.executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

export function deleteUsers(ctx: Context, ids: readonly number[]) {
  return ctx.rows('users').delete().where('id', 'in', ids).execute();
}

export function findDept(ctx: Context, deptId: number) {
  return ctx.rows('depts').select().select(['id', 'path']).where('id', '=', deptId).executeTakeFirst();
}

const whyPassword = 'a hash is compared, never shown; whose it is was decided by the caller';

export function findPasswordHash(ctx: Context, userId: number) {
  return ctx
    .unscoped('users', whyPassword)
    .select()
    .select('hashed_password')
    .where('id', '=', userId)
    .executeTakeFirst();
}

const whySignIn = 'a user is looked up by name before anybody is signed in';

export function findUserForSignIn(ctx: Context, username: string) {
  return ctx
    .unscoped('users', whySignIn)
    .select()
    .select(['id', 'username', 'hashed_password'])
    .where('username', '=', username)
    .executeTakeFirst();
}

export function findAccountByEmail(ctx: Context, email: string) {
  return ctx
    .unscoped('users', whySignIn)
    .select()
    .select(['id', 'username', 'is_active'])
    .where('email', '=', email)
    .executeTakeFirst();
}

const whyRegistration = 'somebody who registers is nobody yet';

export function findUsernameLike(ctx: Context, username: string) {
  return ctx
    .unscoped('users', whyRegistration)
    .select()
    .select('id')
    .where(sameWords('users.username', username))
    .executeTakeFirst();
}

export function insertRegistered(ctx: Context, user: Insertable<Tables['users']>) {
  return ctx.unscoped('users', whyRegistration).insert(user);
}

export function findAccount(ctx: Context, userId: number) {
  return ctx
    .unscoped('users', whySignIn)
    .select()
    .select(['id', 'username', 'email', 'is_active', 'must_change_password', 'password_changed_at', 'created_at'])
    .where('id', '=', userId)
    .executeTakeFirst();
}

/** A sign-in is no edit: it moves neither the version nor the time of the last change. */
export function recordSignIn(ctx: Context, userId: number) {
  return ctx
    .unscoped('users', whySignIn)
    .updateQuietly({ last_sign_in_at: ctx.now() })
    .where('id', '=', userId)
    .execute();
}

/** Replaces a hash by a newer one of the same password, unless the password was changed meanwhile. */
export function replaceHash(ctx: Context, userId: number, oldHash: string, newHash: string) {
  return ctx
    .unscoped('users', whySignIn)
    .updateQuietly({ hashed_password: newHash })
    .where('id', '=', userId)
    .where('hashed_password', '=', oldHash)
    .execute();
}
