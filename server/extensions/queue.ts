import { Queue, Worker } from 'bullmq';
import type { FastifyBaseLogger } from 'fastify';
import type { Redis } from 'ioredis';
import type { Dispatcher, TaskOffer } from '#core/task.ts';
import { openRedis } from './redis.ts';

const QUEUE = 'tasks';
/** A worker asks for ten seconds at a time whether there is something to do; no answer for longer is none any more. */
const WAITS_AT_MOST_MS = 12_000;

export interface QueueOptions {
  readonly redisUrl: string;
  /** Begins the name of every key, so that installations can share a Redis. */
  readonly prefix: string;
  readonly log: FastifyBaseLogger;
}

/**
 * Hands out tasks by BullMQ: at once, in the order of their priority, each to one worker of all instances. It carries ids; what a task is
 * and what became of it is in the database, so what Redis loses is only time. A worker that does nothing is given what its own process
 * offers without the way over Redis.
 */
export function openQueue({ redisUrl, prefix, log }: QueueOptions): Dispatcher {
  const sender = openRedis(redisUrl, log, { maxRetriesPerRequest: 1 });
  const note = (error: Error) => log.debug({ err: error }, 'redis queue');
  const options = { prefix: `${prefix}:queue` };
  const queue = new Queue<{ id: number }>(QUEUE, {
    ...options,
    connection: sender,
    defaultJobOptions: { removeOnComplete: true, removeOnFail: true },
  });
  queue.on('error', note);
  const receivers = new Set<Redis>();
  /** Whether the worker of this process begins with a task at once. */
  let beginsNear: (offer: TaskOffer) => boolean = () => false;
  const waiting: TaskOffer[] = [];
  let sending: Promise<void> | undefined;
  async function sendWaiting(): Promise<void> {
    try {
      while (waiting.length > 0) {
        const jobs = waiting.splice(0).map(toJob);
        // One alone needs no transaction.
        if (jobs.length === 1) for (const { name, data, opts } of jobs) await queue.add(name, data, opts);
        else await queue.addBulk(jobs);
      }
    } finally {
      // After a failure the workers look by themselves.
      waiting.length = 0;
      sending = undefined;
    }
  }
  function send(offers: readonly TaskOffer[]): Promise<void> {
    if (offers.length === 0) return Promise.resolve();
    waiting.push(...offers);
    // What comes while others are on their way goes together.
    sending ??= sendWaiting();
    return sending;
  }

  return {
    get isConnected() {
      return [sender, ...receivers].every(({ status }) => status === 'ready');
    },
    offer: (offers) => send(offers.filter((offer) => !beginsNear(offer))),
    take(run, places) {
      const connection = openRedis(redisUrl, log, { enableOfflineQueue: true, socketTimeout: WAITS_AT_MOST_MS });
      let atWork = 0;
      const runCounted = async (taskId: number) => {
        atWork += 1;
        try {
          await run(taskId);
        } finally {
          atWork -= 1;
        }
      };
      const worker = new Worker<{ id: number }>(QUEUE, ({ data }) => runCounted(data.id), {
        ...options,
        connection,
        concurrency: places,
        // A job only carries an id for as long as it takes to run; the leases in the database notice the dead.
        lockDuration: 60_000,
        maxStalledCount: 10,
      });
      worker.on('error', note);
      receivers.add(connection);
      // Redis may hand out as many as there are places at this moment; then it is one more, which with a single place would be twice as many.
      beginsNear = ({ id, availableAt }) => {
        if (places === 1 || atWork > 0 || availableAt.getTime() > Date.now()) return false;
        // One that could not be taken is offered again.
        runCounted(id).catch(note);
        return true;
      };
      return async () => {
        beginsNear = () => false;
        // A Redis that is away cannot be told, nor one that goes away meanwhile: the client would wait for it.
        const lost = [sender, connection].map((one) => new Promise((resolve) => one.once('close', resolve)));
        await Promise.race([worker.close(sender.status !== 'ready'), ...lost]);
        connection.disconnect();
        receivers.delete(connection);
      };
    },
    async close() {
      await queue.close().catch(() => undefined);
      sender.disconnect();
    },
  };
}

/** The same task at the same time is one job, however often it is offered. */
function toJob({ id, availableAt, priority }: TaskOffer) {
  return {
    name: 'task',
    data: { id },
    opts: {
      jobId: `task-${id}-${availableAt.getTime()}`,
      delay: Math.max(0, availableAt.getTime() - Date.now()),
      // BullMQ knows nothing above its own default but to jump the line.
      ...(priority > 0 && { priority: Math.min(priority, 2_000_000) }),
      ...(priority < 0 && { lifo: true }),
    },
  };
}
