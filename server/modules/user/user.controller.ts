import { conflictErrors } from '#core/errors.ts';
import { route } from '#core/feature.ts';
import { text } from '#core/i18n.ts';
import { IdParams, IdsBody } from '#core/schema.ts';
import { userErrors } from './user.errors.ts';
import { PasswordChange, ProfileUpdate, UserCreate, UserOut, UserPage, UserQuery, UserUpdate } from './user.schema.ts';
import * as service from './user.service.ts';

const taken = [userErrors.username_taken, userErrors.email_taken, userErrors.dept_missing];
const protectedUsers = [userErrors.administrator_protected, userErrors.self_protected];

export const userRoutes = [
  route({
    method: 'GET',
    path: '/users/me',
    access: 'signed-in',
    allowPasswordChange: true,
    summary: 'Read the signed-in user',
    response: UserOut,
    message: text('获取用户信息成功', 'User found'),
    handle: (ctx) => service.getProfile(ctx),
  }),
  route({
    method: 'PATCH',
    path: '/users/me',
    access: 'signed-in',
    summary: 'Change the signed-in user',
    body: ProfileUpdate,
    response: UserOut,
    message: text('个人信息更新成功', 'Profile updated'),
    errors: [userErrors.email_taken, conflictErrors.stale],
    handle: (ctx, { body }) => service.updateProfile(ctx, body),
  }),
  route({
    method: 'POST',
    path: '/users/me/password',
    access: 'signed-in',
    allowPasswordChange: true,
    ratePerMinute: 20,
    summary: 'Change the own password',
    description: 'Ends the other sessions of the user.',
    body: PasswordChange,
    message: text('密码修改成功', 'Password changed'),
    errors: [userErrors.password_wrong, userErrors.password_same, userErrors.password_too_short],
    handle: (ctx, { body }) => service.changePassword(ctx, body),
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
    summary: 'Create a user',
    body: UserCreate,
    response: UserOut,
    message: text('用户创建成功', 'User created'),
    errors: [...taken, userErrors.password_too_short],
    handle: (ctx, { body }) => service.createUser(ctx, body),
  }),
  route({
    method: 'POST',
    path: '/users/batch-delete',
    access: 'system:user:delete',
    summary: 'Delete several users, all or none',
    body: IdsBody,
    message: text('用户删除成功', 'Users deleted'),
    errors: [userErrors.batch_refused],
    handle: (ctx, { body }) => service.deleteUsers(ctx, body.ids),
  }),
  route({
    method: 'GET',
    path: '/users/:id',
    access: 'system:user:query',
    summary: 'Read a user',
    params: IdParams,
    response: UserOut,
    message: text('获取用户信息成功', 'User found'),
    errors: [userErrors.not_found],
    handle: (ctx, { params }) => service.getUser(ctx, params.id),
  }),
  route({
    method: 'PATCH',
    path: '/users/:id',
    access: 'system:user:update',
    summary: 'Change a user',
    description:
      'What the body does not name stays; null clears. A `version` that is no longer the current one answers 409.',
    params: IdParams,
    body: UserUpdate,
    response: UserOut,
    message: text('用户更新成功', 'User updated'),
    errors: [userErrors.not_found, ...taken, ...protectedUsers, conflictErrors.stale],
    handle: (ctx, { params, body }) => service.updateUser(ctx, params.id, body),
  }),
  route({
    method: 'DELETE',
    path: '/users/:id',
    access: 'system:user:delete',
    summary: 'Delete a user',
    params: IdParams,
    message: text('用户删除成功', 'User deleted'),
    errors: [userErrors.not_found, ...protectedUsers],
    handle: (ctx, { params }) => service.deleteUser(ctx, params.id),
  }),
];
