import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { KEYS_PER_STATEMENT } from './groups.ts';

/** How often what was seen is written down: how stale a "last seen" can be, and what a killed process forgets. */
const WRITE_EVERY_MS = 15_000;

/** Keys seen since they were last written: what happens at every request must not write at every request. */
export class Seen<K extends string | number> {
  #keys = new Set<K>();

  add(key: K): void {
    this.#keys.add(key);
  }

  /** Hands what was seen to `write`, in batches and always in the same order. What could not be written is kept for the next time. */
  async writeBy(write: (keys: readonly K[]) => Promise<unknown>): Promise<void> {
    const keys = [...this.#keys].sort();
    this.#keys = new Set();
    for (let start = 0; start < keys.length; start += KEYS_PER_STATEMENT) {
      try {
        await write(keys.slice(start, start + KEYS_PER_STATEMENT));
      } catch (error) {
        for (const key of keys.slice(start)) this.#keys.add(key);
        throw error;
      }
    }
  }
}

/**
 * Runs `write` every `everyMs`, and once more when the server stops. Returns how to run it before its time; what fails is logged and
 * tried again.
 */
export function installWriteBehind(
  app: FastifyInstance,
  log: FastifyBaseLogger,
  write: () => Promise<void>,
  everyMs = WRITE_EVERY_MS,
): () => Promise<void> {
  let running: Promise<void> | null = null;
  const run = () => {
    running ??= write()
      .catch((error) => log.warn({ err: error }, 'what waits to be written could not be; it is tried again'))
      .finally(() => {
        running = null;
      });
    return running;
  };
  let timer: NodeJS.Timeout | undefined;
  app.addHook('onReady', (done) => {
    timer = setInterval(() => void run(), everyMs);
    timer.unref();
    done();
  });
  app.addHook('onClose', async () => {
    clearInterval(timer);
    await running;
    await run();
  });
  return run;
}
