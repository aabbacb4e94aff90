import type { ExpressionBuilder } from 'kysely';
import type { Context } from '#core/context.ts';
import { plusOne } from '#core/crud.ts';
import type { Tables } from '#core/entity.ts';
import { prepared, type StatementTables } from '#core/prepared.ts';
import { whyWork } from './work.crud.ts';

// Statements that find tasks which may run and take them.

/** Handlers, and keys of handlers, that run as often as they may. */
export interface Full {
  readonly handlers: readonly string[];
  readonly keys: readonly { readonly handler: string; readonly key: string }[];
}

const CANDIDATE = ['id', 'handler', 'key', 'job_id'] as const;

const available = (tables: StatementTables, now: Date, handlers: readonly string[]) =>
  tables
    .unscoped('tasks', whyWork)
    .select()
    .select([...CANDIDATE])
    .where('state', '=', 'queued')
    .where('available_at', '<=', now)
    .where('handler', 'in', handlers)
    .orderBy('priority')
    .orderBy('available_at')
    .orderBy('id');

const listAvailableNow = prepared((tables, values: { now: Date; handlers: readonly string[]; limit: number }) =>
  available(tables, values.now, values.handlers).limit(values.limit),
);

/** What may run now, in the order in which it should. */
export function listAvailable(ctx: Context, handlers: readonly string[], limit: number) {
  return ctx.run(listAvailableNow, { now: ctx.now(), handlers, limit });
}

/** The same without what has to wait for others. */
export function listAvailableBut(ctx: Context, full: Full, handlers: readonly string[], limit: number) {
  const others = handlers.filter((handler) => !full.handlers.includes(handler));
  if (others.length === 0) return [];
  return available(ctx, ctx.now(), others)
    .where((eb) => isNoneOf(eb, full.keys))
    .limit(limit)
    .execute();
}

/** The same of the tasks that may have to wait for others alone: those of limited handlers, and those with a key. */
export function listAvailableLimited(
  ctx: Context,
  full: Full,
  handlers: readonly string[],
  limited: readonly string[],
  limit: number,
) {
  const others = handlers.filter((handler) => !full.handlers.includes(handler));
  if (others.length === 0) return [];
  return available(ctx, ctx.now(), others)
    .where((eb) =>
      limited.length > 0 ? eb.or([eb('key', 'is not', null), eb('handler', 'in', limited)]) : eb('key', 'is not', null),
    )
    .where((eb) => isNoneOf(eb, full.keys))
    .limit(limit)
    .execute();
}

function isNoneOf(eb: ExpressionBuilder<Tables, 'tasks'>, keys: Full['keys']) {
  const byHandler = [...Map.groupBy(keys, ({ handler }) => handler)];
  return eb.and(
    byHandler.map(([handler, of]) =>
      eb.or([
        eb('handler', '!=', handler),
        eb('key', 'is', null),
        eb(
          'key',
          'not in',
          of.map(({ key }) => key),
        ),
      ]),
    ),
  );
}

/** How many tasks run of each handler and key. */
export function countRunning(ctx: Context) {
  return ctx
    .unscoped('tasks', whyWork)
    .select()
    .select((eb) => ['handler', 'key', eb.fn.countAll<number>().as('count'), eb.fn.max('job_id').as('job_id')])
    .where('state', '=', 'running')
    .groupBy(['handler', 'key'])
    .execute();
}

export function findQueued(ctx: Context, taskId: number) {
  return ctx
    .unscoped('tasks', whyWork)
    .select()
    .select(['id', 'handler', 'key', 'available_at'])
    .where('id', '=', taskId)
    .where('state', '=', 'queued')
    .executeTakeFirst();
}

/** When the next task becomes available that is not yet. */
export async function findNextAvailableAt(ctx: Context, handlers: readonly string[]): Promise<Date | null> {
  const row = await ctx
    .unscoped('tasks', whyWork)
    .select()
    .select((eb) => eb.fn.min('available_at').as('next'))
    .where('state', '=', 'queued')
    .where('available_at', '>', ctx.now())
    .where('handler', 'in', handlers)
    .executeTakeFirstOrThrow();
  return row.next as Date | null;
}

export interface Lease {
  readonly token: string;
  readonly until: Date;
  readonly instance: string;
}

type Taking = { ids: readonly number[]; now: Date; token: string; until: Date; instance: string };

/** Takes those of the tasks that may still be taken; a try that is taken counts, however it ends. */
const taking = (tables: StatementTables, { ids, now, token, until, instance }: Taking) =>
  tables
    .unscoped('tasks', whyWork)
    .updateQuietly({
      state: 'running',
      attempt: plusOne('attempt'),
      lease_token: token,
      lease_until: until,
      instance,
      started_at: now,
      cancel_requested: false,
    })
    .where('id', 'in', ids)
    .where('state', '=', 'queued')
    .where('available_at', '<=', now);

const TAKEN = [
  'id',
  'handler',
  'args',
  'key',
  'attempt',
  'max_attempts',
  'priority',
  'job_id',
  'job_name',
  'created_by',
  'started_at',
  'lease_token',
  'request_id',
  'traceparent',
] as const;

const take = prepared(taking);
const taken = prepared((tables, { token }: { token: string }) =>
  tables
    .unscoped('tasks', whyWork)
    .select()
    .select([...TAKEN])
    .where('lease_token', '=', token)
    .where('state', '=', 'running'),
);
const takeAndTell = prepared((tables, values: Taking) => taking(tables, values).returning([...TAKEN]));

export type TakenTask = Awaited<ReturnType<typeof takeTasks>>[number];

/** Takes tasks, and answers those that were there to be taken, in the order in which they should run. */
export async function takeTasks(ctx: Context, ids: readonly number[], lease: Lease) {
  const values = { ids, now: ctx.now(), ...lease };
  const tasks = await (ctx.dialect === 'mysql' ? takeAndRead(ctx, values) : ctx.run(takeAndTell, values));
  return tasks.sort((one, other) => one.priority - other.priority || one.id - other.id);
}

/** MySQL cannot answer what an update has changed. In one transaction: what could not be read was not taken either. */
function takeAndRead(ctx: Context, values: Taking) {
  return ctx.inTransaction(async (ctx) => {
    await ctx.run(take, values);
    return ctx.run(taken, { token: values.token });
  });
}

/** Waits until nobody else decides about the tasks of this handler; for use inside a transaction. */
export async function lockHandler(ctx: Context, handler: string): Promise<boolean> {
  const locked = await ctx
    .unscoped('task_locks', whyWork)
    .updateQuietly({ locked_at: ctx.now() })
    .where('handler', '=', handler)
    .executeTakeFirst();
  return locked.numUpdatedRows > 0n;
}

export function listLocks(ctx: Context) {
  return ctx.unscoped('task_locks', whyWork).select().select('handler').execute();
}

export function insertLock(ctx: Context, handler: string) {
  return ctx.unscoped('task_locks', whyWork).insert({ handler, locked_at: ctx.now() });
}

/** The keys of the running tasks of a handler, null for those without one. */
export async function listRunningKeys(ctx: Context, handler: string): Promise<(string | null)[]> {
  const rows = await ctx
    .unscoped('tasks', whyWork)
    .select()
    .select('key')
    .where('handler', '=', handler)
    .where('state', '=', 'running')
    .execute();
  return rows.map(({ key }) => key);
}
