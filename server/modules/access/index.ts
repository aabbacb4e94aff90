import type { Feature } from '#core/feature.ts';
import { text } from '#core/i18n.ts';
import { accessRoutes } from './access.controller.ts';

export const access: Feature = {
  name: 'access',
  title: text('权限', 'Access'),
  description: 'What a user may do, decided from what is stored.',
  routes: accessRoutes,
};
