import { conflictErrors } from '#core/errors.ts';
import { route } from '#core/feature.ts';
import { text } from '#core/i18n.ts';
import { IdParams, IdsBody } from '#core/schema.ts';
import { ceilingErrors } from '../access/access.errors.ts';
import { menuErrors } from './menu.errors.ts';
import { MenuCreate, MenuList, MenuOut, MenuQuery, MenuUpdate, OwnPermissions, UserMenus } from './menu.schema.ts';
import * as service from './menu.service.ts';

const placing = [
  menuErrors.parent_missing,
  menuErrors.parent_kind,
  menuErrors.field_needed,
  menuErrors.unknown_permission,
  ceilingErrors.exceeded,
];

export const menuRoutes = [
  route({
    method: 'GET',
    path: '/users/me/menus',
    access: 'signed-in',
    summary: 'Read the tree of the console',
    description: 'Only what the caller may open; titles in the language of the caller.',
    response: UserMenus,
    message: text('获取菜单成功', 'Menus found'),
    handle: (ctx) => service.listUserMenus(ctx),
  }),
  route({
    method: 'GET',
    path: '/users/me/permissions',
    access: 'signed-in',
    apiKeys: true,
    summary: 'List the own permissions',
    response: OwnPermissions,
    message: text('获取权限成功', 'Permissions found'),
    handle: (ctx) => service.listOwnPermissions(ctx),
  }),
  route({
    method: 'GET',
    path: '/menus',
    access: 'system:menu:query',
    summary: 'List menus',
    query: MenuQuery,
    response: MenuList,
    message: text('获取菜单列表成功', 'Menus found'),
    handle: (ctx, { query }) => service.listMenus(ctx, query),
  }),
  route({
    method: 'POST',
    path: '/menus',
    access: 'system:menu:create',
    summary: 'Create a menu',
    body: MenuCreate,
    response: MenuOut,
    message: text('菜单创建成功', 'Menu created'),
    errors: [menuErrors.name_taken, ...placing],
    handle: (ctx, { body }) => service.createMenu(ctx, body),
  }),
  route({
    method: 'POST',
    path: '/menus/batch-delete',
    access: 'system:menu:delete',
    summary: 'Delete several menus, all or none',
    body: IdsBody,
    message: text('菜单删除成功', 'Menus deleted'),
    errors: [conflictErrors.batch_refused],
    handle: (ctx, { body }) => service.deleteMenus(ctx, body.ids),
  }),
  route({
    method: 'GET',
    path: '/menus/:id',
    access: 'system:menu:query',
    summary: 'Read a menu',
    params: IdParams,
    response: MenuOut,
    message: text('获取菜单信息成功', 'Menu found'),
    errors: [menuErrors.not_found],
    handle: (ctx, { params }) => service.getMenu(ctx, params.id),
  }),
  route({
    method: 'PATCH',
    path: '/menus/:id',
    access: 'system:menu:update',
    summary: 'Change a menu',
    params: IdParams,
    body: MenuUpdate,
    response: MenuOut,
    message: text('菜单更新成功', 'Menu updated'),
    errors: [menuErrors.not_found, menuErrors.cycle, ...placing, conflictErrors.stale],
    handle: (ctx, { params, body }) => service.updateMenu(ctx, params.id, body),
  }),
  route({
    method: 'DELETE',
    path: '/menus/:id',
    access: 'system:menu:delete',
    summary: 'Delete a menu',
    params: IdParams,
    message: text('菜单删除成功', 'Menu deleted'),
    errors: [menuErrors.not_found, menuErrors.has_children, menuErrors.declared, ceilingErrors.exceeded],
    handle: (ctx, { params }) => service.deleteMenu(ctx, params.id),
  }),
];
