import { type Counters, type Gate, waitAfter } from '#core/counters.ts';

interface Entry {
  value: number;
  endsAt: number;
}

/** Far more than one address can make within an hour; the entry that was left alone the longest goes first. */
const MOST_ENTRIES = 200_000;

/** The counters of a single process; a restart forgets them. `clock` tells milliseconds and never goes back. */
export function memoryCounters(clock: () => number = () => performance.now()): Counters {
  const entries = new Map<string, Entry>();
  const countOf = (key: string) => `count:${key}`;
  const waitOf = (key: string) => `wait:${key}`;

  const read = (name: string): Entry | undefined => {
    const entry = entries.get(name);
    if (entry && entry.endsAt > clock()) return entry;
    entries.delete(name);
    return undefined;
  };
  const write = (name: string, value: number, endsAt: number) => {
    entries.delete(name);
    if (entries.size >= MOST_ENTRIES) makeRoom();
    entries.set(name, { value, endsAt });
  };
  const makeRoom = () => {
    for (const name of entries.keys()) read(name);
    for (const name of entries.keys()) {
      if (entries.size < MOST_ENTRIES * 0.9) return;
      entries.delete(name);
    }
  };
  const waitLeft = (key: string) => Math.max(0, (read(waitOf(key))?.endsAt ?? 0) - clock());
  const hold = (key: string, waitMs: number) => {
    if (waitMs > waitLeft(key)) write(waitOf(key), 1, clock() + waitMs);
  };
  const goThrough = (gate: Gate) => {
    const count = (read(countOf(gate.key))?.value ?? 0) + 1;
    write(countOf(gate.key), count, clock() + gate.windowMs);
    hold(gate.key, waitAfter(gate, count));
    return count;
  };

  return {
    async pass(gates) {
      const waitMs = Math.max(0, ...gates.map(({ key }) => waitLeft(key)));
      return { waitMs, counts: waitMs > 0 ? [] : gates.map(goThrough) };
    },
    async takeBack(key, others) {
      const count = read(countOf(key))?.value ?? 0;
      for (const other of others) {
        const entry = read(countOf(other));
        if (entry) entry.value = Math.max(0, entry.value - count);
      }
      entries.delete(countOf(key));
      entries.delete(waitOf(key));
    },
    counts: async (keys) => keys.map((key) => read(countOf(key))?.value ?? 0),
    waits: async (keys) => keys.map(waitLeft),
    hold: async (key, waitMs) => hold(key, waitMs),
    async forget(key) {
      entries.delete(countOf(key));
      entries.delete(waitOf(key));
    },
    async count(key, windowMs) {
      const entry = read(countOf(key)) ?? { value: 0, endsAt: clock() + windowMs };
      write(countOf(key), entry.value + 1, entry.endsAt);
      return { count: entry.value + 1, endsInMs: entry.endsAt - clock() };
    },
    async claim(key, forMs) {
      const name = `claim:${key}`;
      if (read(name)) return false;
      write(name, 1, clock() + forMs);
      return true;
    },
  };
}
