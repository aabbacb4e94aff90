import type { Context } from '#core/context.ts';
import { plusOne } from '#core/crud.ts';
import type { Json } from '#core/task.ts';

const why = 'the program tells each person what is meant for them; whose an event is stands in its row';
const COUNTER = 'events';

export function findCounter(ctx: Context) {
  return ctx
    .unscoped('live_event_counters', why)
    .select()
    .select('value')
    .where('name', '=', COUNTER)
    .executeTakeFirst();
}

export function insertCounter(ctx: Context) {
  return ctx.unscoped('live_event_counters', why).insert({ name: COUNTER, value: 0 });
}

/** Looks without a lock: two transactions that tell the same people in another order would wait for each other. */
export async function hasUser(ctx: Context, userId: number): Promise<boolean> {
  const user = await ctx.unscoped('users', why).select().select('id').where('id', '=', userId).executeTakeFirst();
  return user !== undefined;
}

/** The next id; whoever else wants one waits until this transaction has ended. Null while there is no counter. */
export async function takeId(ctx: Context): Promise<number | null> {
  await ctx
    .unscoped('live_event_counters', why)
    .updateQuietly({ value: plusOne('value') })
    .where('name', '=', COUNTER)
    .execute();
  return (await findCounter(ctx))?.value ?? null;
}

export function insertEvent(ctx: Context, event: { id: number; user_id: number | null; topic: string; data: Json }) {
  return ctx.unscoped('live_events', why).insert({ ...event, created_at: ctx.now() });
}

export function listEventsAfter(ctx: Context, after: number, limit: number) {
  return ctx
    .unscoped('live_events', why)
    .select()
    .select(['id', 'user_id', 'topic', 'data'])
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit)
    .execute();
}

export function listEventsFor(ctx: Context, userId: number, after: number, limit: number) {
  return ctx
    .unscoped('live_events', why)
    .select()
    .select(['id', 'user_id', 'topic', 'data'])
    .where('id', '>', after)
    .where((eb) => eb.or([eb('user_id', '=', userId), eb('user_id', 'is', null)]))
    .orderBy('id')
    .limit(limit)
    .execute();
}

/** The oldest id that is still there. */
export async function findOldestId(ctx: Context): Promise<number | null> {
  const row = await ctx.unscoped('live_events', why).select().select('id').orderBy('id').limit(1).executeTakeFirst();
  return row?.id ?? null;
}

export async function deleteEventsBefore(ctx: Context, moment: Date): Promise<number> {
  const result = await ctx.unscoped('live_events', why).delete().where('created_at', '<', moment).executeTakeFirst();
  return Number(result.numDeletedRows);
}
