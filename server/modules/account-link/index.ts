import type { Feature } from '#core/feature.ts';
import { text } from '#core/i18n.ts';
import { accountLinkRoutes } from './account-link.controller.ts';
import { accountLinkEntity } from './account-link.entity.ts';
import { removeOldLinksHandler, sendLinkHandler } from './account-link.handlers.ts';

export const accountLinkEntities = [accountLinkEntity];

export const accountLink = (ratePerMinute: number): Feature => ({
  name: 'account-link',
  title: text('账号链接', 'Account links'),
  description: 'Links sent by mail: to reset a password, and to register where that is open.',
  entities: accountLinkEntities,
  routes: accountLinkRoutes(ratePerMinute),
  tasks: [sendLinkHandler, removeOldLinksHandler],
  jobs: [
    {
      code: 'clean-account-links',
      name: text('清理过期链接', 'Clean expired links'),
      handler: 'account-link.clean',
      cron: '20 3 * * *',
    },
  ],
});
