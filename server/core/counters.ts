/** A counter that slows down who is counted: each count beyond `free` is followed by a wait, twice as long as the one before. */
export interface Gate {
  readonly key: string;
  /** The count is forgotten this long after it last went up. */
  readonly windowMs: number;
  readonly free: number;
  readonly firstWaitMs: number;
  readonly longestWaitMs: number;
}

/** Whether the way was free. If it was not, nothing was counted, and the longest of the waits has `waitMs` to go. */
export interface Passage {
  readonly waitMs: number;
  /** What each of the gates has come to with this passage. */
  readonly counts: readonly number[];
}

/**
 * Short-lived counts, waits and claims, which all instances share when there is something to share them by. They end by the store's own
 * clock, which nobody sets: a jump of the system's time neither shortens nor prolongs them.
 */
export interface Counters {
  /** Counts a passage through all gates, or through none while any of them makes wait. In one step: parallel callers are counted in turn. */
  pass(gates: readonly Gate[]): Promise<Passage>;
  /** Forgets the first counter and its wait, and takes what it had come to back from the others. */
  takeBack(key: string, others: readonly string[]): Promise<void>;
  counts(keys: readonly string[]): Promise<number[]>;
  /** How long each of the keys still makes wait. */
  waits(keys: readonly string[]): Promise<number[]>;
  /** Makes a key wait, at least this long. */
  hold(key: string, waitMs: number): Promise<void>;
  /** Forgets a counter and its wait. */
  forget(key: string): Promise<void>;
  /** Counts within a window that begins with the first count. */
  count(key: string, windowMs: number): Promise<{ readonly count: number; readonly endsInMs: number }>;
  /** True for the first who asks within the time, and for nobody else. */
  claim(key: string, forMs: number): Promise<boolean>;
}

/** How long to wait after a gate's count went up to `count`. */
export function waitAfter(gate: Gate, count: number): number {
  if (count <= gate.free) return 0;
  return Math.min(gate.longestWaitMs, gate.firstWaitMs * 2 ** Math.min(40, count - gate.free - 1));
}
