import { conflictErrors } from '#core/errors.ts';
import { route } from '#core/feature.ts';
import { text } from '#core/i18n.ts';
import { IdParams, IdsBody } from '#core/schema.ts';
import { ceilingErrors } from '../access/access.errors.ts';
import { deptErrors } from './dept.errors.ts';
import { DeptCreate, DeptList, DeptOut, DeptQuery, DeptUpdate } from './dept.schema.ts';
import * as service from './dept.service.ts';

const placing = [deptErrors.code_taken, deptErrors.parent_missing, deptErrors.leader_missing, deptErrors.too_deep];

export const deptRoutes = [
  route({
    method: 'GET',
    path: '/depts',
    access: 'system:dept:query',
    summary: 'List departments',
    description: 'All departments in the scope of the caller, in the order of the tree.',
    query: DeptQuery,
    response: DeptList,
    message: text('获取部门列表成功', 'Departments found'),
    handle: (ctx, { query }) => service.listDepts(ctx, query),
  }),
  route({
    method: 'GET',
    path: '/depts/options',
    access: 'signed-in',
    apiKeys: true,
    summary: 'List the departments to choose from',
    response: DeptList,
    message: text('获取部门列表成功', 'Departments found'),
    handle: (ctx) => service.listDepts(ctx, { is_enabled: true }),
  }),
  route({
    method: 'POST',
    path: '/depts',
    access: 'system:dept:create',
    summary: 'Create a department',
    body: DeptCreate,
    response: DeptOut,
    message: text('部门创建成功', 'Department created'),
    errors: placing,
    handle: (ctx, { body }) => service.createDept(ctx, body),
  }),
  route({
    method: 'POST',
    path: '/depts/batch-delete',
    access: 'system:dept:delete',
    summary: 'Delete several departments, all or none',
    body: IdsBody,
    message: text('部门删除成功', 'Departments deleted'),
    errors: [conflictErrors.batch_refused],
    handle: (ctx, { body }) => service.deleteDepts(ctx, body.ids),
  }),
  route({
    method: 'GET',
    path: '/depts/:id',
    access: 'system:dept:query',
    summary: 'Read a department',
    params: IdParams,
    response: DeptOut,
    message: text('获取部门信息成功', 'Department found'),
    errors: [deptErrors.not_found],
    handle: (ctx, { params }) => service.getDept(ctx, params.id),
  }),
  route({
    method: 'PATCH',
    path: '/depts/:id',
    access: 'system:dept:update',
    summary: 'Change or move a department',
    description: 'Another `parent_id` moves it with everything below it.',
    params: IdParams,
    body: DeptUpdate,
    response: DeptOut,
    message: text('部门更新成功', 'Department updated'),
    errors: [deptErrors.not_found, deptErrors.cycle, ...placing, conflictErrors.stale, ceilingErrors.exceeded],
    handle: (ctx, { params, body }) => service.updateDept(ctx, params.id, body),
  }),
  route({
    method: 'DELETE',
    path: '/depts/:id',
    access: 'system:dept:delete',
    summary: 'Delete a department',
    params: IdParams,
    message: text('部门删除成功', 'Department deleted'),
    errors: [deptErrors.not_found, deptErrors.has_children, deptErrors.has_users],
    handle: (ctx, { params }) => service.deleteDept(ctx, params.id),
  }),
];
