import type { Feature } from '#core/feature.ts';
import { text } from '#core/i18n.ts';
import { sessionRoutes } from './session.controller.ts';
import { refreshTokenEntity, sessionEntity } from './session.entity.ts';
import { cleanExpiredHandler } from './session.handlers.ts';

export const session: Feature = {
  name: 'session',
  title: text('会话', 'Sessions'),
  description: 'Sign-ins and the refresh tokens that continue them.',
  entities: [sessionEntity, refreshTokenEntity],
  routes: sessionRoutes,
  tasks: [cleanExpiredHandler],
  jobs: [
    {
      code: 'clean-expired-tokens',
      name: text('清理过期令牌', 'Clean expired tokens'),
      handler: 'session.clean-expired',
      cron: '*/30 * * * *',
    },
  ],
};
