import type { CacheFigures } from '#core/cache.ts';
import type { Context } from '#core/context.ts';
import { type Text, text, translate } from '#core/i18n.ts';
import { instanceName } from '#core/instance.ts';
import type { CacheKeys, CacheList, CacheState } from './cache.schema.ts';
import { monitorErrors } from './monitor.errors.ts';

/** What everybody may do: not one of the named caches, for it is asked at every request, but emptied like one. */
const RIGHTS = 'rights';
const MOST_KEYS = 200;
const iso = (at: number | null) => (at === null ? null : new Date(at).toISOString());
const rateOf = (hits: number, misses: number) =>
  hits + misses === 0 ? null : Math.round((hits / (hits + misses)) * 10_000) / 10_000;

interface About {
  readonly title: Text;
  readonly tags: readonly string[];
  readonly ttlMs: number;
  readonly graceMs: number;
  readonly holdsIdentities?: boolean;
}

function toState(
  ctx: Context,
  about: About,
  figures: Omit<CacheFigures, 'bytes'> & { bytes: number | null },
): CacheState {
  const { name, entries, bytes, hits, misses, forgottenAt } = figures;
  return {
    name,
    title: translate(about.title, ctx.locale),
    tags: [...about.tags],
    holds_identities: about.holdsIdentities === true,
    ttl_seconds: Math.round(about.ttlMs / 1000),
    grace_seconds: Math.round(about.graceMs / 1000),
    entries,
    bytes,
    hits,
    misses,
    hit_rate: rateOf(hits, misses),
    forgotten_at: iso(forgottenAt),
  };
}

const rights = {
  title: text('用户权限快照', 'Rights of users'),
  tags: ['users', 'roles', 'menus', 'depts'],
  graceMs: 0,
  holdsIdentities: true,
};

/** How the caches of this process are doing. */
export function listCaches(ctx: Context): CacheList {
  const named = ctx.caches.figures().flatMap((figures) => {
    const spec = ctx.cacheSpecs.find(({ name }) => name === figures.name);
    return spec ? [toState(ctx, spec, figures)] : [];
  });
  const { ttlMs, ...snapshot } = ctx.access.figures();
  return {
    instance: instanceName,
    store: ctx.caches.store,
    is_hearing: ctx.caches.isHearing,
    items: [toState(ctx, { ...rights, ttlMs }, { name: RIGHTS, bytes: null, ...snapshot }), ...named],
  };
}

/** The entries of a cache in this process; of people only who they are about. Throws `monitor.cache_unknown`. */
export function listCacheKeys(ctx: Context, name: string): CacheKeys {
  if (name === RIGHTS) {
    const keys = ctx.access.keys(MOST_KEYS);
    return { items: keys.map((key) => ({ key, bytes: null, expires_at: null, value: null })) };
  }
  if (!ctx.cacheSpecs.some((spec) => spec.name === name)) throw monitorErrors.cache_unknown();
  const entries = ctx.caches.entries(name, MOST_KEYS);
  return {
    items: entries.map(({ key, bytes, expiresAt, value }) => ({ key, bytes, expires_at: iso(expiresAt), value })),
  };
}

/** Empties a cache on every instance: what it held is read again. Signs nobody out. Throws `monitor.cache_unknown`. */
export async function clearCache(ctx: Context, name: string): Promise<void> {
  if (name === RIGHTS) ctx.access.forgetActors();
  else if (!(await ctx.caches.clear(name))) throw monitorErrors.cache_unknown();
  ctx.log.info({ cache: name }, 'cache emptied');
}
