import type { Actor } from './access.ts';

/** What a session's token is checked against on every request. */
export interface LiveSession {
  readonly userId: number;
  readonly expiresAt: number;
}

/** Why a session is not alive, kept like a live one so that a revoked token costs no query either. */
export type SessionState = LiveSession | 'ended';

/** Entries are read again after this long even if nobody said that they changed: the backstop, not the mechanism. */
const TIME_TO_LIVE_MS = 30_000;
const MOST_ENTRIES = 50_000;

interface Entry<V> {
  readonly value: V;
  readonly until: number;
}

/**
 * The access snapshot: who a user is and what they may do, and which sessions live. Read on every request without a query,
 * forgotten on every write that touches it. A value that was being read while something was forgotten is used once, not kept.
 */
export class AccessCache {
  readonly #actors = new Map<number, Entry<Actor | 'inactive' | null>>();
  readonly #sessions = new Map<string, Entry<SessionState>>();
  #generation = 0;

  actor(userId: number): Actor | 'inactive' | null | undefined {
    return read(this.#actors, userId);
  }

  session(sessionId: string): SessionState | undefined {
    return read(this.#sessions, sessionId);
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
    this.#generation += 1;
    if (!userIds) this.#actors.clear();
    else for (const userId of userIds) this.#actors.delete(userId);
  }

  forgetSession(sessionId: string): void {
    this.#generation += 1;
    this.#sessions.delete(sessionId);
  }
}

function read<K, V>(entries: Map<K, Entry<V>>, key: K): V | undefined {
  const entry = entries.get(key);
  if (!entry) return undefined;
  if (entry.until > Date.now()) return entry.value;
  entries.delete(key);
  return undefined;
}

function keep<K, V>(entries: Map<K, Entry<V>>, key: K, value: V): void {
  if (entries.size >= MOST_ENTRIES) entries.delete(entries.keys().next().value as K);
  entries.set(key, { value, until: Date.now() + TIME_TO_LIVE_MS });
}
