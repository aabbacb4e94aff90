import { ByRoute } from './by-route.ts';

const MINUTE_MS = 60_000;

/** Durations are counted in classes, each a quarter of an octave wide: a percentile read from them is right to about 9 %. */
const CLASSES = 84;
const CLASSES_PER_OCTAVE = 4;
/** Where the first class begins; the last one begins above a minute. */
const SHORTEST_MS = 0.05;

/** What is counted of some requests. */
export interface Tally {
  readonly count: number;
  /** Answered 4xx. */
  readonly clientErrors: number;
  /** Answered 5xx. */
  readonly serverErrors: number;
  /** The percentile (0 to 1) of the durations in milliseconds; null when there was no request. */
  percentile(part: number): number | null;
}

class Counter implements Tally {
  /** Which turn of the ring the figures belong to. */
  turn = -1;
  count = 0;
  clientErrors = 0;
  serverErrors = 0;
  readonly #durations = new Uint32Array(CLASSES);

  add(status: number, durationClass: number): void {
    this.count += 1;
    if (status >= 500) this.serverErrors += 1;
    else if (status >= 400) this.clientErrors += 1;
    (this.#durations[durationClass] as number) += 1;
  }

  addAll(other: Counter): void {
    if (other.count === 0) return;
    this.count += other.count;
    this.clientErrors += other.clientErrors;
    this.serverErrors += other.serverErrors;
    for (let index = 0; index < CLASSES; index++)
      (this.#durations[index] as number) += other.#durations[index] as number;
  }

  restart(turn: number): void {
    this.turn = turn;
    this.count = 0;
    this.clientErrors = 0;
    this.serverErrors = 0;
    this.#durations.fill(0);
  }

  percentile(part: number): number | null {
    if (this.count === 0) return null;
    let left = Math.max(1, Math.ceil(this.count * part));
    const index = this.#durations.findIndex((counted) => {
      left -= counted;
      return left <= 0;
    });
    // The middle of the class.
    return Math.round(SHORTEST_MS * 2 ** ((index + 0.5) / CLASSES_PER_OCTAVE) * 100) / 100;
  }
}

function classOf(ms: number): number {
  if (ms <= SHORTEST_MS) return 0;
  return Math.min(CLASSES - 1, Math.floor(Math.log2(ms / SHORTEST_MS) * CLASSES_PER_OCTAVE));
}

const NOTHING = new Counter();

/** Counters of the last `length` intervals; an old one is used again when its turn comes. */
class Ring {
  readonly #width: number;
  readonly #counters: readonly Counter[];

  constructor(length: number, width: number) {
    this.#width = width;
    this.#counters = Array.from({ length }, () => new Counter());
  }

  at(time: number): Counter {
    const turn = Math.floor(time / this.#width);
    const counter = this.#counters[turn % this.#counters.length] as Counter;
    if (counter.turn !== turn) counter.restart(turn);
    return counter;
  }

  /** The last `count` intervals, the present one last, each with its beginning. */
  last(count: number, now: number): { from: number; tally: Counter }[] {
    const current = Math.floor(now / this.#width);
    return Array.from({ length: count }, (_, index) => {
      const turn = current - count + 1 + index;
      const counter = this.#counters[turn % this.#counters.length] as Counter;
      return { from: turn * this.#width, tally: counter.turn === turn ? counter : NOTHING };
    });
  }
}

function sum(intervals: readonly { tally: Counter }[]): Counter {
  const total = new Counter();
  for (const { tally } of intervals) total.addAll(tally);
  return total;
}

export interface Interval {
  readonly from: number;
  readonly tally: Tally;
}

export interface RequestFigures {
  /** When counting began: with the process. */
  readonly since: number;
  /** The last hour by minutes and the last day by hours, none from before counting began. */
  readonly minutes: readonly Interval[];
  readonly hours: readonly Interval[];
  readonly lastHour: Tally;
  readonly hourBefore: Tally;
  /** The last hour by route, most requests first. */
  readonly routes: readonly { readonly method: string; readonly path: string; readonly tally: Tally }[];
}

/** How many requests this process answered, how fast, and with how many errors. In memory, and gone with the process. */
export class RequestStats {
  readonly #now: () => number;
  readonly #since: number;
  readonly #minutes = new Ring(120, MINUTE_MS);
  readonly #hours = new Ring(24, 60 * MINUTE_MS);
  readonly #routes = new ByRoute(() => new Ring(12, 5 * MINUTE_MS));

  constructor(now: () => number = Date.now) {
    this.#now = now;
    this.#since = now();
  }

  add(method: string, path: string | null, status: number, durationMs: number): void {
    const now = this.#now();
    const durationClass = classOf(durationMs);
    this.#minutes.at(now).add(status, durationClass);
    this.#hours.at(now).add(status, durationClass);
    if (path !== null) this.#routes.of(method, path)?.at(now).add(status, durationClass);
  }

  figures(): RequestFigures {
    const now = this.#now();
    const minutes = this.#minutes.last(120, now);
    const sinceStart = (width: number) => (interval: Interval) => interval.from + width > this.#since;
    const routes = this.#routes
      .all()
      .map(({ method, path, value }) => ({ method, path, tally: sum(value.last(12, now)) }));
    return {
      since: this.#since,
      minutes: minutes.slice(60).filter(sinceStart(MINUTE_MS)),
      hours: this.#hours.last(24, now).filter(sinceStart(60 * MINUTE_MS)),
      lastHour: sum(minutes.slice(60)),
      hourBefore: sum(minutes.slice(0, 60)),
      routes: routes.filter(({ tally }) => tally.count > 0).sort((one, other) => other.tally.count - one.tally.count),
    };
  }
}
