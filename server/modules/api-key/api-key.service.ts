import type { Context } from '#core/context.ts';
import type { Page } from '#core/schema.ts';
import { assertHolds, assertTouchable } from '../access/ceiling.service.ts';
import { networksOf } from './address-list.ts';
import * as crud from './api-key.crud.ts';
import { apiKeyErrors } from './api-key.errors.ts';
import type { ApiKeyCreate, ApiKeyOut, ApiKeyQuery, NewApiKey, OwnApiKeyQuery } from './api-key.schema.ts';
import { hashOf, newKey, prefixOf } from './key-text.ts';

const DAY_MS = 86_400_000;
const DEFAULT_RATE_PER_MINUTE = 600;
/** Keys a user may have at once. */
const MOST_LIVE_KEYS = 50;

function toApiKeyOut(ctx: Context, row: crud.ApiKeyRow): ApiKeyOut {
  const isExpired = row.expires_at <= ctx.now();
  return {
    id: row.id,
    name: row.name,
    prefix: row.prefix,
    permissions: row.permissions,
    addresses: row.addresses,
    rate_per_minute: row.rate_per_minute,
    state: row.revoked_at ? 'revoked' : isExpired ? 'expired' : 'live',
    expires_at: row.expires_at.toISOString(),
    last_used_at: row.last_used_at?.toISOString() ?? null,
    created_at: row.created_at.toISOString(),
    user_id: row.user_id,
    username: row.username,
    user_name: row.user_name,
  };
}

/** The keys of the users in the caller's scope. */
export async function listKeys(ctx: Context, query: ApiKeyQuery): Promise<Page<ApiKeyOut>> {
  const page = await crud.listKeys(ctx, query);
  return { ...page, items: page.items.map((row) => toApiKeyOut(ctx, row)) };
}

export function listOwnKeys(ctx: Context, query: OwnApiKeyQuery): Promise<Page<ApiKeyOut>> {
  return listKeys(ctx, { ...query, user_id: ctx.actor.userId });
}

/**
 * Makes a key that acts in the caller's name. The key itself is in this answer and nowhere else. Throws `api_key.unknown_permission`,
 * `ceiling.exceeded` for a permission that the caller does not hold, `api_key.lives_too_long`, `api_key.address_invalid`,
 * `api_key.too_many`.
 */
export async function createKey(ctx: Context, input: ApiKeyCreate): Promise<NewApiKey> {
  const { API_KEY_MAX_DAYS: days } = ctx.settings;
  if (input.expires_in_days > days) throw apiKeyErrors.lives_too_long({ days }).on('expires_in_days');
  const addresses = input.addresses ?? [];
  networksOf(addresses);
  for (const [index, permission] of input.permissions.entries()) {
    if (!permission.includes('*') && !ctx.catalogue.has(permission))
      throw apiKeyErrors.unknown_permission({ permission }).on(`permissions.${index}`);
    assertHolds(ctx, permission);
  }
  const key = newKey();
  const now = ctx.now();
  const expiresAt = new Date(now.getTime() + input.expires_in_days * DAY_MS);
  return ctx.inTransaction(async (ctx) => {
    const { userId } = ctx.actor;
    if ((await crud.countLiveKeys(ctx, userId)) >= MOST_LIVE_KEYS)
      throw apiKeyErrors.too_many({ most: MOST_LIVE_KEYS });
    const id = await crud.insertKey(ctx, {
      user_id: userId,
      name: input.name,
      prefix: prefixOf(key),
      key_hash: hashOf(key),
      permissions: input.permissions,
      addresses,
      rate_per_minute: input.rate_per_minute ?? DEFAULT_RATE_PER_MINUTE,
      created_at: now,
      expires_at: expiresAt,
    });
    ctx.log.info({ user_id: userId, made_key_id: id }, 'an API key was made');
    return { id, key, expires_at: expiresAt.toISOString() };
  });
}

/** Revokes a key of the caller: refused from the next request on. Throws `api_key.not_found`. */
export function revokeOwnKey(ctx: Context, keyId: number): Promise<void> {
  return revoke(ctx, keyId, async ({ user_id: userId }) => {
    if (userId !== ctx.actor.userId) throw apiKeyErrors.not_found();
  });
}

/** Revokes a key of somebody in the caller's scope. Throws `api_key.not_found`, and `ceiling.exceeded` for somebody above the caller. */
export function revokeKey(ctx: Context, keyId: number): Promise<void> {
  return revoke(ctx, keyId, ({ user_id: userId }, ctx) => assertTouchable(ctx, [userId]));
}

function revoke(
  ctx: Context,
  keyId: number,
  assertMay: (key: { readonly user_id: number }, ctx: Context) => Promise<void>,
): Promise<void> {
  return ctx.inTransaction(async (ctx) => {
    const key = await crud.findKey(ctx, keyId);
    if (!key) throw apiKeyErrors.not_found();
    await assertMay(key, ctx);
    await crud.revokeKey(ctx, keyId);
    await ctx.afterCommit(() => ctx.access.forgetKeys([key.key_hash]));
    ctx.log.info({ user_id: ctx.actor.userId, revoked_key_id: keyId }, 'an API key was revoked');
  });
}

/** Notes that keys were used since that was last written down. */
export async function recordUsedKeys(ctx: Context, keyIds: readonly number[]): Promise<void> {
  await crud.recordUse(ctx, keyIds);
}
