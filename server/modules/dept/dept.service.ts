import { forAll } from '#core/batch.ts';
import type { Context } from '#core/context.ts';
import { conflictErrors } from '#core/errors.ts';
import { assertSeesSubtree, changeRightsOf, lockAccessModel } from '../access/ceiling.service.ts';
import { scopeHoldsDept } from '../access/rights.service.ts';
import * as crud from './dept.crud.ts';
import { deptErrors } from './dept.errors.ts';
import type { DeptCreate, DeptOut, DeptQuery, DeptUpdate } from './dept.schema.ts';

/** The column holds 255 characters; this leaves room for ids of up to twelve digits on every level. */
const LONGEST_PATH = 240;

function toDeptOut({ updated_by: _editor, ...row }: crud.DeptRow): DeptOut {
  return { ...row, created_at: row.created_at.toISOString(), updated_at: row.updated_at.toISOString() };
}

export async function listDepts(ctx: Context, query: DeptQuery): Promise<{ items: DeptOut[] }> {
  return { items: (await crud.listDepts(ctx, query)).map(toDeptOut) };
}

/** Throws `dept.not_found`, also for a department outside the scope. */
export async function getDept(ctx: Context, deptId: number): Promise<DeptOut> {
  return toDeptOut(await getRow(ctx, deptId));
}

async function getRow(ctx: Context, deptId: number): Promise<crud.DeptRow> {
  const row = await crud.findDept(ctx, deptId);
  if (!row) throw deptErrors.not_found();
  return row;
}

/** Adds a department below one of the caller's. Throws `dept.parent_missing`, `dept.leader_missing`, `dept.too_deep`, `dept.code_taken`. */
export function createDept(ctx: Context, input: DeptCreate): Promise<DeptOut> {
  return ctx.inTransaction(async (ctx) => {
    await crud.lockTree(ctx);
    const above = await pathOfParent(ctx, input.parent_id ?? null);
    await assertLeader(ctx, input.leader_id);
    const deptId = await crud.insertDept(ctx, { ...input, path: `/new-${input.code}/` });
    await crud.setPath(ctx, deptId, boundedPath(`${above}${deptId}/`));
    const row = await crud.findDept(ctx, deptId);
    // A scope of single departments does not reach below them.
    if (!row) throw deptErrors.parent_missing().on('parent_id');
    return toDeptOut(row);
  });
}

/** The path a new child is appended to; a root is only for those who see everything. Throws `dept.parent_missing`. */
async function pathOfParent(ctx: Context, parentId: number | null): Promise<string> {
  if (parentId === null && ctx.actor.scope.all) return '/';
  const parent = parentId === null ? undefined : await crud.findDept(ctx, parentId);
  if (!parent) throw deptErrors.parent_missing().on('parent_id');
  return parent.path;
}

function boundedPath(path: string): string {
  if (path.length > LONGEST_PATH) throw deptErrors.too_deep().on('parent_id');
  return path;
}

/**
 * Changes what is named; another `parent_id` moves the whole subtree. Throws `dept.not_found`, `dept.cycle`, `conflict.stale`, what
 * creating throws, and `ceiling.exceeded` when people whose rights follow from the place would come to exceed the caller.
 */
export function updateDept(ctx: Context, deptId: number, input: DeptUpdate): Promise<DeptOut> {
  return ctx.inTransaction(async (ctx) => {
    const { version, ...changes } = input;
    if (changes.parent_id !== undefined) {
      await lockAccessModel(ctx);
      await crud.lockTree(ctx);
    }
    const dept = await getRow(ctx, deptId);
    await assertLeader(ctx, changes.leader_id);
    const moves = changes.parent_id !== undefined && changes.parent_id !== dept.parent_id;
    if (moves) await move(ctx, dept, changes.parent_id ?? null);
    if (!(await crud.updateDept(ctx, deptId, version, changes))) throw conflictErrors.stale().on('version');
    return getDept(ctx, deptId);
  });
}

async function move(ctx: Context, dept: crud.DeptRow, parentId: number | null): Promise<void> {
  const above = await pathOfParent(ctx, parentId);
  if (above.startsWith(dept.path)) throw deptErrors.cycle().on('parent_id');
  const target = boundedPath(`${above}${dept.id}/`);
  const moved = (await crud.listPathsBelow(ctx, dept.path)).map(({ path }) => path);
  assertSeesSubtree(ctx, dept.id, moved);
  const userIds = (await crud.listUserIdsBelow(ctx, dept.path)).map((user) => user.id);
  await changeRightsOf(ctx, userIds, (ctx) => crud.moveSubtree(ctx, dept.path, target));
  // Scopes of people elsewhere may reach into the subtree, so everybody's snapshot is read anew.
  await ctx.afterCommit(() => ctx.access.forgetActors());
}

/** Throws `dept.not_found`, `dept.has_children`, `dept.has_users`, naming them. */
export function deleteDept(ctx: Context, deptId: number): Promise<void> {
  return ctx.inTransaction(async (ctx) => {
    await getRow(ctx, deptId);
    const children = await crud.listSomeChildren(ctx, deptId);
    if (children.length > 0) {
      const names = children.map(({ name, path }) => (scopeHoldsDept(ctx.actor.scope, path, false) ? name : '…'));
      throw deptErrors.has_children({ names: [...new Set(names)].join(', ') });
    }
    const users = await crud.listSomeUsers(ctx, deptId);
    if (users.length > 0) throw deptErrors.has_users({ names: users.map((user) => user.username).join(', ') });
    await crud.deleteDept(ctx, deptId);
    await ctx.afterCommit(() => ctx.access.forgetActors());
  });
}

async function assertLeader(ctx: Context, leaderId: number | null | undefined): Promise<void> {
  if (leaderId != null && !(await crud.findUser(ctx, leaderId))) throw deptErrors.leader_missing().on('leader_id');
}

/** Deletes all of them or none, those further down first. Throws `conflict.batch_refused`, naming each that was refused and why. */
export async function deleteDepts(ctx: Context, ids: readonly number[]): Promise<void> {
  const paths = new Map((await crud.listDepts(ctx, {})).map((dept) => [dept.id, dept.path.length]));
  const downFirst = ids.toSorted((one, other) => (paths.get(other) ?? 0) - (paths.get(one) ?? 0));
  await forAll(ctx, ids, deleteDept, downFirst);
}
