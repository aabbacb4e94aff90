import type { DestinationStream } from 'pino';

/** Pino's number of the level; those above are worse. */
const WARNING = 40;

/** Has pino say the level of each line before it is written: see its documentation on `destination`. */
const metadata = Symbol.for('pino.metadata');

/** Where the lines of a turn go, all at once. */
export interface LinesSink {
  write(lines: string, count: number): void;
  /** Writes out what is still on its way. */
  flushSync(): void;
}

/**
 * Passes lines on at the end of the turn of the event loop in which they were logged, all of the turn together: a write for each costs
 * more than the line itself. A warning, or worse, is passed on at once with what came before it, for the turn may be the last one.
 */
export class LogTurn implements DestinationStream {
  readonly [metadata] = true;
  /** Set by pino. */
  lastLevel = 0;
  readonly #sink: LinesSink;
  #lines = '';
  #count = 0;
  #end: NodeJS.Immediate | undefined;

  constructor(sink: LinesSink) {
    this.#sink = sink;
  }

  write(line: string): void {
    this.#lines += line;
    this.#count += 1;
    if (this.lastLevel >= WARNING) this.pass();
    else this.#end ??= setImmediate(() => this.pass());
  }

  /** Ends the turn early. */
  pass(): void {
    clearImmediate(this.#end);
    this.#end = undefined;
    if (this.#count === 0) return;
    const [lines, count] = [this.#lines, this.#count];
    this.#lines = '';
    this.#count = 0;
    this.#sink.write(lines, count);
  }

  /** What pino calls after a fatal line. */
  flushSync(): void {
    this.pass();
    this.#sink.flushSync();
  }
}
