import { type Insertable, sql, type Updateable } from 'kysely';
import { endOfSubtree } from '#core/access.ts';
import type { Context } from '#core/context.ts';
import { contains, editorOf, nameOfUser } from '#core/crud.ts';
import type { Tables } from '#core/entity.ts';
import type { DeptQuery } from './dept.schema.ts';

export type DeptRow = NonNullable<Awaited<ReturnType<typeof findDept>>>;

function readable(ctx: Context) {
  return ctx
    .rows('depts')
    .select()
    .selectAll('depts')
    .select((eb) => [nameOfUser(eb, 'depts.leader_id', 'leader_name'), editorOf(eb, 'depts')]);
}

export function findDept(ctx: Context, deptId: number) {
  return readable(ctx).where('depts.id', '=', deptId).executeTakeFirst();
}

/** Departments are few (thousands at most) and needed as a tree, so a list is whole, in the order of the tree. */
export function listDepts(ctx: Context, query: DeptQuery) {
  let matching = readable(ctx);
  if (query.keyword) matching = matching.where(contains(['depts.name', 'depts.code'], query.keyword));
  if (query.is_enabled !== undefined) matching = matching.where('depts.is_enabled', '=', query.is_enabled);
  return matching.orderBy('depts.order').orderBy('depts.id').limit(20_000).execute();
}

export function insertDept(ctx: Context, dept: Insertable<Tables['depts']>) {
  return ctx.rows('depts').insert(dept);
}

export async function updateDept(
  ctx: Context,
  deptId: number,
  version: number | undefined,
  changes: Updateable<Tables['depts']>,
) {
  let update = ctx.rows('depts').update(changes).where('id', '=', deptId);
  if (version !== undefined) update = update.where('version', '=', version);
  return (await update.executeTakeFirst()).numUpdatedRows > 0n;
}

const whyWhole = 'a subtree moves or is counted as a whole; its root was checked against the scope';

/** Makes moves wait for each other until their transactions end: two at once could make a department its own ancestor. */
export function lockTree(ctx: Context) {
  return ctx
    .unscoped('depts', whyWhole)
    .select()
    .select('id')
    .where('parent_id', 'is', null)
    .orderBy('id')
    .forUpdate()
    .execute();
}

/** Gives a new place to a department's path and to every path below it. */
export function moveSubtree(ctx: Context, from: string, to: string) {
  const tail = sql<string>`substr(${sql.ref('path')}, ${sql.lit(from.length + 1)})`;
  return ctx
    .unscoped('depts', whyWhole)
    .updateQuietly({ path: sql<string>`concat(${sql.lit(to)}, ${tail})` as never })
    .where('path', '>=', from)
    .where('path', '<', endOfSubtree(from))
    .execute();
}

/** The path of the new department is known only with its id. */
export function setPath(ctx: Context, deptId: number, path: string) {
  return ctx.unscoped('depts', whyWhole).updateQuietly({ path }).where('id', '=', deptId).execute();
}

/** The paths of a department and of all below it. */
export function listPathsBelow(ctx: Context, path: string) {
  return ctx
    .unscoped('depts', whyWhole)
    .select()
    .select('path')
    .where('path', '>=', path)
    .where('path', '<', endOfSubtree(path))
    .execute();
}

export function listUserIdsBelow(ctx: Context, path: string) {
  return ctx
    .unscoped('users', whyWhole)
    .select()
    .innerJoin('depts', 'depts.id', 'users.dept_id')
    .select('users.id')
    .where('depts.path', '>=', path)
    .where('depts.path', '<', endOfSubtree(path))
    .execute();
}

const FEW = 5;

export function listSomeChildren(ctx: Context, deptId: number) {
  return ctx
    .unscoped('depts', whyWhole)
    .select()
    .select(['name', 'path'])
    .where('parent_id', '=', deptId)
    .orderBy('id')
    .limit(FEW)
    .execute();
}

export function listSomeUsers(ctx: Context, deptId: number) {
  return ctx
    .unscoped('users', whyWhole)
    .select()
    .select('username')
    .where('dept_id', '=', deptId)
    .orderBy('id')
    .limit(FEW)
    .execute();
}

export function deleteDept(ctx: Context, deptId: number) {
  return ctx.rows('depts').delete().where('id', '=', deptId).execute();
}

export function findUser(ctx: Context, userId: number) {
  return ctx.rows('users').select().select('users.id').where('users.id', '=', userId).executeTakeFirst();
}
