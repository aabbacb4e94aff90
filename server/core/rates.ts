import type { FastifyRateLimitOptions, FastifyRateLimitStore, FastifyRateLimitStoreCtor } from '@fastify/rate-limit';
import type { Counters } from './counters.ts';

/** Lets the rate limits of all instances count together: in the counters instead of the memory of each process. */
export function sharedRates(counters: Counters): FastifyRateLimitStoreCtor {
  return class SharedRates implements FastifyRateLimitStore {
    readonly #scope: string;

    constructor(_options: FastifyRateLimitOptions, scope = '') {
      this.#scope = scope;
    }

    incr(
      key: string,
      callback: (error: Error | null, result?: { current: number; ttl: number }) => void,
      timeWindow: number,
    ): void {
      counters.count(`rate:${this.#scope}:${key}`, timeWindow).then(
        ({ count, endsInMs }) => callback(null, { current: count, ttl: endsInMs }),
        (error) => callback(error as Error),
      );
    }

    child(limit: unknown): SharedRates {
      const { method, url } = (limit as { routeInfo: { method: string; url: string } }).routeInfo;
      return new SharedRates({}, `${method} ${url}`);
    }
  };
}
