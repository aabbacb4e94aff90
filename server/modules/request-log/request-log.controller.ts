import { route } from '#core/feature.ts';
import { text } from '#core/i18n.ts';
import { RequestLogPage, RequestLogQuery, RequestLogSampling } from './request-log.schema.ts';
import { listRequests, samplingOf } from './request-log.service.ts';

export const requestLogRoutes = [
  route({
    method: 'GET',
    path: '/request-logs',
    access: 'log:request:query',
    summary: 'List requests to the API',
    description:
      'Those that were stored (`REQUEST_LOG_PERCENT`) of the users in the scope of the caller, the newest first. Those of nobody are listed for who sees all users.',
    query: RequestLogQuery,
    response: RequestLogPage,
    message: text('获取请求日志成功', 'Requests found'),
    handle: (ctx, { query }) => listRequests(ctx, query),
  }),
  route({
    method: 'GET',
    path: '/request-logs/sampling',
    access: 'log:request:query',
    summary: 'Read which requests are stored',
    response: RequestLogSampling,
    handle: (ctx) => samplingOf(ctx),
  }),
];
