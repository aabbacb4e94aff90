import type { Feature } from '#core/feature.ts';
import { text } from '#core/i18n.ts';
import { preferenceRoutes } from './preference.controller.ts';
import { preferenceEntity } from './preference.entity.ts';

export const preference: Feature = {
  name: 'preference',
  title: text('偏好设置', 'Preferences'),
  description: 'How people like the console: language, theme, columns.',
  entities: [preferenceEntity],
  routes: preferenceRoutes,
};
