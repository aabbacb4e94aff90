import type { Feature } from '#core/feature.ts';
import { text } from '#core/i18n.ts';
import { signInLogRoutes } from './sign-in-log.controller.ts';
import { signInLogEntity } from './sign-in-log.entity.ts';
import { pruneSignInLogsHandler } from './sign-in-log.handlers.ts';
import { logReplay } from './sign-in-log.service.ts';

export const signInLog: Feature = {
  name: 'sign-in-log',
  title: text('登录日志', 'Sign-in log'),
  description: 'Every attempt to sign in: who, from where, and what came of it.',
  entities: [signInLogEntity],
  routes: signInLogRoutes,
  listeners: { 'session.replayed': logReplay },
  tasks: [pruneSignInLogsHandler],
  jobs: [
    {
      code: 'prune-sign-in-logs',
      name: text('清理登录日志', 'Prune the sign-in log'),
      handler: 'sign-in-log.prune',
      cron: '15 3 * * *',
    },
  ],
};
