import type { Feature } from '#core/feature.ts';
import { text } from '#core/i18n.ts';
import { authRoutes } from './auth.controller.ts';
import type { AccessTokens } from './token.ts';

export const auth = (tokens: AccessTokens, signInRatePerMinute: number): Feature => ({
  name: 'auth',
  title: text('登录', 'Sign-in'),
  description: 'Signing in and out, and the OAuth2 token endpoint.',
  routes: authRoutes(tokens, signInRatePerMinute),
});
