import { setImmediate as nextTurn } from 'node:timers/promises';

/** Of a request few statements take longer than a part of a millisecond. */
const LONGEST_MS = 5;

/**
 * How long statements have gone on within one turn of the event loop. SQLite answers at once, so whoever sends one statement after the
 * other would let nothing else happen in this process until the last of them.
 */
export class Turn {
  #began: number | null = null;

  /** Whether others should have their turn before the next statement. */
  get isOver(): boolean {
    const now = performance.now();
    if (this.#began !== null) return now - this.#began > LONGEST_MS;
    this.#began = now;
    setImmediate(() => {
      this.#began = null;
    });
    return false;
  }

  /** Lets others have it. */
  async end(): Promise<void> {
    await nextTurn();
  }
}
