import type { ReadableStream } from 'node:stream/web';
import { Worker } from 'node:worker_threads';
import type { Context } from '#core/context.ts';
import { lazyChild } from '#core/lazy-log.ts';
import { type AnyTaskHandler, DEFAULT_TIMEOUT_MS, type Json, type RunningTask, type TaskLogLevel } from '#core/task.ts';
import { storable, storableJson } from '#core/text.ts';
import { ownTrace, readTraceparent } from '#core/trace.ts';
import type * as claim from './claim.crud.ts';
import { type FileColumns, RunFile } from './file.service.ts';
import { checkedArguments } from './queue.service.ts';
import { cancelledNow, endHeld, failHeld, finished, releaseHeld, tell, type WriteEnd } from './state.service.ts';
import * as work from './work.crud.ts';

/** Why a run was aborted; kept as the reason of its signal. */
export class TaskAborted extends Error {
  readonly why: 'cancelled' | 'timeout' | 'lease-lost' | 'stopping';
  constructor(why: TaskAborted['why'], message: string) {
    super(message);
    this.name = 'TaskAborted';
    this.why = why;
  }
}

const MOST_RESULT_CHARACTERS = 100_000;
const MOST_LOG_LINES = 1000;
const FLUSH_MS = 400;
/** A handler that ignores its signal is left alone after this long: its result will not count. */
const GRACE_AFTER_ABORT_MS = 5000;

/** A run in this process: what it is and how to stop it. */
export interface Run {
  readonly task: claim.TakenTask;
  readonly ended: Promise<void>;
  abort(reason: TaskAborted): void;
}

/** Runs a task that was claimed, as part of the trace that queued it, and records by `write` how it ended. `ended` never rejects. */
export function runTask(system: Context, task: claim.TakenTask, write: WriteEnd): Run {
  const controller = new AbortController();
  const trace = readTraceparent(task.traceparent) ?? ownTrace(task.request_id ?? '');
  const names = { module: 'task', task_id: task.id, handler: task.handler, trace_id: trace.traceId };
  const log = lazyChild(system.log, names);
  const ctx = system.tracedAs(trace.traceId, log);
  const values = { 'messaging.operation.name': 'process', 'task.id': task.id, 'task.attempt': task.attempt };
  const run = () => execute(ctx, task, controller, write);
  const ended = ctx.tracing.span(`run ${task.handler}`, 'consumer', values, run, trace).catch((error) => {
    // The database is away: the lease runs out, and another instance, or this one later, takes the task again.
    ctx.log.error({ err: error, taskId: task.id }, 'the end of a task could not be recorded');
  });
  return { task, ended, abort: (reason) => controller.abort(reason) };
}

async function execute(
  ctx: Context,
  task: claim.TakenTask,
  controller: AbortController,
  write: WriteEnd,
): Promise<void> {
  const handler = ctx.handlers.get(task.handler) as AnyTaskHandler;
  const { attempt } = task;
  const { signal } = controller;
  const timeoutMs = handler.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const timer = setTimeout(
    () => controller.abort(new TaskAborted('timeout', `took longer than ${timeoutMs / 1000} s`)),
    timeoutMs,
  );
  const notes = new RunNotes(ctx, task);
  const file = new RunFile(ctx, task, signal);
  const started = performance.now();
  let outcome: Outcome;
  try {
    await tell(ctx, task, 'running');
    const running: RunningTask = {
      id: task.id,
      createdBy: task.created_by,
      attempt,
      signal,
      progress: (done, total, note) => notes.progress(done, total, note),
      log: (message, level) => notes.log(message, level),
      leaveFile: (left) => file.leave(left),
    };
    const doing = async () => {
      signal.throwIfAborted();
      const result = await perform(ctx, handler, task, running);
      // Who heeds the signal may do so by returning what there is so far: that is no end of the work.
      signal.throwIfAborted();
      return { result, file: await file.columns() };
    };
    outcome = await untilAborted(signal, doing());
  } catch (error) {
    outcome = { error: error instanceof Error ? error : new Error(String(error)) };
  }
  // An abort that comes later, while the end is being written, is too late.
  const reason = signal.aborted && signal.reason instanceof TaskAborted ? signal.reason : null;
  clearTimeout(timer);
  await notes.close();
  if ('error' in outcome) await file.discard();
  await record(ctx, handler, task, reason, outcome, Math.round(performance.now() - started), write);
}

type Outcome = { readonly result: Json; readonly file: FileColumns } | { readonly error: Error };

async function perform(
  ctx: Context,
  handler: AnyTaskHandler,
  task: claim.TakenTask,
  running: RunningTask,
): Promise<Json> {
  // The handler may have changed since the task was queued.
  const args = checkedArguments(handler, task.args);
  const result = handler.thread
    ? await onThread(handler.thread, args, running)
    : await handler.run?.(ctx.asTask({ id: task.id, name: task.job_name ?? task.handler }), args as never, running);
  const json = JSON.stringify(storableJson(JSON.parse(JSON.stringify(result ?? null))));
  if (json.length > MOST_RESULT_CHARACTERS)
    throw new Error(`the result has ${json.length} characters; at most ${MOST_RESULT_CHARACTERS} are kept`);
  return JSON.parse(json) as Json;
}

/** What the handler does, or the reason of the abort when it does not stop soon after it. */
function untilAborted<T>(signal: AbortSignal, doing: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => void setTimeout(() => reject(signal.reason), GRACE_AFTER_ABORT_MS).unref();
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    doing.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

async function record(
  ctx: Context,
  handler: AnyTaskHandler,
  task: claim.TakenTask,
  reason: TaskAborted | null,
  outcome: Outcome,
  durationMs: number,
  write: WriteEnd,
): Promise<void> {
  const { attempt } = task;
  if ('result' in outcome) {
    const changes = {
      ...finished(ctx, durationMs),
      ...outcome.file,
      state: 'succeeded',
      result: outcome.result,
      error: null,
      error_stack: null,
    } as const;
    // Of a trace that is recorded the write is a part, which it would not be among others.
    const kept = await endHeld(ctx, { task, changes }, 'succeeded', ctx.tracing.isRecording ? undefined : write);
    if (!kept) warnOfLostLease(ctx, task);
    return;
  }
  if (reason?.why === 'lease-lost') return warnOfLostLease(ctx, task);
  if (reason?.why === 'stopping') {
    // Not the task's fault: the try does not count, and it may run again at once.
    await releaseHeld(ctx, task, 'stopped', ctx.now(), { attempt: attempt - 1 }, durationMs);
    return;
  }
  if (reason?.why === 'cancelled') {
    await endHeld(ctx, { task, changes: { ...cancelledNow(ctx, durationMs), error: null } }, 'cancelled');
    return;
  }
  const error = reason ?? outcome.error;
  ctx.log.warn({ attempt, err: error }, 'a task failed');
  const failure = {
    error: storable(error.message).slice(0, 1000),
    error_stack: error.stack === undefined ? null : storable(error.stack),
  };
  await failHeld(ctx, handler, task, reason ? 'timed_out' : 'failed', failure, durationMs);
}

function warnOfLostLease(ctx: Context, { id }: claim.TakenTask): void {
  ctx.log.warn({ taskId: id }, 'a task ended after its lease was lost; the result does not count');
}

/** Progress and log lines of one run, written a few times a second at most. */
class RunNotes {
  readonly #ctx: Context;
  readonly #task: claim.TakenTask;
  #progress: { progress_done: number; progress_total: number | null; progress_note: string | null } | null = null;
  #lines: { task_id: number; attempt: number; level: string; message: string; created_at: Date }[] = [];
  #written = 0;
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> = Promise.resolve();

  constructor(ctx: Context, task: claim.TakenTask) {
    this.#ctx = ctx;
    this.#task = task;
  }

  progress(done: number, total?: number, note?: string): void {
    this.#progress = {
      progress_done: Math.trunc(done),
      progress_total: total === undefined ? null : Math.trunc(total),
      progress_note: note === undefined ? null : storable(note).slice(0, 255),
    };
    this.#writeSoon();
  }

  log(message: string, level: TaskLogLevel = 'info'): void {
    if (this.#written >= MOST_LOG_LINES) return;
    this.#written += 1;
    const text =
      this.#written === MOST_LOG_LINES ? '… (no more lines are kept of this run)' : storable(message).slice(0, 2000);
    this.#lines.push({
      task_id: this.#task.id,
      attempt: this.#task.attempt,
      level,
      message: text,
      created_at: this.#ctx.now(),
    });
    this.#writeSoon();
  }

  #writeSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#writing = this.#write();
    }, FLUSH_MS);
  }

  async #write(): Promise<void> {
    await this.#writing;
    const [progress, lines] = [this.#progress, this.#lines];
    const { id, lease_token: token } = this.#task;
    this.#progress = null;
    this.#lines = [];
    try {
      if (lines.length > 0) await work.insertLogs(this.#ctx, lines);
      if (progress && (await work.updateHeld(this.#ctx, { id, leaseToken: token as string, changes: progress })))
        await tell(this.#ctx, this.#task, 'running');
    } catch (error) {
      this.#ctx.log.warn({ err: error, taskId: this.#task.id }, 'notes of a task could not be written');
    }
  }

  async close(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    await this.#writing;
    if (this.#progress || this.#lines.length > 0) await this.#write();
  }
}

type FromThread =
  | { readonly kind: 'progress'; readonly done: number; readonly total?: number; readonly note?: string }
  | { readonly kind: 'log'; readonly message: string; readonly level?: TaskLogLevel }
  | {
      readonly kind: 'file';
      readonly name: string;
      readonly type: string;
      readonly content: ReadableStream<Uint8Array>;
    }
  | { readonly kind: 'result'; readonly result: Json }
  | { readonly kind: 'error'; readonly message: string; readonly stack?: string };

/** Runs a handler's module on a thread of its own. An abort is passed on; a thread that does not heed it is ended. */
function onThread(module: URL, args: Json, running: RunningTask): Promise<Json> {
  const { id, createdBy, attempt, signal } = running;
  const worker = new Worker(new URL('./thread.ts', import.meta.url), {
    workerData: { module: module.href, args, id, createdBy, attempt },
  });
  return new Promise<Json>((resolve, reject) => {
    const onAbort = () => {
      worker.postMessage({ kind: 'abort' });
      setTimeout(() => void worker.terminate(), GRACE_AFTER_ABORT_MS / 2).unref();
    };
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    worker.on('message', (message: FromThread) => {
      if (message.kind === 'progress') running.progress(message.done, message.total, message.note);
      else if (message.kind === 'log') running.log(message.message, message.level);
      else if (message.kind === 'file')
        // The stream brings its content over, no faster than it is written.
        running.leaveFile(message).then(
          () => worker.postMessage({ kind: 'file-left' }),
          (error: Error) => worker.postMessage({ kind: 'file-refused', message: error.message }),
        );
      else if (message.kind === 'result') resolve(message.result);
      else reject(Object.assign(new Error(message.message), { ...(message.stack && { stack: message.stack }) }));
    });
    worker.on('error', reject);
    worker.on('exit', (code) => {
      signal.removeEventListener('abort', onAbort);
      reject(signal.aborted ? signal.reason : new Error(`the thread of the task ended with ${code}`));
    });
  }).finally(() => void worker.terminate());
}
