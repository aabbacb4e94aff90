import { randomUUID } from 'node:crypto';
import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import type { FastifyBaseLogger } from 'fastify';
import type { CacheEntry, CacheFigures, CacheSpec, Caches } from '#core/cache.ts';
import type { Json } from '#core/task.ts';
import { headOf } from '#core/text.ts';
import type { Bus } from './bus.ts';
import { COMMAND_TIMEOUT_MS, openRedis } from './redis.ts';

export interface CacheOptions {
  readonly specs: readonly CacheSpec[];
  readonly redisUrl: string;
  readonly prefix: string;
  readonly bus: Bus;
  readonly log: FastifyBaseLogger;
}

/** While other instances cannot be heard, what they change must show soon by itself. */
const DEAF_TTL_MS = 1000;
const MOST_ENTRIES = 10_000;
const RETRY_MS = 500;

/** A new epoch: later than the last one, also where Redis has lost that. */
const NEXT_EPOCH = `
local last = tonumber(redis.call('GET', KEYS[1]) or 0)
local next = math.max(last + 1, tonumber(ARGV[1]))
redis.call('SET', KEYS[1], string.format('%d', next))
return next`;

/**
 * Entries stand under the epoch of their cache, and forgetting begins a new epoch: what was read before it can be written late, by
 * whichever instance, and still nobody finds it.
 */
class NamedCache {
  readonly spec: CacheSpec;
  /** A number that all instances share, or one of this process alone while it hears nobody. */
  epoch: string = `own-${randomUUID()}`;
  hits = 0;
  misses = 0;
  forgottenAt: number | null = null;
  readonly entries = new Map<string, { bytes: number; expiresAt: number; value: string | null }>();

  constructor(spec: CacheSpec) {
    this.spec = spec;
  }

  begin(epoch: string): void {
    this.epoch = epoch;
    this.entries.clear();
  }

  /** Whether the epoch is later than the one that is known; any is later than one of this process alone. */
  isLater(epoch: number): boolean {
    return this.epoch.startsWith('own-') || epoch > Number(this.epoch);
  }
}

/** Opens the caches: in the memory of this process, and with a URL also in Redis, shared by all instances. Does not wait for Redis. */
export async function openCaches({ specs, redisUrl, prefix, bus, log }: CacheOptions): Promise<Caches> {
  const caches = new Map(specs.map((spec) => [spec.name, new NamedCache(spec)]));
  const memory = () => memoryDriver({ maxItems: MOST_ENTRIES });
  const redis = redisUrl ? await connect(redisUrl, `${prefix}:cache:`, log) : null;
  const shared = redis && bentostore().useL1Layer(memory()).useL2Layer(redis.layer);
  const bento = new BentoCache({
    default: 'own',
    stores: { own: bentostore().useL1Layer(memory()), shared: shared ?? bentostore().useL1Layer(memory()) },
  });
  /** Caches of whose new epoch nobody was told yet. */
  const untold = new Set<NamedCache>();
  let retry: NodeJS.Timeout | undefined;
  let isClosed = false;
  let isHearing = redis === null || bus.isConnected;

  /** Begins a new epoch and tells the others; while Redis is away, one of this process alone. */
  const renew = async (cache: NamedCache): Promise<void> => {
    cache.begin(`own-${randomUUID()}`);
    if (!redis || !isHearing || isClosed) return;
    try {
      const epoch = await redis.nextEpoch(cache.spec.name);
      if (!cache.isLater(epoch)) return;
      cache.begin(String(epoch));
      bus.publish('cache', { name: cache.spec.name, epoch });
    } catch (error) {
      // Nobody was told. Until they are, entries of this process are its own.
      log.warn(
        { err: error, cache: cache.spec.name },
        'Redis does not answer: the other instances are told when it does',
      );
      untold.add(cache);
      retry ??= setTimeout(renewUntold, RETRY_MS).unref();
    }
  };
  const renewUntold = () => {
    retry = undefined;
    const all = [...untold];
    untold.clear();
    for (const cache of all) void renew(cache);
  };

  bus.subscribe('cache', (message) => {
    const { name, epoch } = message as { name: string; epoch: number };
    const cache = caches.get(name);
    if (cache?.isLater(epoch)) {
      cache.begin(String(epoch));
      cache.forgottenAt = Date.now();
    }
  });
  const setHearing = (hearing: boolean) => {
    isHearing = hearing;
    // What was said meanwhile was missed, on either side.
    for (const cache of caches.values()) void renew(cache);
  };
  if (redis) {
    bus.onConnectionChange(setHearing);
    if (isHearing) setHearing(true);
  }

  const forget = async (cache: NamedCache) => {
    cache.forgottenAt = Date.now();
    await renew(cache);
  };

  return {
    store: redis ? 'redis' : 'memory',
    get isHearing() {
      return isHearing;
    },
    async get<V extends Json>(spec: CacheSpec, key: string, read: () => Promise<V>): Promise<V> {
      const cache = caches.get(spec.name);
      if (!cache) throw new Error(`no feature declares the cache ${spec.name}`);
      const { epoch } = cache;
      const isShared = !epoch.startsWith('own-');
      const ttl = isHearing ? spec.ttlMs : Math.min(DEAF_TTL_MS, spec.ttlMs);
      let wasRead = false;
      const { value } = await bento.use(isShared ? 'shared' : 'own').getOrSet<{ value: V }>({
        key: `${spec.name}:${epoch}:${key}`,
        ttl,
        grace: isHearing && spec.graceMs > 0 ? spec.graceMs : false,
        factory: async () => {
          wasRead = true;
          return { value: await read() };
        },
      });
      if (wasRead) cache.misses += 1;
      else cache.hits += 1;
      if (cache.epoch === epoch && (wasRead || !cache.entries.has(key))) note(cache, key, value, Date.now() + ttl);
      return value;
    },
    async forget(tags) {
      const touched = [...caches.values()].filter(({ spec }) => spec.tags.some((tag) => tags.includes(tag)));
      await Promise.all(touched.map(forget));
    },
    async clear(name) {
      const cache = caches.get(name);
      if (cache) await forget(cache);
      return cache !== undefined;
    },
    figures: () => [...caches.values()].map(figuresOf),
    entries(name, limit) {
      const entries = [...(caches.get(name)?.entries ?? [])].map(([key, entry]): CacheEntry => ({ key, ...entry }));
      return entries
        .filter(({ expiresAt }) => expiresAt > Date.now())
        .sort((one, other) => other.bytes - one.bytes)
        .slice(0, limit);
    },
    async close() {
      isClosed = true;
      clearTimeout(retry);
      await bento.disconnectAll().catch(() => undefined);
      redis?.close();
    },
  };
}

const LONGEST_SHOWN = 4000;

function note({ spec, entries }: NamedCache, key: string, value: Json, expiresAt: number): void {
  if (entries.size >= MOST_ENTRIES) entries.delete(entries.keys().next().value as string);
  const text = JSON.stringify(value);
  const shown = spec.holdsIdentities ? null : headOf(text, LONGEST_SHOWN);
  entries.set(key, { bytes: Buffer.byteLength(text), expiresAt, value: shown });
}

function figuresOf({ spec, entries, hits, misses, forgottenAt }: NamedCache): CacheFigures {
  const now = Date.now();
  const alive = [...entries.values()].filter(({ expiresAt }) => expiresAt > now);
  const bytes = alive.reduce((sum, entry) => sum + entry.bytes, 0);
  return { name: spec.name, entries: alive.length, bytes, hits, misses, forgottenAt };
}

/** The part in Redis. It is loaded only where there is one. */
async function connect(url: string, keyPrefix: string, log: FastifyBaseLogger) {
  const { redisDriver } = await import('bentocache/drivers/redis');
  const connection = openRedis(url, log, { maxRetriesPerRequest: 1, commandTimeout: COMMAND_TIMEOUT_MS });
  return {
    layer: redisDriver({ connection, prefix: `${keyPrefix}entries` }),
    nextEpoch: async (name: string) =>
      Number(await connection.eval(NEXT_EPOCH, 1, `${keyPrefix}epoch:${name}`, Date.now())),
    close: () => connection.disconnect(),
  };
}
