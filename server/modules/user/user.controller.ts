import { conflictErrors } from '#core/errors.ts';
import { route } from '#core/feature.ts';
import { text } from '#core/i18n.ts';
import { IdParams, IdsBody } from '#core/schema.ts';
import { ceilingErrors } from '../access/access.errors.ts';
import { DryRunQuery, RightsChange } from '../access/preview.service.ts';
import { protectionErrors } from '../protection/protection.errors.ts';
import { addTask } from '../task/queue.service.ts';
import { QueuedTask } from '../task/task.service.ts';
import * as account from './account.service.ts';
import { EXPORT_PERMISSION, exportHandler } from './export.handler.ts';
import { userErrors } from './user.errors.ts';
import {
  PasswordChange,
  PasswordReset,
  PasswordResetResult,
  ProfileUpdate,
  UserCreate,
  UserDetail,
  UserExport,
  UserOptionPage,
  UserOptionQuery,
  UserPage,
  UserQuery,
  UserRoles,
  UserUpdate,
} from './user.schema.ts';
import * as service from './user.service.ts';

const taken = [userErrors.username_taken, userErrors.email_taken, userErrors.dept_missing];
/** A dry run changes nothing. */
const isForReal = ({ query }: { query: { dry_run?: boolean } }) => query.dry_run !== true;

const refusedPasswords = [userErrors.password_too_short, userErrors.password_common, userErrors.password_personal];
const protectedUsers = [userErrors.administrator_protected, userErrors.self_protected];

export const userRoutes = [
  route({
    method: 'GET',
    path: '/users/me',
    access: 'signed-in',
    apiKeys: true,
    allowPasswordChange: true,
    allowEnrolment: true,
    summary: 'Read the signed-in user',
    response: UserDetail,
    message: text('获取用户信息成功', 'User found'),
    handle: (ctx) => account.getProfile(ctx),
  }),
  route({
    method: 'PATCH',
    path: '/users/me',
    access: 'signed-in',
    // Passwords are reset by mail.
    stepUp: ({ body }) => body.email !== undefined,
    summary: 'Change the signed-in user',
    body: ProfileUpdate,
    response: UserDetail,
    message: text('个人信息更新成功', 'Profile updated'),
    errors: [userErrors.email_taken, conflictErrors.stale],
    handle: (ctx, { body }) => account.updateProfile(ctx, body),
  }),
  route({
    method: 'POST',
    path: '/users/me/password',
    access: 'signed-in',
    allowPasswordChange: true,
    allowEnrolment: true,
    ratePerMinute: 20,
    summary: 'Change the own password',
    description: 'Ends the other sessions of the user.',
    body: PasswordChange,
    message: text('密码修改成功', 'Password changed'),
    errors: [
      userErrors.password_wrong,
      userErrors.password_same,
      userErrors.password_recent,
      ...refusedPasswords,
      protectionErrors.too_many_attempts,
    ],
    handle: (ctx, { body }) => account.changePassword(ctx, body),
  }),
  route({
    method: 'GET',
    path: '/users',
    access: 'system:user:query',
    summary: 'List users',
    query: UserQuery,
    response: UserPage,
    message: text('获取用户列表成功', 'Users found'),
    handle: (ctx, { query }) => service.listUsers(ctx, query),
  }),
  route({
    method: 'POST',
    path: '/users',
    access: 'system:user:create',
    stepUp: ({ body }) => (body.role_ids?.length ?? 0) > 0,
    summary: 'Create a user',
    body: UserCreate,
    response: UserDetail,
    message: text('用户创建成功', 'User created'),
    errors: [...taken, ...refusedPasswords, ceilingErrors.exceeded],
    handle: (ctx, { body }) => service.createUser(ctx, body),
  }),
  route({
    method: 'POST',
    path: '/users/batch-delete',
    access: 'system:user:delete',
    stepUp: true,
    summary: 'Delete several users, all or none',
    body: IdsBody,
    message: text('用户删除成功', 'Users deleted'),
    errors: [userErrors.batch_refused, ceilingErrors.exceeded],
    handle: (ctx, { body }) => service.deleteUsers(ctx, body.ids),
  }),
  route({
    method: 'GET',
    path: '/users/options',
    access: 'signed-in',
    apiKeys: true,
    summary: 'List the users to choose from',
    description: 'Active users in the scope of the caller.',
    query: UserOptionQuery,
    response: UserOptionPage,
    message: text('获取用户列表成功', 'Users found'),
    handle: (ctx, { query }) => service.listUserOptions(ctx, query),
  }),
  route({
    method: 'POST',
    path: '/users/export',
    access: EXPORT_PERMISSION,
    allowViewing: true,
    summary: 'Export users as CSV',
    body: UserExport,
    file: 'text/csv; charset=utf-8',
    handle: (ctx, { body, reply }) => {
      reply.header('content-disposition', 'attachment; filename="users.csv"');
      return service.exportUsers(ctx, body);
    },
  }),
  route({
    method: 'POST',
    path: '/users/export-task',
    access: EXPORT_PERMISSION,
    summary: 'Export users as a task',
    description: 'For many of them: the CSV is the file that the task leaves, `GET /users/me/tasks/:id/file`.',
    body: UserExport,
    response: QueuedTask,
    message: text('导出任务已排队', 'Export queued'),
    handle: async (ctx, { body }) => ({ task_id: await addTask(ctx, exportHandler, body) }),
  }),
  route({
    method: 'GET',
    path: '/users/:id',
    access: 'system:user:query',
    summary: 'Read a user',
    params: IdParams,
    response: UserDetail,
    message: text('获取用户信息成功', 'User found'),
    errors: [userErrors.not_found],
    handle: (ctx, { params }) => service.getUser(ctx, params.id),
  }),
  route({
    method: 'PATCH',
    path: '/users/:id',
    access: 'system:user:update',
    stepUp: ({ body }) => body.role_ids !== undefined || body.email !== undefined,
    summary: 'Change a user',
    description:
      'What the body does not name stays; null clears. A `version` that is no longer the current one answers 409.',
    params: IdParams,
    body: UserUpdate,
    response: UserDetail,
    message: text('用户更新成功', 'User updated'),
    errors: [userErrors.not_found, ...taken, ...protectedUsers, conflictErrors.stale, ceilingErrors.exceeded],
    handle: (ctx, { params, body }) => service.updateUser(ctx, params.id, body),
  }),
  route({
    method: 'DELETE',
    path: '/users/:id',
    access: 'system:user:delete',
    stepUp: true,
    summary: 'Delete a user',
    params: IdParams,
    message: text('用户删除成功', 'User deleted'),
    errors: [userErrors.not_found, ...protectedUsers, ceilingErrors.exceeded],
    handle: (ctx, { params }) => service.deleteUser(ctx, params.id),
  }),
  route({
    method: 'PUT',
    path: '/users/:id/roles',
    access: 'system:user:assign',
    stepUp: isForReal,
    summary: 'Replace the roles of a user',
    params: IdParams,
    query: DryRunQuery,
    body: UserRoles,
    response: RightsChange,
    message: text('用户角色更新成功', 'Roles updated'),
    errors: [userErrors.not_found, userErrors.role_missing, userErrors.administrator_protected, ceilingErrors.exceeded],
    handle: (ctx, { params, query, body }) => service.setRoles(ctx, params.id, body.role_ids, query.dry_run === true),
  }),
  route({
    method: 'POST',
    path: '/users/:id/reset-password',
    access: 'system:user:reset-password',
    stepUp: true,
    summary: 'Reset the password of a user',
    description: 'Without a password in the body a one-time password comes back once. Ends the sessions of the user.',
    params: IdParams,
    body: PasswordReset,
    response: PasswordResetResult,
    message: text('密码重置成功', 'Password reset'),
    errors: [userErrors.not_found, userErrors.administrator_protected, ...refusedPasswords, ceilingErrors.exceeded],
    handle: (ctx, { params, body }) => service.resetPassword(ctx, params.id, body.password),
  }),
  route({
    method: 'POST',
    path: '/users/:id/unlock',
    access: 'system:user:unlock',
    summary: 'Let a user sign in without waiting',
    description: 'Forgets the failed sign-ins in the name of the user, wherever they happened.',
    params: IdParams,
    message: text('已解除登录限制', 'Nobody has to wait any more'),
    errors: [userErrors.not_found, ceilingErrors.exceeded],
    handle: (ctx, { params }) => service.unlockUser(ctx, params.id),
  }),
];
