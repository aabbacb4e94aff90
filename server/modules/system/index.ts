import type { Feature } from '#core/feature.ts';
import { text } from '#core/i18n.ts';
import { seedRunEntity } from './seed-run.entity.ts';

export const system: Feature = {
  name: 'system',
  title: text('系统', 'System'),
  description: 'Bookkeeping of the installation.',
  entities: [seedRunEntity],
};
