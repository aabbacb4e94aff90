import { route } from '#core/feature.ts';
import { text } from '#core/i18n.ts';
import { explainErrors } from './access.errors.ts';
import { ExplainQuery, Explanation, HolderPage, HolderQuery, PermissionList } from './access.schema.ts';
import * as service from './explain.service.ts';
import { listHolders } from './holders.service.ts';

export const accessRoutes = [
  route({
    method: 'GET',
    path: '/permissions',
    access: 'system:permission:query',
    summary: 'List the catalogue of permissions',
    description: 'Every code that a route declares, with its routes and its page.',
    response: PermissionList,
    message: text('获取权限目录成功', 'Permissions found'),
    handle: (ctx) => service.listPermissions(ctx),
  }),
  route({
    method: 'GET',
    path: '/permissions/holders',
    access: 'system:permission:query',
    summary: 'List who holds a permission now',
    description: 'Active users in the data scope of the caller, with the roles that grant it.',
    query: HolderQuery,
    response: HolderPage,
    message: text('获取权限持有者成功', 'Holders found'),
    handle: (ctx, { query }) => listHolders(ctx, query),
  }),
  route({
    method: 'GET',
    path: '/permissions/explain',
    access: 'system:permission:query',
    summary: 'Explain why a user may do something',
    description: 'Ask with `permission`, or with `entity` and `id` for a row.',
    query: ExplainQuery,
    response: Explanation,
    message: text('权限说明', 'Explanation'),
    errors: [
      explainErrors.user_missing,
      explainErrors.row_missing,
      explainErrors.entity_unknown,
      explainErrors.question,
    ],
    handle: (ctx, { query }) => service.explain(ctx, query),
  }),
];
