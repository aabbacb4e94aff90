import type { Context } from '#core/context.ts';
import type { Dispatcher } from '#core/task.ts';
import * as claim from './claim.crud.ts';
import { claimTasks, limitedNames, prepareLocks, type TakeOffered, takeOfferedTogether } from './claim.service.ts';
import { isLimited, offerOf } from './queue.service.ts';
import { type Run, runTask, TaskAborted } from './run.service.ts';
import { cancelledNow, endHeld, failHeld, type WriteEnd, writeTogether } from './state.service.ts';
import * as work from './work.crud.ts';

export interface WorkerOptions {
  readonly instance: string;
  /** Tasks at once in this process. */
  readonly places: number;
  /** Without a sign of life for this long an instance is taken for dead, and others do its tasks. */
  readonly leaseMs: number;
  /** How often the database is looked at when nobody said that there is something to do. */
  readonly pollMs: number;
  /** Null for the embedded engine, which needs the database alone. */
  readonly dispatcher: Dispatcher | null;
}

const ABANDONED_AT_ONCE = 100;
/** A task that was offered but not taken for this long is offered again. */
const FORGOTTEN_AFTER_MS = 2000;
const ERROR_PAUSE_MS = 1000;

/** Does the tasks of an installation: one for each process. Survives a database or a Redis that goes away for a while. */
export class TaskWorker {
  readonly #ctx: Context;
  readonly #options: WorkerOptions;
  readonly #take: TakeOffered;
  readonly #write: WriteEnd;
  readonly #runs = new Set<Run>();
  readonly #offered = new Set<Promise<void>>();
  readonly #loops: Promise<void>[] = [];
  #taking: Promise<void> = Promise.resolve();
  readonly #unsubscribe: (() => void)[] = [];
  #stopTaking: () => Promise<void> = async () => undefined;
  #isStopping = false;
  #isGraceOver = false;
  #wake: () => void = () => undefined;
  #isNudged = false;
  #takesAny = false;
  /** Whether tasks may be waiting for a place. */
  #lacksPlaces = false;
  readonly #stopped = new AbortController();

  constructor(ctx: Context, options: WorkerOptions) {
    this.#ctx = ctx;
    this.#options = options;
    this.#take = takeOfferedTogether(ctx, options, () => this.#offered.size === 0);
    this.#write = writeTogether(ctx);
  }

  /** Begins to take tasks. Rejects when the database cannot be reached. */
  async start(): Promise<void> {
    await prepareLocks(this.#ctx);
    const { signals } = this.#ctx;
    this.#unsubscribe.push(
      signals.on('task.available', (which) => this.nudge(which === 'any')),
      signals.on('task.cancel', (id) => {
        for (const run of this.#runsOf(id as number)) run.abort(cancelled());
      }),
    );
    const { dispatcher, places, pollMs, leaseMs } = this.#options;
    if (dispatcher) this.#stopTaking = dispatcher.take((taskId) => this.#takeOffered(taskId), places);
    this.#taking = this.#takeForEver();
    this.#loops.push(this.#every(leaseMs / 3, () => this.#keepLeases()));
    this.#loops.push(this.#every(Math.max(pollMs, leaseMs / 3), () => this.#recoverAbandoned()));
    if (dispatcher) this.#loops.push(this.#every(pollMs, () => this.#offerForgotten()));
  }

  /** Looks for work now; `isAny` says that Redis does not hand it out. */
  nudge(isAny = false): void {
    this.#isNudged = true;
    this.#takesAny ||= isAny;
    this.#wake();
  }

  /** Ends: what runs may finish for `graceMs`, then it goes back into the queue. */
  async stop(graceMs: number): Promise<void> {
    this.#isStopping = true;
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#wake();
    // Before the runs have ended, so that what waits goes to other instances meanwhile.
    const noMoreTaken = this.#stopTaking();
    const timer = setTimeout(() => {
      this.#isGraceOver = true;
      for (const run of this.#runs) run.abort(stopping());
    }, graceMs);
    // What was being claimed at this moment is a run only afterwards.
    await Promise.allSettled([this.#taking, noMoreTaken, ...this.#offered]);
    await Promise.all([...this.#runs].map(({ ended }) => ended));
    clearTimeout(timer);
    this.#stopped.abort();
    await Promise.all(this.#loops);
  }

  /** Whether somebody else hands out the tasks that need not wait for others. */
  get #isHandedOut(): boolean {
    return this.#options.dispatcher?.isConnected === true;
  }

  /** While a dispatcher is connected it hands out all tasks but the limited ones; else all come from the database. */
  async #takeForEver(): Promise<void> {
    const { pollMs } = this.#options;
    while (!this.#isStopping) {
      const limitedOnly = this.#isHandedOut && !this.#takesAny;
      this.#isNudged = false;
      this.#takesAny = false;
      let waitMs = pollMs;
      try {
        const free = this.#freePlaces(limitedOnly);
        let taken = 0;
        for await (const tasks of claimTasks(this.#ctx, free, this.#options, limitedOnly)) {
          taken += tasks.length;
          for (const task of tasks) void this.#run(task);
        }
        this.#lacksPlaces = taken >= free;
        // There may be more behind them.
        if (taken > 0) continue;
        if (free > 0) waitMs = Math.min(pollMs, await this.#untilNextAvailable());
      } catch (error) {
        this.#ctx.log.error({ err: error }, 'tasks could not be taken');
        waitMs = ERROR_PAUSE_MS;
      }
      await this.#pause(waitMs);
    }
  }

  /** What Redis hands out may fill all places for as long as it likes: one is kept for the tasks that it does not. */
  #freePlaces(limitedOnly: boolean): number {
    const free = Math.max(0, this.#options.places - this.#runs.size);
    const hasLimited = [...this.#runs].some(({ task }) => isLimited(this.#ctx, task));
    return limitedOnly && free === 0 && !hasLimited ? 1 : free;
  }

  #runsOf(taskId: number): Run[] {
    return [...this.#runs].filter(({ task }) => task.id === taskId);
  }

  async #untilNextAvailable(): Promise<number> {
    const next = await claim.findNextAvailableAt(this.#ctx, [...this.#ctx.handlers.keys()]);
    return next ? Math.max(1, next.getTime() - this.#ctx.now().getTime()) : Number.POSITIVE_INFINITY;
  }

  #pause(ms: number): Promise<void> {
    if (this.#isNudged || this.#isStopping) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #run(task: claim.TakenTask): Promise<void> {
    // Of an earlier run this instance has lost the lease without knowing it.
    for (const earlier of this.#runsOf(task.id)) earlier.abort(leaseLost());
    const run = runTask(this.#ctx, task, this.#write);
    this.#runs.add(run);
    if (this.#isGraceOver) run.abort(stopping());
    await run.ended;
    this.#runs.delete(run);
    if (!this.#isStopping) {
      // Others may have waited for this one: of its key, or of its handler.
      if (isLimited(this.#ctx, task)) this.#ctx.signals.emit('task.available', 'limited');
      else if (!this.#isHandedOut || this.#lacksPlaces) this.nudge();
    }
  }

  async #takeOffered(taskId: number): Promise<void> {
    const doing = this.#runOffered(taskId);
    this.#offered.add(doing);
    try {
      await doing;
    } finally {
      this.#offered.delete(doing);
    }
  }

  async #runOffered(taskId: number): Promise<void> {
    if (this.#isStopping) return;
    const taken = await this.#take(taskId);
    if (taken) await this.#run(taken);
  }

  async #every(ms: number, upkeep: () => Promise<void>): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(done, ms);
        function done() {
          clearTimeout(timer);
          signal.removeEventListener('abort', done);
          resolve();
        }
        signal.addEventListener('abort', done, { once: true });
      });
      if (signal.aborted) break;
      try {
        await upkeep();
      } catch (error) {
        this.#ctx.log.error({ err: error }, 'the upkeep of tasks failed; it is tried again');
      }
    }
  }

  /** Says that this instance lives, and finds out which of its tasks it shall stop. */
  async #keepLeases(): Promise<void> {
    const runs = [...this.#runs];
    if (runs.length === 0) return;
    const ids = runs.map(({ task }) => task.id);
    const tokens = [...new Set(runs.map(({ task }) => task.lease_token as string))];
    await work.extendLeases(this.#ctx, ids, tokens, new Date(this.#ctx.now().getTime() + this.#options.leaseMs));
    const held = new Map((await work.listHeld(this.#ctx, ids)).map((row) => [row.id, row]));
    for (const run of runs) {
      const { task, abort } = run;
      const row = held.get(task.id);
      if (!this.#runs.has(run)) continue;
      if (row?.lease_token !== task.lease_token) abort(leaseLost());
      else if (row?.cancel_requested) abort(cancelled());
    }
  }

  /** Gives the tasks of instances that died back to the queue, or ends them when their tries are used up. */
  async #recoverAbandoned(): Promise<void> {
    for (const task of await work.listAbandoned(this.#ctx, ABANDONED_AT_ONCE)) {
      const durationMs = task.started_at ? this.#ctx.now().getTime() - task.started_at.getTime() : null;
      if (task.cancel_requested) {
        await endHeld(this.#ctx, { task, changes: cancelledNow(this.#ctx, durationMs) }, 'cancelled');
        continue;
      }
      const error = 'the instance that ran it has not been heard of in time';
      const handler = this.#ctx.handlers.get(task.handler);
      await failHeld(this.#ctx, handler, task, 'lost', { error, error_stack: null }, durationMs);
    }
  }

  /** Whatever was lost between the commit and the engine (a crash, a Redis that was away) is offered again. */
  async #offerForgotten(): Promise<void> {
    const { dispatcher } = this.#options;
    if (!dispatcher?.isConnected) return;
    const since = new Date(this.#ctx.now().getTime() - FORGOTTEN_AFTER_MS);
    const forgotten = await work.listForgotten(this.#ctx, since, limitedNames(this.#ctx), 500);
    if (forgotten.length === 0) return;
    await dispatcher.offer(forgotten.map((task) => offerOf(this.#ctx, task, task.available_at)));
  }
}

const leaseLost = () => new TaskAborted('lease-lost', 'another run has taken the task over');
const cancelled = () => new TaskAborted('cancelled', 'the task was cancelled');
const stopping = () => new TaskAborted('stopping', 'the service stops');
