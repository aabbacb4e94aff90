import type { Context } from './context.ts';
import type { Text } from './i18n.ts';
import type { Json } from './task.ts';

/**
 * A named cache: what is read often, changes seldom, and may be kept as JSON. A feature declares it once and reads through
 * `ctx.cached`; whoever changes what it is made of says so with `ctx.forgetCached` and a tag.
 */
export interface CacheSpec {
  readonly name: string;
  readonly title: Text;
  /** What the entries are made of, such as the name of a table: forgetting a tag empties every cache that has it. */
  readonly tags: readonly string[];
  /** An entry is read again after this long, even if nobody said that it changed. */
  readonly ttlMs: number;
  /** How long after that the old value still serves while reading it again fails. */
  readonly graceMs: number;
  /** Whether entries say something of people: their values are shown to nobody. */
  readonly holdsIdentities?: boolean;
  /** Reads what is wanted first, at the start. */
  readonly warm?: (ctx: Context) => Promise<unknown>;
}

export interface CacheEntry {
  readonly key: string;
  readonly bytes: number;
  readonly expiresAt: number;
  /** As JSON; null where it is shown to nobody. */
  readonly value: string | null;
}

/** How a cache of this process is doing. */
export interface CacheFigures {
  readonly name: string;
  readonly entries: number;
  readonly bytes: number;
  readonly hits: number;
  readonly misses: number;
  readonly forgottenAt: number | null;
}

/** The named caches of the program. */
export interface Caches {
  /** Where entries are kept: in this process, or also in Redis. */
  readonly store: 'memory' | 'redis';
  /** Whether the other instances are heard; while they are not, entries live for a second. */
  readonly isHearing: boolean;
  /** The entry, or what `read` gives, which many callers at once make run once. Null is kept too. */
  get<V extends Json>(spec: CacheSpec, key: string, read: () => Promise<V>): Promise<V>;
  /** Empties the caches with these tags, here and on every instance. */
  forget(tags: readonly string[]): Promise<void>;
  /** Empties one by its name; false when there is none of that name. */
  clear(name: string): Promise<boolean>;
  figures(): readonly CacheFigures[];
  /** The entries of this process, the biggest first. */
  entries(name: string, limit: number): readonly CacheEntry[];
  close(): Promise<void>;
}

/** Keeps nothing: for scripts that read once and end. */
export const noCaches: Caches = {
  store: 'memory',
  isHearing: true,
  get: (_spec, _key, read) => read(),
  forget: async () => undefined,
  clear: async () => false,
  figures: () => [],
  entries: () => [],
  close: async () => undefined,
};

const WARM_AT_ONCE = 4;

/** Fills the caches that want it, a few at once. What fails is filled when it is first asked for. */
export async function warmCaches(ctx: Context, specs: readonly CacheSpec[]): Promise<void> {
  const waiting = specs.filter(({ warm }) => warm !== undefined);
  const work = async () => {
    for (let spec = waiting.shift(); spec; spec = waiting.shift()) {
      try {
        await spec.warm?.(ctx);
      } catch (error) {
        ctx.log.warn({ err: error, cache: spec.name }, 'a cache could not be warmed');
      }
    }
  };
  await Promise.all(Array.from({ length: WARM_AT_ONCE }, work));
}

/** Declares a cache; put it into `caches` of the feature. */
export const defineCache = (spec: CacheSpec): CacheSpec => spec;
