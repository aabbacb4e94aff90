import type { FastifyBaseLogger } from 'fastify';
import type { Counters } from '#core/counters.ts';
import { memoryCounters } from './counters-memory.ts';
import { COMMAND_TIMEOUT_MS, openRedis } from './redis.ts';

export interface OpenCounters extends Counters {
  close(): Promise<void>;
}

/** Every script gets a count and a wait for each key: KEYS are `count, wait, count, wait, …`. */
const PASS = `
local longest = 0
for i = 2, #KEYS, 2 do longest = math.max(longest, redis.call('PTTL', KEYS[i])) end
if longest > 0 then return {longest} end
local answer = {0}
for i = 1, #KEYS, 2 do
  local at = (i - 1) * 2
  local window, free, first, most = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3]), tonumber(ARGV[at + 4])
  local count = redis.call('INCR', KEYS[i])
  redis.call('PEXPIRE', KEYS[i], window)
  if count > free then
    local wait = math.floor(math.min(most, first * 2 ^ math.min(40, count - free - 1)))
    if wait > 0 then redis.call('SET', KEYS[i + 1], 1, 'PX', wait) end
  end
  table.insert(answer, count)
end
return answer`;
const TAKE_BACK = `
local count = tonumber(redis.call('GET', KEYS[1]) or 0)
redis.call('DEL', KEYS[1], KEYS[2])
for i = 3, #KEYS, 2 do
  local other = tonumber(redis.call('GET', KEYS[i]) or 0)
  if other > 0 then redis.call('SET', KEYS[i], math.max(0, other - count), 'KEEPTTL') end
end`;
const HOLD = `
if redis.call('PTTL', KEYS[2]) < tonumber(ARGV[1]) then redis.call('SET', KEYS[2], 1, 'PX', ARGV[1]) end`;
const COUNT = `
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {count, redis.call('PTTL', KEYS[1])}`;

/**
 * Opens the counters: in Redis with a URL, so that all instances count together and a restart forgets nothing; else in memory.
 * While Redis does not answer, each instance counts for itself: an attacker gains a few attempts, and nobody is let in uncounted.
 */
export function openCounters(redisUrl: string, prefix: string, log: FastifyBaseLogger): OpenCounters {
  const own = memoryCounters();
  if (!redisUrl) return { ...own, close: async () => undefined };
  const redis = openRedis(redisUrl, log, { commandTimeout: COMMAND_TIMEOUT_MS, keyPrefix: `${prefix}:counters:` });

  const both = (keys: readonly string[]) => keys.flatMap((key) => [`count:${key}`, `wait:${key}`]);
  const run = async (script: string, keys: readonly string[], values: readonly number[] = []) => {
    const names = both(keys);
    return (await redis.eval(script, names.length, ...names, ...values.map(Math.ceil))) as number[];
  };
  const shared: Counters = {
    async pass(gates) {
      const limits = gates.flatMap((gate) => [gate.windowMs, gate.free, gate.firstWaitMs, gate.longestWaitMs]);
      const [waitMs = 0, ...counts] = await run(
        PASS,
        gates.map((gate) => gate.key),
        limits,
      );
      return { waitMs, counts };
    },
    takeBack: async (key, others) => void (await run(TAKE_BACK, [key, ...others])),
    counts: async (keys) => (keys.length ? (await redis.mget(keys.map((key) => `count:${key}`))).map(Number) : []),
    async waits(keys) {
      const pipeline = redis.pipeline();
      for (const key of keys) pipeline.pttl(`wait:${key}`);
      return ((await pipeline.exec()) ?? []).map(([error, left]) => {
        if (error) throw error;
        return Math.max(0, Number(left));
      });
    },
    hold: async (key, waitMs) => void (await run(HOLD, [key], [waitMs])),
    forget: async (key) => void (await redis.del(...both([key]))),
    async count(key, windowMs) {
      const [count = 1, endsInMs = windowMs] = await run(COUNT, [key], [windowMs]);
      return { count, endsInMs };
    },
    claim: async (key, forMs) => (await redis.set(`claim:${key}`, 1, 'PX', Math.ceil(forMs), 'NX')) === 'OK',
  };

  let isShared = true;
  const orOwn =
    <A extends unknown[], R>(withRedis: (...values: A) => Promise<R>, alone: (...values: A) => Promise<R>) =>
    async (...values: A): Promise<R> => {
      try {
        const answer = await withRedis(...values);
        if (!isShared) log.info('counting attempts in Redis again');
        isShared = true;
        return answer;
      } catch (error) {
        if (isShared) log.warn({ err: error }, 'Redis does not answer: this instance counts attempts for itself');
        isShared = false;
        return alone(...values);
      }
    };
  return {
    pass: orOwn(shared.pass, own.pass),
    takeBack: orOwn(shared.takeBack, own.takeBack),
    counts: orOwn(shared.counts, own.counts),
    waits: orOwn(shared.waits, own.waits),
    hold: orOwn(shared.hold, own.hold),
    forget: orOwn(shared.forget, own.forget),
    count: orOwn(shared.count, own.count),
    claim: orOwn(shared.claim, own.claim),
    close: async () => redis.disconnect(),
  };
}
