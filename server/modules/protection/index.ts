import type { Feature } from '#core/feature.ts';
import { text } from '#core/i18n.ts';
import { protectionRoutes } from './protection.controller.ts';

export const protection = (ratePerMinute: number): Feature => ({
  name: 'protection',
  title: text('登录保护', 'Protection'),
  description: 'What makes guessing slow: waits by account and address, and proofs of work.',
  routes: protectionRoutes(ratePerMinute),
});
