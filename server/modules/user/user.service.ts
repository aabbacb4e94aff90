import { randomBytes } from 'node:crypto';
import type { Context } from '#core/context.ts';
import { gatheredIds } from '#core/crud.ts';
import { csvLine } from '#core/csv.ts';
import { conflictErrors } from '#core/errors.ts';
import { hashPassword } from '#core/password.ts';
import { DEFAULT_PAGE_SIZE, type Page } from '#core/schema.ts';
import { assertRoleWithinCeiling, assertTouchable, changeRightsOf } from '../access/ceiling.service.ts';
import { describeChange, type RightsChange } from '../access/preview.service.ts';
import { loadRoles } from '../access/rights.service.ts';
import { forgetFailures, waitsOf } from '../protection/attempt.service.ts';
import { endSessionsOfUser } from '../session/session.service.ts';
import { assertPasswordAllowed, storePassword } from './password.service.ts';
import * as crud from './user.crud.ts';
import { userErrors } from './user.errors.ts';
import type {
  PasswordResetResult,
  UserCreate,
  UserDetail,
  UserExport,
  UserOptionQuery,
  UserOut,
  UserQuery,
  UserUpdate,
} from './user.schema.ts';

function toUserOut(row: crud.UserRow, mustWaitUntil: Date | null): UserOut {
  return {
    must_wait_until: mustWaitUntil?.toISOString() ?? null,
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
    updated_by_name: row.updated_by_name,
  };
}

/** A page of the users in the caller's scope. */
export async function listUsers(ctx: Context, query: UserQuery): Promise<Page<UserOut>> {
  const dept = query.dept_id === undefined ? undefined : await crud.findDept(ctx, query.dept_id);
  if (query.dept_id !== undefined && !dept) {
    return { items: [], total: 0, page: query.page ?? 1, page_size: query.page_size ?? DEFAULT_PAGE_SIZE };
  }
  const page = await crud.listUsers(ctx, query, dept?.path);
  const waits = await waitsOf(
    ctx,
    page.items.map((row) => row.username),
  );
  return { ...page, items: page.items.map((row, index) => toUserOut(row, waits[index] ?? null)) };
}

/** Throws `user.not_found`, also for a user outside the caller's scope. */
export async function getUser(ctx: Context, userId: number): Promise<UserDetail> {
  const row = await getRow(ctx, userId);
  const [mustWaitUntil = null] = await waitsOf(ctx, [row.username]);
  return {
    ...toUserOut(row, mustWaitUntil),
    role_ids: gatheredIds(row.role_ids),
    position_ids: gatheredIds(row.position_ids),
  };
}

async function getRow(ctx: Context, userId: number): Promise<crud.UserDetailRow> {
  const row = await crud.findUser(ctx, userId);
  if (!row) throw userErrors.not_found();
  return row;
}

/**
 * Throws `user.username_taken` and `user.email_taken` (by the unique constraints), `user.dept_missing`, `user.password_too_short`,
 * and `ceiling.exceeded` when the roles give more than the caller holds.
 */
export async function createUser(ctx: Context, input: UserCreate): Promise<UserDetail> {
  const { password, email, role_ids: roleIds = [], position_ids: positionIds = [], ...fields } = input;
  await assertPasswordAllowed(ctx, password, 'password', input);
  const hashedPassword = await hashPassword(password);
  return ctx.inTransaction(async (ctx) => {
    await assertDeptUsable(ctx, fields.dept_id);
    const userId = await crud.insertUser(ctx, {
      ...fields,
      email: email.toLowerCase(),
      hashed_password: hashedPassword,
      password_changed_at: ctx.now(),
    });
    await crud.replacePositions(ctx, userId, positionIds);
    if (roleIds.length > 0) await changeRightsOf(ctx, [userId], (ctx) => giveRoles(ctx, userId, roleIds));
    return getUser(ctx, userId);
  });
}

/**
 * Changes what is named. Throws `user.not_found`, `conflict.stale` for an old version, `user.administrator_protected`,
 * `user.self_protected`, `user.dept_missing`, `ceiling.exceeded`, and the unique errors of creating.
 */
export function updateUser(ctx: Context, userId: number, input: UserUpdate): Promise<UserDetail> {
  return changeUser(ctx, userId, input.is_active === false, async (ctx, user) => {
    const { version, email, role_ids: roleIds, position_ids: positionIds, ...fields } = input;
    if (fields.dept_id !== undefined && fields.dept_id !== user.dept_id) await assertDeptUsable(ctx, fields.dept_id);
    const changes = { ...fields, ...(email && { email: email.toLowerCase() }) };
    if (!(await crud.updateUser(ctx, userId, version, changes))) throw conflictErrors.stale().on('version');
    if (positionIds) await crud.replacePositions(ctx, userId, positionIds);
    if (roleIds) await giveRoles(ctx, userId, roleIds);
    if (fields.is_active === false) await endSessionsOfUser(ctx, userId, 'user disabled');
    return getUser(ctx, userId);
  });
}

/**
 * Runs a change of one user who is in the caller's scope, not protected, and within the grant ceiling before and after it. `removes`
 * says that it takes the user's access away. Throws `user.not_found`, `user.administrator_protected`, `user.self_protected`,
 * `ceiling.exceeded`.
 */
export function changeUser<R>(
  ctx: Context,
  userId: number,
  removes: boolean,
  change: (ctx: Context, user: crud.UserRow) => Promise<R>,
): Promise<R> {
  return ctx.inTransaction(async (ctx) => {
    const user = await getRow(ctx, userId);
    assertMayChange(ctx, user, removes);
    return changeRightsOf(ctx, [userId], (ctx) => change(ctx, user));
  });
}

/** Each role that is given or taken must itself be within the ceiling: taking part in giving is giving. */
async function giveRoles(ctx: Context, userId: number, roleIds: readonly number[]): Promise<void> {
  const before = (await crud.listRoleIds(ctx, userId)).map((row) => row.role_id);
  const moved = [...roleIds.filter((id) => !before.includes(id)), ...before.filter((id) => !roleIds.includes(id))];
  const roles = await loadRoles(ctx, moved);
  for (const [index, roleId] of roleIds.entries()) {
    if (moved.includes(roleId) && !roles.has(roleId)) throw userErrors.role_missing().on(`role_ids.${index}`);
  }
  for (const role of roles.values()) assertRoleWithinCeiling(ctx, role);
  await crud.replaceRoles(ctx, userId, roleIds);
}

/** Replaces the roles of a user. Throws `user.not_found`, `user.role_missing`, `user.administrator_protected`, `ceiling.exceeded`. */
export async function setRoles(
  ctx: Context,
  userId: number,
  roleIds: readonly number[],
  dryRun: boolean,
): Promise<RightsChange> {
  await getRow(ctx, userId);
  return describeChange(ctx, [userId], dryRun, (ctx) =>
    changeUser(ctx, userId, false, (ctx) => giveRoles(ctx, userId, roleIds)),
  );
}

/**
 * Sets a password for somebody else, or makes a one-time password when none is given; either must be changed at the next sign-in.
 * Ends the user's sessions. Throws `user.not_found`, `user.administrator_protected`, `ceiling.exceeded` and what a password is refused for.
 */
export async function resetPassword(
  ctx: Context,
  userId: number,
  given: string | undefined,
): Promise<PasswordResetResult> {
  const user = await getRow(ctx, userId);
  if (given !== undefined) await assertPasswordAllowed(ctx, given, 'password', user);
  const password = given ?? randomBytes(12).toString('base64url');
  const hashedPassword = await hashPassword(password);
  await changeUser(ctx, userId, false, async (ctx) => {
    await storePassword(ctx, userId, hashedPassword, true);
    await endSessionsOfUser(ctx, userId, 'password reset');
  });
  await forgetFailures(ctx, user.username);
  return { one_time_password: given === undefined ? password : null };
}

/** Forgets the failed sign-ins in a user's name, so that nobody has to wait for them. Throws `user.not_found`, `ceiling.exceeded`. */
export async function unlockUser(ctx: Context, userId: number): Promise<void> {
  const user = await getRow(ctx, userId);
  await assertTouchable(ctx, [userId]);
  await forgetFailures(ctx, user.username);
}

/** Throws `user.not_found`, `user.administrator_protected`, `user.self_protected`, `ceiling.exceeded`. */
export function deleteUser(ctx: Context, userId: number): Promise<void> {
  return changeUser(ctx, userId, true, (ctx) => removeUsers(ctx, [userId]));
}

/** Deletes all of the users or none. Throws `user.batch_refused`, naming each that cannot be deleted and why, and `ceiling.exceeded`. */
export function deleteUsers(ctx: Context, ids: readonly number[]): Promise<void> {
  return ctx.inTransaction(async (ctx) => {
    const found = new Map((await crud.listUsersById(ctx, ids)).map((user) => [user.id, user]));
    const refused = ids.flatMap((userId, index) => {
      const user = found.get(userId);
      const error = user ? refusal(ctx, user, true) : userErrors.not_found();
      return error ? [{ error, detail: { path: `ids.${index}`, message: error.definition.message } }] : [];
    });
    const errors = refused.map(({ error }) => error);
    const details = refused.map(({ detail }) => detail);
    if (errors.length > 0)
      throw userErrors
        .batch_refused()
        .standingFor(errors)
        .at(...details);
    await changeRightsOf(ctx, ids, (ctx) => removeUsers(ctx, ids));
  });
}

async function removeUsers(ctx: Context, ids: readonly number[]): Promise<void> {
  for (const userId of ids) await endSessionsOfUser(ctx, userId, 'user deleted');
  await crud.deleteUsers(ctx, ids);
}

/** The active users of the caller's scope, for pickers. */
export function listUserOptions(ctx: Context, query: UserOptionQuery) {
  return crud.listOptions(ctx, query);
}

/** Users in one piece of an export. */
export const EXPORT_CHUNK = 1000;
const EXPORT_COLUMNS = ['id', 'username', 'email', 'name', 'phone', 'is_active', 'dept_id', 'created_at'] as const;

/** The users of the caller's scope as CSV, read and sent in pieces, so that its size costs no memory. */
export async function* exportUsers(ctx: Context, filter: UserExport): AsyncGenerator<string> {
  const dept = filter.dept_id === undefined ? undefined : await crud.findDept(ctx, filter.dept_id);
  // The mark makes spreadsheets read the file as UTF-8.
  yield `\uFEFF${csvLine(EXPORT_COLUMNS)}`;
  if (filter.dept_id !== undefined && !dept) return;
  let last = 0;
  for (;;) {
    const rows = await crud.listUsersAfter(ctx, filter, dept?.path, last, EXPORT_CHUNK);
    if (rows.length > 0) yield rows.map((row) => csvLine(EXPORT_COLUMNS.map((column) => row[column]))).join('');
    if (rows.length < EXPORT_CHUNK) return;
    last = rows.at(-1)?.id ?? last;
  }
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
