import type { Context } from '#core/context.ts';
import type { Static, TSchema } from '#core/schema.ts';
import { type AnyTaskHandler, DEFAULT_ATTEMPTS, type Json, type TaskHandler, type TaskOffer } from '#core/task.ts';
import { writeTraceparent } from '#core/trace.ts';
import { problemsOfArguments } from '#core/validation.ts';
import { taskErrors } from './task.errors.ts';
import * as work from './work.crud.ts';

export interface TaskOptions {
  /** Not before this long from now. */
  readonly delayMs?: number;
  /** Lower ones first; 0 by default. */
  readonly priority?: number;
  /** Tasks of one handler with the same key run one after the other (or as many at once as the handler says). */
  readonly key?: string;
  /** Tries in all; the handler's own number by default. */
  readonly attempts?: number;
}

/** The handler of this name. Throws `task.handler_unknown`. */
export function getHandler(ctx: Context, name: string): AnyTaskHandler {
  const handler = ctx.handlers.get(name);
  if (!handler) throw taskErrors.handler_unknown({ handler: name }).on('handler');
  return handler;
}

/** The handler of this name, for a job. Throws `task.handler_unknown`, also for one that only works in the name of a person. */
export function getJobHandler(ctx: Context, name: string): AnyTaskHandler {
  const handler = getHandler(ctx, name);
  if (handler.permission !== undefined) throw taskErrors.handler_unknown({ handler: name }).on('handler');
  return handler;
}

/** The arguments as the handler takes them, defaults filled in. Throws `request.invalid` style details at `args`. */
export function checkedArguments(handler: AnyTaskHandler, args: unknown): Json {
  const copy = JSON.parse(JSON.stringify(args ?? {}));
  const problems = problemsOfArguments(handler.args, copy);
  if (problems)
    throw taskErrors
      .arguments_invalid()
      .at(
        ...problems.map((problem) => ({ ...problem, path: problem.path === 'args' ? 'args' : `args.${problem.path}` })),
      );
  return copy as Json;
}

/**
 * Queues a call of a handler and returns its id. Inside a transaction it is an outbox: the task exists if and only if the transaction
 * commits. Throws `task.handler_unknown` for a handler that nobody registered and `task.arguments_invalid`.
 */
export async function addTask<A extends TSchema>(
  ctx: Context,
  handler: TaskHandler<A>,
  args: Static<A>,
  options: TaskOptions = {},
): Promise<number> {
  getHandler(ctx, handler.name);
  return insertQueued(ctx, handler, checkedArguments(handler, args), options);
}

/** The row of a task that may run, and word of it to the workers after commit. `more` says what fired it. */
export async function insertQueued(
  ctx: Context,
  handler: AnyTaskHandler,
  args: Json,
  { delayMs = 0, priority = 0, key, attempts }: TaskOptions,
  more: { job_id?: number; job_name?: string; trigger?: string; scheduled_at?: Date } = {},
): Promise<number> {
  const availableAt = new Date(ctx.now().getTime() + delayMs);
  const id = await ctx.tracing.span(`queue ${handler.name}`, 'producer', { 'messaging.operation.name': 'send' }, () =>
    work.insertTask(ctx, {
      handler: handler.name,
      args,
      priority,
      key: key ?? null,
      max_attempts: attempts ?? handler.attempts ?? DEFAULT_ATTEMPTS,
      available_at: availableAt,
      request_id: ctx.caller.requestId,
      traceparent: ctx.tracing.current() ?? writeTraceparent(ctx.caller.traceId),
      ...more,
    }),
  );
  const offer = offerOf(ctx, { id, handler: handler.name, key: key ?? null, priority }, availableAt);
  await ctx.afterCommit(() => ctx.offerTasks([offer]));
  return id;
}

/** Whether a task may have to wait for others: of its key, or of a handler that limits how many run at once. */
export function isLimited(ctx: Context, { handler, key }: { handler: string; key: string | null }): boolean {
  return key !== null || ctx.handlers.get(handler)?.concurrency !== undefined;
}

export function offerOf(
  ctx: Context,
  task: { id: number; handler: string; key: string | null; priority: number },
  availableAt: Date,
): TaskOffer {
  return { id: task.id, priority: task.priority, availableAt, isLimited: isLimited(ctx, task) };
}
