import type { Feature } from '#core/feature.ts';
import { text } from '#core/i18n.ts';
import { cacheRoutes } from './cache.controller.ts';
import { logRoutes } from './log.controller.ts';
import { serverRoutes } from './server.controller.ts';

export const monitor: Feature = {
  name: 'monitor',
  title: text('系统监控', 'Monitor'),
  description: 'What the program logs, how it is, and what it keeps in its memory.',
  routes: [...serverRoutes, ...cacheRoutes, ...logRoutes],
};
