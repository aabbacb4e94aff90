import type { FastifyBaseLogger } from 'fastify';
import { Redis, type RedisOptions } from 'ioredis';

/** Nobody waits longer than this for what can be done without. */
export const COMMAND_TIMEOUT_MS = 1000;
/** Something on the way may have forgotten a connection without a word; the system takes a quarter of an hour to notice. */
const SILENT_AFTER_MS = 3000;

/**
 * Opens a connection to Redis; does not wait for it. While it is away commands fail at once. It is tried again for ever, also when
 * something was asked on it and nothing was answered for `socketTimeout`.
 */
export function openRedis(url: string, log: FastifyBaseLogger, options: RedisOptions = {}): Redis {
  const redis = new Redis(url, {
    retryStrategy: (attempt) => Math.min(100 * attempt, 2000),
    maxRetriesPerRequest: null,
    enableOfflineQueue: false,
    socketTimeout: SILENT_AFTER_MS,
    ...options,
  });
  redis.on('error', (error) => log.debug({ err: error }, 'redis'));
  // The client (5.11) lets its timer run on when a connection closes, and it would end the next one.
  const own = redis as unknown as { socketTimeoutTimer?: NodeJS.Timeout | undefined };
  redis.on('close', () => {
    clearTimeout(own.socketTimeoutTimer);
    own.socketTimeoutTimer = undefined;
  });
  return redis;
}
