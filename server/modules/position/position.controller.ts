import { conflictErrors } from '#core/errors.ts';
import { route } from '#core/feature.ts';
import { text } from '#core/i18n.ts';
import { IdParams, IdsBody, MAX_PAGE_SIZE } from '#core/schema.ts';
import { positionErrors } from './position.errors.ts';
import { PositionCreate, PositionOut, PositionPage, PositionQuery, PositionUpdate } from './position.schema.ts';
import * as service from './position.service.ts';

const found = text('获取岗位列表成功', 'Positions found');

export const positionRoutes = [
  route({
    method: 'GET',
    path: '/positions',
    access: 'system:position:query',
    summary: 'List positions',
    query: PositionQuery,
    response: PositionPage,
    message: found,
    handle: (ctx, { query }) => service.listPositions(ctx, query),
  }),
  route({
    method: 'GET',
    path: '/positions/options',
    access: 'signed-in',
    apiKeys: true,
    summary: 'List the positions to choose from',
    response: PositionPage,
    message: found,
    handle: (ctx) => service.listPositions(ctx, { is_enabled: true, page_size: MAX_PAGE_SIZE }),
  }),
  route({
    method: 'POST',
    path: '/positions',
    access: 'system:position:create',
    summary: 'Create a position',
    body: PositionCreate,
    response: PositionOut,
    message: text('岗位创建成功', 'Position created'),
    errors: [positionErrors.code_taken],
    handle: (ctx, { body }) => service.createPosition(ctx, body),
  }),
  route({
    method: 'POST',
    path: '/positions/batch-delete',
    access: 'system:position:delete',
    summary: 'Delete several positions, all or none',
    body: IdsBody,
    message: text('岗位删除成功', 'Positions deleted'),
    errors: [conflictErrors.batch_refused],
    handle: (ctx, { body }) => service.deletePositions(ctx, body.ids),
  }),
  route({
    method: 'GET',
    path: '/positions/:id',
    access: 'system:position:query',
    summary: 'Read a position',
    params: IdParams,
    response: PositionOut,
    message: text('获取岗位信息成功', 'Position found'),
    errors: [positionErrors.not_found],
    handle: (ctx, { params }) => service.getPosition(ctx, params.id),
  }),
  route({
    method: 'PATCH',
    path: '/positions/:id',
    access: 'system:position:update',
    summary: 'Change a position',
    params: IdParams,
    body: PositionUpdate,
    response: PositionOut,
    message: text('岗位更新成功', 'Position updated'),
    errors: [positionErrors.not_found, positionErrors.code_taken, conflictErrors.stale],
    handle: (ctx, { params, body }) => service.updatePosition(ctx, params.id, body),
  }),
  route({
    method: 'DELETE',
    path: '/positions/:id',
    access: 'system:position:delete',
    summary: 'Delete a position',
    params: IdParams,
    message: text('岗位删除成功', 'Position deleted'),
    errors: [positionErrors.not_found, positionErrors.in_use],
    handle: (ctx, { params }) => service.deletePosition(ctx, params.id),
  }),
];
