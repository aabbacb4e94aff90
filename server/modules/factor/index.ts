import { constraintName } from '#core/entity.ts';
import type { Feature } from '#core/feature.ts';
import { text } from '#core/i18n.ts';
import { factorRoutes } from './factor.controller.ts';
import { passkeyChallengeEntity, passkeyEntity, recoveryCodeEntity, totpSecretEntity } from './factor.entity.ts';
import { factorErrors } from './factor.errors.ts';
import { passkeyRoutes } from './passkey.controller.ts';

export const factor: Feature = {
  name: 'factor',
  title: text('双重验证', 'Second factors'),
  description: 'Authenticator apps, passkeys and recovery codes, and proving oneself anew before dangerous actions.',
  entities: [totpSecretEntity, recoveryCodeEntity, passkeyEntity, passkeyChallengeEntity],
  routes: [...factorRoutes, ...passkeyRoutes],
  constraints: { [constraintName('passkeys', ['credential_hash'], 'unique')]: factorErrors.passkey_known },
};
