import type { BlockList } from 'node:net';
import type { Actor } from './access.ts';

/** What a session's token is checked against on every request. */
export interface LiveSession {
  readonly userId: number;
  readonly expiresAt: number;
  /** When its user last proved who they are: at the sign-in, or by a step-up. */
  readonly provenAt: number;
  /** Whom the session's user looks at the program as, changing nothing; null for an ordinary session. */
  readonly viewedUserId: number | null;
}

/** Why a session is not alive, kept like a live one so that a revoked token costs no query either. */
export type SessionState = LiveSession | 'ended';

/** What a key for machines is checked against on every request. */
export interface LiveKey {
  readonly id: number;
  readonly name: string;
  readonly userId: number;
  readonly grants: readonly string[];
  readonly expiresAt: number;
  /** Where it may be used from; null for anywhere. */
  readonly networks: BlockList | null;
  readonly ratePerMinute: number;
}

/** What is forgotten: sessions by id, keys by hash, users by id, or with `everybody` all users. */
export type Forgotten =
  | { readonly sessions: readonly string[] }
  | { readonly keys: readonly string[] }
  | { readonly users: readonly number[] }
  | { readonly everybody: true };

/** Entries are read again after this long even if nobody said that they changed: the backstop, not the mechanism. */
const TIME_TO_LIVE_MS = 30_000;
/** The same while other instances cannot be heard: what they take away must end soon by itself. */
const DEAF_TIME_TO_LIVE_MS = 1000;
const MOST_ENTRIES = 50_000;

interface Entry<V> {
  readonly value: V;
  /** By the clock that nobody sets, so that no jump of the other one keeps an entry alive. */
  readonly since: number;
}

/**
 * The access snapshot: who a user is and what they may do, and which sessions live. Read on every request without a query,
 * forgotten on every write that touches it, here and on every other instance. A value that was being read while something was
 * forgotten is used once, not kept.
 */
export class AccessCache {
  readonly #actors = new Map<number, Entry<Actor | 'inactive' | null>>();
  readonly #sessions = new Map<string, Entry<SessionState>>();
  readonly #keys = new Map<string, Entry<LiveKey>>();
  #hits = 0;
  #misses = 0;
  #forgottenAt: number | null = null;
  #generation = 0;
  #timeToLive = TIME_TO_LIVE_MS;
  readonly #listeners = new Set<(forgotten: Forgotten) => void>();
  #tellOthers: (forgotten: Forgotten) => void = () => undefined;

  actor(userId: number): Actor | 'inactive' | null | undefined {
    const actor = this.#read(this.#actors, userId);
    if (actor === undefined) this.#misses += 1;
    else this.#hits += 1;
    return actor;
  }

  session(sessionId: string): SessionState | undefined {
    return this.#read(this.#sessions, sessionId);
  }

  /** A key by its hash. One that does not live is not kept: anybody can make up any number of them. */
  key(keyHash: string): LiveKey | undefined {
    return this.#read(this.#keys, keyHash);
  }

  /** Call before reading the database; what it returns decides whether the result may be kept. */
  get generation(): number {
    return this.#generation;
  }

  keepActor(userId: number, actor: Actor | 'inactive' | null, generation: number): void {
    if (generation === this.#generation) keep(this.#actors, userId, actor);
  }

  keepSession(sessionId: string, state: SessionState, generation: number): void {
    if (generation === this.#generation) keep(this.#sessions, sessionId, state);
  }

  keepKey(keyHash: string, key: LiveKey, generation: number): void {
    if (generation === this.#generation) keep(this.#keys, keyHash, key);
  }

  /** Forgets some users, or with no list everybody: for changes that can touch anybody, such as a department's place. */
  forgetActors(userIds?: readonly number[]): void {
    if (userIds?.length === 0) return;
    this.#forget(userIds ? { users: userIds } : { everybody: true });
  }

  forgetSessions(sessionIds: readonly string[]): void {
    if (sessionIds.length > 0) this.#forget({ sessions: sessionIds });
  }

  forgetKeys(keyHashes: readonly string[]): void {
    if (keyHashes.length > 0) this.#forget({ keys: keyHashes });
  }

  /** Passes on what is forgotten here to the other instances. */
  tellOthersBy(tell: (forgotten: Forgotten) => void): void {
    this.#tellOthers = tell;
  }

  /** Calls `listener` with whatever is forgotten, here or elsewhere; returns how to stop that. */
  onForgotten(listener: (forgotten: Forgotten) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Forgets what another instance has forgotten. */
  hear(forgotten: Forgotten): void {
    this.#generation += 1;
    if ('sessions' in forgotten) for (const sessionId of forgotten.sessions) this.#sessions.delete(sessionId);
    else if ('keys' in forgotten) for (const keyHash of forgotten.keys) this.#keys.delete(keyHash);
    else if ('users' in forgotten) for (const userId of forgotten.users) this.#actors.delete(userId);
    else {
      this.#actors.clear();
      this.#forgottenAt = Date.now();
    }
    for (const listener of this.#listeners) listener(forgotten);
  }

  /** Starts afresh when the other instances are heard again, and keeps nothing for long while they are not. */
  setHearing(hearing: boolean): void {
    this.#generation += 1;
    this.#actors.clear();
    this.#sessions.clear();
    this.#keys.clear();
    this.#timeToLive = hearing ? TIME_TO_LIVE_MS : DEAF_TIME_TO_LIVE_MS;
  }

  /** How often somebody's rights were there, how many are, and when all of them were forgotten last. */
  figures() {
    const { size: entries } = this.#actors;
    const counted = { hits: this.#hits, misses: this.#misses, forgottenAt: this.#forgottenAt };
    return { entries, ttlMs: this.#timeToLive, ...counted };
  }

  /** Whose rights are there; what they are stays here. */
  keys(limit: number): string[] {
    return [...this.#actors.keys()].slice(0, limit).map(String);
  }

  #forget(forgotten: Forgotten): void {
    this.hear(forgotten);
    this.#tellOthers(forgotten);
  }

  #read<K, V>(entries: Map<K, Entry<V>>, key: K): V | undefined {
    const entry = entries.get(key);
    if (!entry) return undefined;
    if (performance.now() - entry.since < this.#timeToLive) return entry.value;
    entries.delete(key);
    return undefined;
  }
}

function keep<K, V>(entries: Map<K, Entry<V>>, key: K, value: V): void {
  if (entries.size >= MOST_ENTRIES) entries.delete(entries.keys().next().value as K);
  entries.set(key, { value, since: performance.now() });
}
