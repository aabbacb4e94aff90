import { randomUUID } from 'node:crypto';
import type { FastifyBaseLogger } from 'fastify';
import { Redis } from 'ioredis';

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
  close(): Promise<void>;
}

/** The bus of a single instance: there is nobody to tell. */
export const silentBus: Bus = {
  isConnected: true,
  publish: () => undefined,
  subscribe: () => undefined,
  onConnectionChange: () => undefined,
  check: async () => undefined,
  close: async () => undefined,
};

const PREFIX = 'fastify-vue3-admin:';

/** Opens the bus: Redis publish and subscribe with a URL, silence without one. Does not wait for Redis: the service runs without it. */
export function openBus(redisUrl: string, log: FastifyBaseLogger): Bus {
  if (!redisUrl) return silentBus;
  const self = randomUUID();
  const handlers = new Map<string, Handler[]>();
  const watchers: ((connected: boolean) => void)[] = [];
  let isConnected = false;
  const options = {
    retryStrategy: (attempt: number) => Math.min(100 * attempt, 2000),
    maxRetriesPerRequest: null,
    enableOfflineQueue: false,
  };
  const publisher = new Redis(redisUrl, options);
  const subscriber = new Redis(redisUrl, { ...options, autoResubscribe: false });
  const setConnected = (connected: boolean) => {
    if (connected === isConnected) return;
    isConnected = connected;
    if (connected) log.info('connected to Redis');
    else log.warn('Redis does not answer: other instances cannot be heard until it is back');
    for (const watcher of watchers) watcher(connected);
  };
  publisher.on('error', (error) => log.debug({ err: error }, 'redis'));
  subscriber.on('error', (error) => log.debug({ err: error }, 'redis'));
  subscriber.on('close', () => setConnected(false));
  subscriber.on('ready', () => {
    subscriber.psubscribe(`${PREFIX}*`).then(
      () => setConnected(true),
      (error) => log.warn({ err: error }, 'could not listen to the other instances'),
    );
  });
  subscriber.on('pmessage', (_pattern, channel: string, raw: string) => {
    const { from, message } = JSON.parse(raw) as { from: string; message: unknown };
    if (from === self) return;
    for (const handler of handlers.get(channel.slice(PREFIX.length)) ?? []) handler(message);
  });
  return {
    get isConnected() {
      return isConnected;
    },
    publish(topic, message) {
      publisher.publish(PREFIX + topic, JSON.stringify({ from: self, message })).catch((error) => {
        log.warn({ err: error, topic }, 'the other instances could not be told; their entries expire by themselves');
      });
    },
    subscribe: (topic, handler) => void handlers.set(topic, [...(handlers.get(topic) ?? []), handler]),
    onConnectionChange: (handler) => void watchers.push(handler),
    async check() {
      if (!isConnected) throw new Error('Redis does not answer');
    },
    async close() {
      publisher.disconnect();
      subscriber.disconnect();
    },
  };
}
