import type { Feature } from '#core/feature.ts';
import { text } from '#core/i18n.ts';
import { eventRoutes } from './event.controller.ts';
import { eventCounterEntity, eventEntity } from './event.entity.ts';
import { pruneEventsHandler } from './event.handlers.ts';
import { tellOnlookers, tellOwner } from './event.service.ts';

export const event: Feature = {
  name: 'event',
  title: text('实时事件', 'Live events'),
  description: 'What happens, told to the people at work while it happens.',
  entities: [eventEntity, eventCounterEntity],
  routes: eventRoutes,
  companions: { 'task.changed': tellOwner },
  listeners: { 'task.changed': tellOnlookers },
  tasks: [pruneEventsHandler],
  jobs: [
    {
      code: 'prune-events',
      name: text('清理实时事件', 'Prune live events'),
      handler: 'event.prune',
      cron: '40 * * * *',
    },
  ],
};
