import type { Feature } from '#core/feature.ts';
import { text } from '#core/i18n.ts';
import { requestLogRoutes } from './request-log.controller.ts';
import { requestLogEntity } from './request-log.entity.ts';
import { pruneRequestLogsHandler } from './request-log.handlers.ts';

export const requestLog: Feature = {
  name: 'request-log',
  title: text('请求日志', 'Request log'),
  description:
    'Requests to the API, as far as they are stored: who sent them, what came of them, and how long it took.',
  entities: [requestLogEntity],
  routes: requestLogRoutes,
  tasks: [pruneRequestLogsHandler],
  jobs: [
    {
      code: 'prune-request-logs',
      name: text('清理请求日志', 'Prune the request log'),
      handler: 'request-log.prune',
      cron: '25 3 * * *',
    },
  ],
};
