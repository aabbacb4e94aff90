import type { Context } from '#core/context.ts';
import { getUser } from '../user/user.service.ts';
import * as crud from './factor.crud.ts';
import type { Factors, UserFactors } from './factor.schema.ts';
import { listAnswerMethods } from './factor.service.ts';
import * as passkeys from './passkey.crud.ts';
import { toPasskeyOut } from './passkey.service.ts';

/** What the caller has set up. */
export async function getOwnFactors(ctx: Context): Promise<Factors> {
  const { userId, requiresSecondFactor } = ctx.actor;
  const totp = await crud.findTotp(ctx, userId);
  const isEnabled = totp?.confirmed_at != null;
  return {
    totp: {
      is_enabled: isEnabled,
      created_at: (isEnabled && totp.confirmed_at?.toISOString()) || null,
      last_used_at: (isEnabled && totp.last_used_at?.toISOString()) || null,
    },
    passkeys: (await passkeys.listPasskeys(ctx, userId)).map(toPasskeyOut),
    recovery_codes_left: await crud.countRecoveryCodes(ctx, userId),
    is_required: requiresSecondFactor,
  };
}

/** What somebody in the caller's scope has set up, without details. Throws `user.not_found`. */
export async function getUserFactors(ctx: Context, userId: number): Promise<UserFactors> {
  const user = await getUser(ctx, userId);
  return { methods: [...(await listAnswerMethods(ctx, user.id))] };
}
