import type { Feature } from '#core/feature.ts';
import { text } from '#core/i18n.ts';
import { signInAnswers } from './answers.ts';
import { authRoutes } from './auth.controller.ts';
import { challengeRoutes } from './challenge.controller.ts';
import { INTROSPECT, introspectionRoutes } from './introspection.controller.ts';
import type { AccessTokens } from './token.ts';
import { viewAsRoutes } from './view-as.controller.ts';

export function auth(tokens: AccessTokens, signInRatePerMinute: number): Feature {
  const answers = signInAnswers(tokens);
  return {
    name: 'auth',
    title: text('登录', 'Sign-in'),
    description: 'Signing in and out, and the OAuth2 token endpoint.',
    routes: [
      ...authRoutes(answers, signInRatePerMinute),
      ...challengeRoutes(answers, signInRatePerMinute),
      ...viewAsRoutes(answers),
      ...introspectionRoutes(tokens, signInRatePerMinute),
    ],
    buttons: { menu: 'system-api-keys', titles: { [INTROSPECT]: text('核验令牌', 'Introspect tokens') } },
  };
}
