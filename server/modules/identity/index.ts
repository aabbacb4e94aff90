import { constraintName } from '#core/entity.ts';
import type { Feature } from '#core/feature.ts';
import { text } from '#core/i18n.ts';
import { identityRoutes } from './identity.controller.ts';
import { outsideFlowEntity, userIdentityEntity } from './identity.entity.ts';
import { identityErrors } from './identity.errors.ts';

export const identityEntities = [userIdentityEntity, outsideFlowEntity];

export const identity = (signInRatePerMinute: number): Feature => ({
  name: 'identity',
  title: text('外部登录', 'Outside sign-in'),
  description: 'Signing in with an account of an outside provider: OpenID Connect and OAuth 2.',
  entities: identityEntities,
  routes: identityRoutes(signInRatePerMinute),
  constraints: { [constraintName('user_identities', ['issuer', 'subject'], 'unique')]: identityErrors.taken },
});
