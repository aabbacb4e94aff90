import type { Feature } from '#core/feature.ts';
import { text } from '#core/i18n.ts';
import { refreshTokenEntity, sessionEntity } from './session.entity.ts';

export const session: Feature = {
  name: 'session',
  title: text('会话', 'Sessions'),
  description: 'Sign-ins and the refresh tokens that continue them.',
  entities: [sessionEntity, refreshTokenEntity],
};
