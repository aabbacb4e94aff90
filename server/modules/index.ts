import type { Context } from '#core/context.ts';
import type { Entity } from '#core/entity.ts';
import type { Feature } from '#core/feature.ts';
import { access } from './access/index.ts';
import { auth } from './auth/index.ts';
import type { AccessTokens } from './auth/token.ts';
import { dept } from './dept/index.ts';
import { menu } from './menu/index.ts';
import { position } from './position/index.ts';
import { role } from './role/index.ts';
import { session } from './session/index.ts';
import { system } from './system/index.ts';
import { user } from './user/index.ts';

const withoutSettings: readonly Feature[] = [system, access, session, menu, dept, position, role, user];

/** THE REGISTRY: every feature, in order of dependency. A feature may use the services of those above it. */
export function features(settings: Context['settings'], tokens: AccessTokens): readonly Feature[] {
  return [...withoutSettings, auth(tokens, settings.SIGN_IN_RATE_PER_MINUTE)];
}

/** Every table of the program. */
export const entities: readonly Entity[] = withoutSettings.flatMap((feature) => feature.entities ?? []);
