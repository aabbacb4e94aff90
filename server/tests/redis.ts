import { Redis } from 'ioredis';

/** Leaves nothing of a test in a Redis that others use too: deletes the keys that begin with `prefix`. */
export async function deleteKeys(redisUrl: string, prefix: string): Promise<void> {
  const redis = new Redis(redisUrl);
  for await (const keys of redis.scanStream({ match: `${prefix}:*` })) if (keys.length > 0) await redis.del(...keys);
  redis.disconnect();
}
