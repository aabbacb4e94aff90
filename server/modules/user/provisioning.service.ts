import { randomBytes } from 'node:crypto';
import type { Context } from '#core/context.ts';
import { lockAccessModel } from '../access/ceiling.service.ts';
import * as crud from './provisioning.crud.ts';
import { findPasswordHash } from './user.crud.ts';

/** What stands in place of a hash for somebody who signs in elsewhere: no password fits it. */
const NO_PASSWORD = '!';

export function findUserByEmail(ctx: Context, email: string) {
  return crud.findByEmail(ctx, email);
}

export async function hasPassword(ctx: Context, userId: number): Promise<boolean> {
  return (await findPasswordHash(ctx, userId))?.hashed_password !== NO_PASSWORD;
}

/** Makes a user without a password and without rights of somebody whom a provider knows. Runs inside the caller's transaction. */
export async function createOutsideUser(
  ctx: Context,
  profile: {
    readonly email: string;
    readonly username: string;
    readonly name: string | null;
    readonly department: string | null;
  },
): Promise<number> {
  const { email, name, department } = profile;
  const dept = department === null ? undefined : await crud.findDeptByCode(ctx, department);
  if (department !== null && !dept) ctx.log.warn({ department }, 'the department for outside users does not exist');
  return crud.insertUser(ctx, {
    username: await freeUsername(ctx, profile.username),
    email,
    name,
    hashed_password: NO_PASSWORD,
    dept_id: dept?.id ?? null,
    created_at: ctx.now(),
    updated_at: ctx.now(),
  });
}

/** The wished name as far as names allow it, with a number behind it when somebody has it. */
async function freeUsername(ctx: Context, wished: string): Promise<string> {
  const allowed = wished
    .replace(/@.*$/, '')
    .replace(/[^\p{L}\p{N}_.-]/gu, '')
    .replace(/^[_.-]+/, '');
  const base = allowed.length < 2 ? 'user' : [...allowed].slice(0, 40).join('');
  if (!(await crud.findByUsername(ctx, base))) return base;
  return `${base}-${randomBytes(4).toString('hex')}`;
}

/**
 * Gives a user the wanted ones of the managed roles and takes the others of these away; roles that are not managed stay. Roles that
 * do not exist, or that give everything, are left out. Runs inside the caller's transaction.
 */
export async function applyMappedRoles(
  ctx: Context,
  userId: number,
  managed: ReadonlySet<string>,
  wanted: ReadonlySet<string>,
): Promise<void> {
  await lockAccessModel(ctx);
  const roles = await crud.listLimitedRoles(ctx, [...managed]);
  const left = [...managed].filter((code) => !roles.some((role) => role.code === code));
  if (left.length > 0) ctx.log.warn({ roles: left }, 'roles of a provider do not exist, or give everything');
  const held = new Set((await crud.listRoleIdsOf(ctx, userId)).map((row) => row.role_id));
  const given = roles.filter(({ id, code }) => wanted.has(code) && !held.has(id)).map(({ id }) => id);
  const taken = roles.filter(({ id, code }) => !wanted.has(code) && held.has(id)).map(({ id }) => id);
  if (given.length + taken.length === 0) return;
  await crud.changeRoles(ctx, userId, given, taken);
  await ctx.afterCommit(() => ctx.access.forgetActors([userId]));
}
