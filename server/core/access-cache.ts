import type { Actor } from './access.ts';

/** What a session's token is checked against on every request. */
export interface LiveSession {
  readonly userId: number;
  readonly expiresAt: number;
}

/** Why a session is not alive, kept like a live one so that a revoked token costs no query either. */
export type SessionState = LiveSession | 'ended';

/** What is forgotten: sessions by id, users by id, or with `everybody` all users. */
export type Forgotten =
  | { readonly sessions: readonly string[] }
  | { readonly users: readonly number[] }
  | { readonly everybody: true };

/** Entries are read again after this long even if nobody said that they changed: the backstop, not the mechanism. */
const TIME_TO_LIVE_MS = 30_000;
/** The same while other instances cannot be heard: what they take away must end soon by itself. */
const DEAF_TIME_TO_LIVE_MS = 1000;
const MOST_ENTRIES = 50_000;

interface Entry<V> {
  readonly value: V;
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
  #generation = 0;
  #timeToLive = TIME_TO_LIVE_MS;
  #tellOthers: (forgotten: Forgotten) => void = () => undefined;

  actor(userId: number): Actor | 'inactive' | null | undefined {
    return this.#read(this.#actors, userId);
  }

  session(sessionId: string): SessionState | undefined {
    return this.#read(this.#sessions, sessionId);
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

  /** Forgets some users, or with no list everybody: for changes that can touch anybody, such as a department's place. */
  forgetActors(userIds?: readonly number[]): void {
    if (userIds?.length === 0) return;
    this.#forget(userIds ? { users: userIds } : { everybody: true });
  }

  forgetSessions(sessionIds: readonly string[]): void {
    if (sessionIds.length > 0) this.#forget({ sessions: sessionIds });
  }

  /** Passes on what is forgotten here to the other instances. */
  tellOthersBy(tell: (forgotten: Forgotten) => void): void {
    this.#tellOthers = tell;
  }

  /** Forgets what another instance has forgotten. */
  hear(forgotten: Forgotten): void {
    this.#generation += 1;
    if ('sessions' in forgotten) for (const sessionId of forgotten.sessions) this.#sessions.delete(sessionId);
    else if ('users' in forgotten) for (const userId of forgotten.users) this.#actors.delete(userId);
    else this.#actors.clear();
  }

  /** Starts afresh when the other instances are heard again, and keeps nothing for long while they are not. */
  setHearing(hearing: boolean): void {
    this.#generation += 1;
    this.#actors.clear();
    this.#sessions.clear();
    this.#timeToLive = hearing ? TIME_TO_LIVE_MS : DEAF_TIME_TO_LIVE_MS;
  }

  #forget(forgotten: Forgotten): void {
    this.hear(forgotten);
    this.#tellOthers(forgotten);
  }

  #read<K, V>(entries: Map<K, Entry<V>>, key: K): V | undefined {
    const entry = entries.get(key);
    if (!entry) return undefined;
    if (Date.now() - entry.since < this.#timeToLive) return entry.value;
    entries.delete(key);
    return undefined;
  }
}

function keep<K, V>(entries: Map<K, Entry<V>>, key: K, value: V): void {
  if (entries.size >= MOST_ENTRIES) entries.delete(entries.keys().next().value as K);
  entries.set(key, { value, since: Date.now() });
}
