import type { Actor } from '#core/access.ts';
import type { AccessCache, LiveKey } from '#core/access-cache.ts';
import type { Context } from '#core/context.ts';
import type { Counters } from '#core/counters.ts';
import { liesIn, networksOf } from './address-list.ts';
import * as crud from './api-key.crud.ts';
import { apiKeyErrors } from './api-key.errors.ts';
import { hashOf, isWellFormed, looksLikeKey } from './key-text.ts';

export { looksLikeKey };

/** A key from the snapshot alone; undefined asks for `findLiveKey`, null is none. */
export function keyFromSnapshot(access: AccessCache, bearer: string): LiveKey | null | undefined {
  return isWellFormed(bearer) ? access.key(hashOf(bearer)) : null;
}

/** The key that a bearer token is, by what is stored now; null for one that is unknown or revoked. */
export async function findLiveKey(ctx: Context, bearer: string): Promise<LiveKey | null> {
  if (!isWellFormed(bearer)) return null;
  const keyHash = hashOf(bearer);
  const { generation } = ctx.access;
  const row = await crud.findKeyByHash(ctx, keyHash);
  if (!row || row.revoked_at) return null;
  const key: LiveKey = {
    id: row.id,
    name: row.name,
    userId: row.user_id,
    grants: row.permissions,
    expiresAt: row.expires_at.getTime(),
    networks: networksOf(row.addresses),
    ratePerMinute: row.rate_per_minute,
  };
  ctx.access.keepKey(keyHash, key, generation);
  return key;
}

const actors = new WeakMap<LiveKey, { readonly owner: Actor; readonly actor: Actor }>();

/**
 * The owner as the key may act for them: what both of them may do, in the owner's scope. Never the administrator, whoever the owner
 * is: that is no permission that a key could hold. Worked out anew whenever what is known of the owner was read anew.
 */
export function actorOfKey(key: LiveKey, owner: Actor): Actor {
  const known = actors.get(key);
  if (known?.owner === owner) return known.actor;
  const actor: Actor = { ...owner, isSuperuser: false, permissions: owner.permissions.narrowedTo(key.grants) };
  actors.set(key, { owner, actor });
  return actor;
}

/** Whether a key may be used from an address. */
export const isUsableFrom = (key: LiveKey, address: string | null) =>
  key.networks === null || liesIn(key.networks, address);

/** What is said to somebody who uses it from elsewhere. */
export const addressRefused = () => apiKeyErrors.address_refused();

const MINUTE_MS = 60_000;

/** Counts a request of a key. Answers the seconds to wait when it makes too many, else 0. */
export async function countKeyRequest(counters: Counters, key: LiveKey): Promise<number> {
  const { count, endsInMs } = await counters.count(`api-key:${key.id}`, MINUTE_MS);
  return count > key.ratePerMinute ? Math.max(1, Math.ceil(endsInMs / 1000)) : 0;
}
