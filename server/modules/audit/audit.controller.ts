import { conflictErrors } from '#core/errors.ts';
import { route } from '#core/feature.ts';
import { text } from '#core/i18n.ts';
import { IdParams } from '#core/schema.ts';
import { auditErrors } from './audit.errors.ts';
import { AuditEntities, AuditLogOut, AuditLogPage, AuditLogQuery, AuditRestore } from './audit.schema.ts';
import { getAuditLog, listAuditEntities, listAuditLogs, restore } from './audit.service.ts';

const found = text('获取审计记录成功', 'Records found');

export const auditRoutes = [
  route({
    method: 'GET',
    path: '/audit-logs',
    access: 'log:audit:query',
    summary: 'List who changed what',
    description:
      'Records of rows that were in the scope of the caller then, and of what the caller did, the newest first. With `entity` and `row_id`: the history of one row.',
    query: AuditLogQuery,
    response: AuditLogPage,
    message: found,
    handle: (ctx, { query }) => listAuditLogs(ctx, query),
  }),
  route({
    method: 'GET',
    path: '/audit-logs/entities',
    access: 'log:audit:query',
    summary: 'List the kinds of rows whose writes are kept',
    response: AuditEntities,
    handle: (ctx) => ({ items: listAuditEntities(ctx) }),
  }),
  route({
    method: 'GET',
    path: '/audit-logs/:id',
    access: 'log:audit:query',
    summary: 'Read one record',
    params: IdParams,
    response: AuditLogOut,
    message: found,
    errors: [auditErrors.not_found],
    handle: (ctx, { params }) => getAuditLog(ctx, params.id),
  }),
  route({
    method: 'POST',
    path: '/audit-logs/:id/restore',
    access: 'log:audit:restore',
    stepUp: true,
    summary: 'Put former values back',
    description:
      'An edit of the row under the rules of every edit: it also needs the permission of that edit, and may be refused like it.',
    params: IdParams,
    body: AuditRestore,
    response: AuditLogOut,
    message: text('已恢复', 'Put back'),
    errors: [auditErrors.not_found, auditErrors.not_restorable, auditErrors.field_not_restorable, conflictErrors.stale],
    handle: (ctx, { params, body }) => restore(ctx, params.id, body),
  }),
];
