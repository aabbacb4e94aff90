import type { Updateable } from 'kysely';
import type { Context } from '#core/context.ts';
import type { Tables } from '#core/entity.ts';
import { conflictErrors, type ErrorDetail } from '#core/errors.ts';
import { hashPassword, verifyPassword } from '#core/password.ts';
import { DEFAULT_PAGE_SIZE, type Page } from '#core/schema.ts';
import { endSessionsOfUser } from '../session/session.service.ts';
import * as crud from './user.crud.ts';
import { userErrors } from './user.errors.ts';
import type { PasswordChange, ProfileUpdate, UserCreate, UserOut, UserQuery, UserUpdate } from './user.schema.ts';

function toUserOut(row: crud.UserRow): UserOut {
  return {
    id: row.id,
    username: row.username,
    email: row.email,
    is_active: row.is_active,
    is_superuser: row.is_superuser,
    must_change_password: row.must_change_password,
    name: row.name,
    phone: row.phone,
    avatar: row.avatar,
    remark: row.remark,
    dept_id: row.dept_id,
    dept_name: row.dept_name,
    last_sign_in_at: row.last_sign_in_at?.toISOString() ?? null,
    version: row.version,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}

/** A page of the users in the caller's scope. */
export async function listUsers(ctx: Context, query: UserQuery): Promise<Page<UserOut>> {
  const dept = query.dept_id === undefined ? undefined : await crud.findDept(ctx, query.dept_id);
  if (query.dept_id !== undefined && !dept) {
    return { items: [], total: 0, page: query.page ?? 1, page_size: query.page_size ?? DEFAULT_PAGE_SIZE };
  }
  const page = await crud.listUsers(ctx, query, dept?.path);
  return { ...page, items: page.items.map(toUserOut) };
}

/** Throws `user.not_found`, also for a user outside the caller's scope. */
export async function getUser(ctx: Context, userId: number): Promise<UserOut> {
  return toUserOut(await getRow(ctx, userId));
}

async function getRow(ctx: Context, userId: number): Promise<crud.UserRow> {
  const row = await crud.findUser(ctx, userId);
  if (!row) throw userErrors.not_found();
  return row;
}

/** Throws `user.username_taken` and `user.email_taken` (by the unique constraints), `user.dept_missing`, `user.password_too_short`. */
export async function createUser(ctx: Context, input: UserCreate): Promise<UserOut> {
  const { password, email, ...fields } = input;
  assertPasswordAllowed(ctx, password, 'password');
  const hashedPassword = await hashPassword(password);
  return ctx.inTransaction(async (ctx) => {
    await assertDeptUsable(ctx, fields.dept_id);
    const userId = await crud.insertUser(ctx, {
      ...fields,
      email: email.toLowerCase(),
      hashed_password: hashedPassword,
    });
    return getUser(ctx, userId);
  });
}

/**
 * Changes what is named. Throws `user.not_found`, `conflict.stale` for an old version, `user.administrator_protected`,
 * `user.self_protected`, `user.dept_missing`, and the unique errors of creating.
 */
export function updateUser(ctx: Context, userId: number, input: UserUpdate): Promise<UserOut> {
  return ctx.inTransaction(async (ctx) => {
    const { version, email, ...fields } = input;
    const user = await getRow(ctx, userId);
    assertMayChange(ctx, user, fields.is_active === false);
    if (fields.dept_id !== undefined && fields.dept_id !== user.dept_id) await assertDeptUsable(ctx, fields.dept_id);
    await applyChanges(ctx, userId, version, { ...fields, ...(email && { email: email.toLowerCase() }) });
    if (fields.is_active === false) await endSessionsOfUser(ctx, userId, 'user disabled');
    return getUser(ctx, userId);
  });
}

async function applyChanges(
  ctx: Context,
  userId: number,
  version: number | undefined,
  changes: Updateable<Tables['users']>,
) {
  if (!(await crud.updateUser(ctx, userId, version, changes))) throw conflictErrors.stale().on('version');
  await ctx.afterCommit(() => ctx.access.forgetActor(userId));
}

/** Throws `user.not_found`, `user.administrator_protected`, `user.self_protected`. */
export function deleteUser(ctx: Context, userId: number): Promise<void> {
  return ctx.inTransaction(async (ctx) => {
    assertMayChange(ctx, await getRow(ctx, userId), true);
    await removeUsers(ctx, [userId]);
  });
}

/** Deletes all of the users or none. Throws `user.batch_refused`, naming each that cannot be deleted and why. */
export function deleteUsers(ctx: Context, ids: readonly number[]): Promise<void> {
  return ctx.inTransaction(async (ctx) => {
    const found = new Map((await crud.listUsersById(ctx, ids)).map((user) => [user.id, user]));
    const refused = ids.flatMap((userId, index): ErrorDetail[] => {
      const user = found.get(userId);
      const error = user ? refusal(ctx, user, true) : userErrors.not_found();
      return error ? [{ path: `ids.${index}`, message: error.definition.message }] : [];
    });
    if (refused.length > 0) throw userErrors.batch_refused().at(...refused);
    await removeUsers(ctx, ids);
  });
}

async function removeUsers(ctx: Context, ids: readonly number[]): Promise<void> {
  for (const userId of ids) await endSessionsOfUser(ctx, userId, 'user deleted');
  await crud.deleteUsers(ctx, ids);
  await ctx.afterCommit(() => {
    for (const userId of ids) ctx.access.forgetActor(userId);
  });
}

/** The signed-in user, whatever their scope: everybody sees themselves. */
export function getProfile(ctx: Context): Promise<UserOut> {
  return getUser(ctx, ctx.actor.userId);
}

export function updateProfile(ctx: Context, input: ProfileUpdate): Promise<UserOut> {
  return ctx.inTransaction(async (ctx) => {
    const { version, email, ...fields } = input;
    await applyChanges(ctx, ctx.actor.userId, version, { ...fields, ...(email && { email: email.toLowerCase() }) });
    return getProfile(ctx);
  });
}

/** Throws `user.password_wrong`, `user.password_same`, `user.password_too_short`. Ends the user's other sessions. */
export async function changePassword(ctx: Context, input: PasswordChange): Promise<void> {
  const { userId } = ctx.actor;
  const stored = await crud.findPasswordHash(ctx, userId);
  const { valid } = await verifyPassword(input.old_password, stored?.hashed_password ?? null);
  if (!valid) throw userErrors.password_wrong().on('old_password');
  if (input.new_password === input.old_password) throw userErrors.password_same().on('new_password');
  assertPasswordAllowed(ctx, input.new_password, 'new_password');
  const hashedPassword = await hashPassword(input.new_password);
  await ctx.inTransaction(async (ctx) => {
    await applyChanges(ctx, userId, undefined, { hashed_password: hashedPassword, must_change_password: false });
    await endSessionsOfUser(ctx, userId, 'password changed', ctx.caller.sessionId);
  });
}

/** Throws 422 for a password below the policy's length (NIST SP 800-63B §3.1.1.2: length, no composition rules). */
export function assertPasswordAllowed(ctx: Context, password: string, path: string): void {
  const minimum = ctx.settings.PASSWORD_MIN_LENGTH;
  if (password.normalize('NFKC').length < minimum) throw userErrors.password_too_short({ minimum }).on(path);
}

function assertMayChange(ctx: Context, user: crud.UserRow, removes: boolean): void {
  const error = refusal(ctx, user, removes);
  if (error) throw error;
}

/** Why the caller may not change a user; `removes` says that the change takes the user's access away. */
function refusal(ctx: Context, user: crud.UserRow, removes: boolean) {
  if (user.is_superuser && (removes || !ctx.actor.isSuperuser)) return userErrors.administrator_protected();
  if (removes && user.id === ctx.actor.userId) return userErrors.self_protected();
  return null;
}

async function assertDeptUsable(ctx: Context, deptId: number | null | undefined): Promise<void> {
  const required = !ctx.actor.scope.all && ctx.actor.scope.deptIds.length + ctx.actor.scope.deptPaths.length > 0;
  const usable = deptId == null ? !required : (await crud.findDept(ctx, deptId)) !== undefined;
  if (!usable) throw userErrors.dept_missing().on('dept_id');
}

/** What signing in needs to know of a user; null for an unknown name. */
export function findUserForSignIn(ctx: Context, username: string) {
  return crud.findUserForSignIn(ctx, username);
}

/** Notes a sign-in, and replaces the hash of the password if a newer one is given. */
export async function recordSignIn(
  ctx: Context,
  userId: number,
  rehash: { from: string; to: string } | null,
): Promise<void> {
  await crud.recordSignIn(ctx, userId);
  if (rehash) await crud.replaceHash(ctx, userId, rehash.from, rehash.to);
}
