import type { Context } from '#core/context.ts';
import type { Entity } from '#core/entity.ts';
import type { Feature } from '#core/feature.ts';
import { access } from './access/index.ts';
import { accountLink, accountLinkEntities } from './account-link/index.ts';
import { apiKey } from './api-key/index.ts';
import { archive } from './archive/index.ts';
import { audit } from './audit/index.ts';
import { auth } from './auth/index.ts';
import type { AccessTokens } from './auth/token.ts';
import { challenge } from './challenge/index.ts';
import { dashboard } from './dashboard/index.ts';
import { dept } from './dept/index.ts';
import { event } from './event/index.ts';
import { factor } from './factor/index.ts';
import { identity, identityEntities } from './identity/index.ts';
import { job } from './job/index.ts';
import { menu } from './menu/index.ts';
import { monitor } from './monitor/index.ts';
import { position } from './position/index.ts';
import { preference } from './preference/index.ts';
import { protection } from './protection/index.ts';
import { requestLog } from './request-log/index.ts';
import { role } from './role/index.ts';
import { session } from './session/index.ts';
import { signInLog } from './sign-in-log/index.ts';
import { system } from './system/index.ts';
import { task } from './task/index.ts';
import { user } from './user/index.ts';

const withoutSettings: readonly Feature[] = [
  system,
  task,
  job,
  access,
  session,
  event,
  menu,
  dept,
  position,
  role,
  user,
  apiKey,
  archive,
  audit,
  preference,
  challenge,
  signInLog,
  requestLog,
  factor,
  dashboard,
  monitor,
];

/** THE REGISTRY: every feature, in order of dependency. A feature may use the services of those above it. */
export function features(settings: Context['settings'], tokens: AccessTokens): readonly Feature[] {
  const rate = settings.SIGN_IN_RATE_PER_MINUTE;
  return [protection(rate), ...withoutSettings, auth(tokens, rate), identity(rate), accountLink(rate)];
}

/** Every table of the program. */
export const entities: readonly Entity[] = [
  ...withoutSettings.flatMap((feature) => feature.entities ?? []),
  ...identityEntities,
  ...accountLinkEntities,
];
