import type { Feature } from '#core/feature.ts';
import { text } from '#core/i18n.ts';
import { archiveRoutes } from './archive.controller.ts';

export const archive: Feature = {
  name: 'archive',
  title: text('日志归档', 'Archive of logs'),
  description: 'Where logs go when they are too old for the database; each log is read by its own list.',
  routes: archiveRoutes,
};
