import { randomUUID } from 'node:crypto';
import type { FastifyBaseLogger } from 'fastify';
import { COMMAND_TIMEOUT_MS, openRedis } from './redis.ts';

/** How often an instance says something to itself, to know that it can be heard and hears. */
const BEAT_MS = 2000;
/** Beats in a row that may be missed. */
const MOST_MISSED = 2;

type Handler = (message: unknown) => void;

/** Tells the other instances of an installation what has changed. What an instance publishes does not come back to itself. */
export interface Bus {
  /** Whether other instances can be heard; a single instance always can. */
  readonly isConnected: boolean;
  publish(topic: string, message: unknown): void;
  subscribe(topic: string, handler: Handler): void;
  /** Called when the connection is lost and when it is back: what was said in between was missed. */
  onConnectionChange(handler: (connected: boolean) => void): void;
  /** Rejects while the other instances cannot be heard. */
  check(): Promise<void>;
  /** Which version of Redis answers. */
  version(): Promise<string>;
  close(): Promise<void>;
}

/** The bus of a single instance: there is nobody to tell. */
export const silentBus: Bus = {
  isConnected: true,
  publish: () => undefined,
  subscribe: () => undefined,
  onConnectionChange: () => undefined,
  check: async () => undefined,
  version: async () => '',
  close: async () => undefined,
};

/** Opens the bus: Redis publish and subscribe with a URL, silence without one. Does not wait for Redis: the service runs without it. */
export function openBus(redisUrl: string, prefix: string, log: FastifyBaseLogger, beatMs = BEAT_MS): Bus {
  if (!redisUrl) return silentBus;
  const channels = `${prefix}:bus:`;
  const self = randomUUID();
  const ownChannel = `${prefix}:beat:${self}`;
  const handlers = new Map<string, Handler[]>();
  const watchers: ((connected: boolean) => void)[] = [];
  let isConnected = false;
  const publisher = openRedis(redisUrl, log, { commandTimeout: COMMAND_TIMEOUT_MS });
  // Of this connection silence says nothing by itself: what it hears are the beats.
  const subscriber = openRedis(redisUrl, log, { autoResubscribe: false });
  const setConnected = (connected: boolean) => {
    if (connected === isConnected) return;
    isConnected = connected;
    if (connected) log.info('connected to Redis');
    else log.warn('Redis does not answer: other instances cannot be heard until it is back');
    for (const watcher of watchers) watcher(connected);
  };
  let isSubscribed = false;
  let missed = 0;
  const beat = () => {
    if (!isSubscribed) return;
    publisher.publish(ownChannel, '').catch((error) => log.debug({ err: error }, 'redis'));
  };
  const stopHearing = () => {
    isSubscribed = false;
    missed = 0;
    setConnected(false);
  };
  const heartbeat = setInterval(() => {
    missed += 1;
    if (missed <= MOST_MISSED) return beat();
    stopHearing();
    if (['connect', 'ready'].includes(subscriber.status)) subscriber.disconnect(true);
  }, beatMs);
  heartbeat.unref();
  publisher.on('ready', beat);
  subscriber.on('close', stopHearing);
  subscriber.on('ready', () => {
    Promise.all([subscriber.psubscribe(`${channels}*`), subscriber.subscribe(ownChannel)]).then(
      () => {
        isSubscribed = true;
        beat();
      },
      (error) => log.warn({ err: error }, 'could not listen to the other instances'),
    );
  });
  subscriber.on('message', () => {
    // On a connection that is being given up nothing counts any more.
    if (!isSubscribed) return;
    missed = 0;
    setConnected(true);
  });
  subscriber.on('pmessage', (_pattern, channel: string, raw: string) => {
    const { from, message } = JSON.parse(raw) as { from: string; message: unknown };
    if (from === self) return;
    for (const handler of handlers.get(channel.slice(channels.length)) ?? []) handler(message);
  });
  return {
    get isConnected() {
      return isConnected;
    },
    publish(topic, message) {
      publisher.publish(channels + topic, JSON.stringify({ from: self, message })).catch((error) => {
        log.warn({ err: error, topic }, 'the other instances could not be told; their entries expire by themselves');
      });
    },
    subscribe: (topic, handler) => void handlers.set(topic, [...(handlers.get(topic) ?? []), handler]),
    onConnectionChange: (handler) => void watchers.push(handler),
    async check() {
      if (!isConnected) throw new Error('Redis does not answer');
      await publisher.ping();
    },
    version: async () => `Redis ${/redis_version:(\S+)/.exec(await publisher.info('server'))?.[1] ?? ''}`,
    async close() {
      clearInterval(heartbeat);
      publisher.disconnect();
      subscriber.disconnect();
    },
  };
}
