import type { Feature } from '#core/feature.ts';
import { text } from '#core/i18n.ts';
import { apiKeyRoutes } from './api-key.controller.ts';
import { apiKeyEntity } from './api-key.entity.ts';

export const apiKey: Feature = {
  name: 'api-key',
  title: text('API 密钥', 'API keys'),
  description: 'Keys by which machines act in the name of a user.',
  entities: [apiKeyEntity],
  routes: apiKeyRoutes,
};
