import { DatabaseUnavailableError } from './errors.ts';

interface Waiter {
  readonly admit: () => void;
  readonly timer: NodeJS.Timeout;
}

/** Lets one at a time in, in the order of arrival; whoever waits too long is turned away instead of waiting for ever. */
export class WriterQueue {
  readonly #timeoutMs: number;
  // A Set keeps the order of arrival and forgets one that gave up without searching.
  readonly #waiting = new Set<Waiter>();
  #held = false;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** Enters at once if nobody is inside; costs no promise. */
  tryEnter(): boolean {
    if (this.#held) return false;
    this.#held = true;
    return true;
  }

  /** Enters as soon as it is this caller's turn. Rejects when that takes longer than the timeout. */
  enter(): Promise<void> {
    if (this.tryEnter()) return Promise.resolve();
    return new Promise((admit, reject) => {
      const giveUp = () => {
        this.#waiting.delete(waiter);
        reject(
          new DatabaseUnavailableError(
            `The database is busy: waited ${this.#timeoutMs} ms for SQLite's single writer while another transaction was open. ` +
              'A statement that belongs to an open transaction must be sent through it.',
          ),
        );
      };
      const waiter: Waiter = { admit, timer: setTimeout(giveUp, this.#timeoutMs) };
      this.#waiting.add(waiter);
    });
  }

  /** Leaves, and lets the next one in. */
  leave(): void {
    const next = this.#waiting.values().next().value;
    if (next === undefined) {
      this.#held = false;
      return;
    }
    this.#waiting.delete(next);
    clearTimeout(next.timer);
    next.admit();
  }
}
