import type { Actor } from './access.ts';
import type { Json } from './task.ts';

/** Something told to people at work. One with an `id` is stored: whoever missed it is told when they come back. */
export interface LiveEvent {
  readonly id?: number;
  readonly topic: string;
  readonly data: Json;
}

/** Who is told: one user, everybody who holds a permission, or everybody. */
export type Audience = { readonly userId: number } | { readonly permission: string } | 'everybody';

/** Events that wait for a slow reader; beyond that it is cut off, and resumes where it was. */
const MOST_WAITING = 500;

/** One person's open stream. */
export class Stream {
  readonly sessionId: string;
  /** Who looks at the program as that person; null in a session of their own. */
  readonly viewerId: number | null;
  actor: Actor;
  readonly #waiting: LiveEvent[] = [];
  readonly #cutOff: () => void;
  #wake: () => void = () => undefined;
  #isEnded = false;

  /** `cutOff` ends the connection of a reader that reads nothing: it would not read of the end either. */
  constructor(actor: Actor, sessionId: string, viewerId: number | null, cutOff: () => void) {
    this.actor = actor;
    this.sessionId = sessionId;
    this.viewerId = viewerId;
    this.#cutOff = cutOff;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  push(event: LiveEvent): void {
    if (this.#isEnded) return;
    if (this.#waiting.length >= MOST_WAITING) {
      this.#waiting.length = 0;
      this.end();
      this.#cutOff();
      return;
    }
    this.#waiting.push(event);
    this.#wake();
  }

  /** Ends once what waits was read. */
  end(): void {
    this.#isEnded = true;
    this.#wake();
  }

  /** The next event; `null` after `ms` without one, `undefined` at the end. */
  async next(ms: number): Promise<LiveEvent | null | undefined> {
    if (this.#waiting.length === 0 && !this.#isEnded) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return this.#waiting.shift() ?? (this.#isEnded ? undefined : null);
  }
}

/** The open streams of this process. */
export class Streams {
  readonly #open = new Set<Stream>();
  /** The last stored event that was handed to the streams; null while there are none. */
  lastDelivered: number | null = null;

  get size(): number {
    return this.#open.size;
  }

  add(stream: Stream): void {
    this.#open.add(stream);
  }

  remove(stream: Stream): void {
    stream.end();
    this.#open.delete(stream);
    if (this.#open.size === 0) this.lastDelivered = null;
  }

  countOf(userId: number): number {
    let count = 0;
    for (const { actor } of this.#open) if (actor.userId === userId) count += 1;
    return count;
  }

  all(): readonly Stream[] {
    return [...this.#open];
  }

  deliver(event: LiveEvent, audience: Audience): void {
    for (const stream of this.#open) if (isMeant(stream.actor, audience)) stream.push(event);
  }

  /** Ends all of them: the service stops, and their readers turn to another instance. */
  close(): void {
    for (const stream of this.#open) stream.end();
  }
}

function isMeant(actor: Actor, audience: Audience): boolean {
  if (audience === 'everybody') return true;
  return 'userId' in audience ? actor.userId === audience.userId : actor.permissions.holds(audience.permission);
}
