import type { FastifyBaseLogger } from 'fastify';
import type { Signals } from './signals.ts';
import type { Dispatcher, TaskEngine } from './task.ts';

/** The engine that needs the database alone, or with a dispatcher the one that it hands out. */
export function taskEngine(signals: Signals, dispatcher: Dispatcher | null, log?: FastifyBaseLogger): TaskEngine {
  return {
    name: dispatcher ? 'redis' : 'database',
    get isConnected() {
      return dispatcher?.isConnected ?? true;
    },
    offer(offers) {
      if (!dispatcher?.isConnected) return signals.emit('task.available', 'any');
      const handedOut = offers.filter((offer) => !offer.isLimited);
      if (handedOut.length < offers.length) signals.emit('task.available', 'limited');
      if (handedOut.length === 0) return;
      dispatcher.offer(handedOut).catch((error) => {
        log?.warn({ err: error }, 'tasks could not be handed to Redis; workers find them in the database');
        signals.emit('task.available', 'any');
      });
    },
  };
}
