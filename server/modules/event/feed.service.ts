import type { Forgotten } from '#core/access-cache.ts';
import type { Context } from '#core/context.ts';
import type { TaskChange } from '../task/state.service.ts';
import { deliverStored, FINAL, isStillMeant } from './event.service.ts';

/** How late the events of another instance may come where there is no Redis. */
const POLL_MS = 1000;

/** Brings to the open streams of this process what is meant for them: what is stored, what is only passing, and what ends them. */
export class EventFeed {
  readonly #ctx: Context;
  readonly #unsubscribe: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #reading: Promise<void> | null = null;
  #readAgain = false;

  constructor(ctx: Context) {
    this.#ctx = ctx;
  }

  start(): void {
    const { signals, access } = this.#ctx;
    this.#unsubscribe.push(
      signals.on('event.stored', () => this.#read()),
      signals.on('task.changed', (change) => this.#tellOfTask(change as TaskChange)),
      access.onForgotten((forgotten) => void this.#recheck(forgotten)),
    );
    this.#timer = setInterval(() => this.#read(), POLL_MS);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#ctx.streams.close();
    await this.#reading;
  }

  /** One reading at a time, and one more when something came meanwhile. */
  #read(): void {
    this.#readAgain = true;
    this.#reading ??= this.#readAll().finally(() => {
      this.#reading = null;
    });
  }

  async #readAll(): Promise<void> {
    while (this.#readAgain) {
      this.#readAgain = false;
      try {
        await deliverStored(this.#ctx);
      } catch (error) {
        this.#ctx.log.warn({ err: error }, 'events could not be read; it is tried again');
      }
    }
  }

  /** Passing word to those who look at the queue. Whoever queued a task is told for certain how it ended. */
  #tellOfTask(change: TaskChange): void {
    const { streams } = this.#ctx;
    const data = { ...change };
    const event = { topic: 'task.changed', data };
    if (change.job_id !== null) streams.deliver({ ...event, topic: 'job.run' }, { permission: 'monitor:job:query' });
    // Whose task it is, is for those to see who have it in their scope: they look again.
    streams.deliver({ topic: 'queue.changed', data: {} }, { permission: 'monitor:task:query' });
    if (change.created_by !== null && !FINAL.has(change.state)) streams.deliver(event, { userId: change.created_by });
  }

  /** A right or a session was taken away, or given: who is told so looks again; who may not be here any more is shown out. */
  async #recheck(forgotten: Forgotten): Promise<void> {
    if ('keys' in forgotten) return;
    const concerned = this.#ctx.streams.all().filter(({ actor, viewerId, sessionId }) => {
      if ('sessions' in forgotten) return forgotten.sessions.includes(sessionId);
      if ('everybody' in forgotten || forgotten.users.includes(actor.userId)) return true;
      return viewerId !== null && forgotten.users.includes(viewerId);
    });
    for (const stream of concerned) {
      try {
        if ((await isStillMeant(this.#ctx, stream)) && !('sessions' in forgotten))
          stream.push({ topic: 'rights.changed', data: {} });
      } catch (error) {
        this.#ctx.log.warn({ err: error }, 'a stream could not be checked; its next heartbeat does');
      }
    }
  }
}
