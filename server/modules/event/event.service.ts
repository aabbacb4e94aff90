import type { Actor } from '#core/access.ts';
import type { LiveSession } from '#core/access-cache.ts';
import type { Context } from '#core/context.ts';
import type { Events } from '#core/events.ts';
import { type LiveEvent, Stream } from '#core/streams.ts';
import type { Json } from '#core/task.ts';
import { getActor } from '../access/access.service.ts';
import { maySee } from '../access/view-check.service.ts';
import { getSessionState } from '../session/session.service.ts';
import * as crud from './event.crud.ts';
import { eventErrors } from './event.errors.ts';

const STREAMS_PER_USER = 10;
const HEARTBEAT_MS = 15_000;
/** Whoever missed more than this is told to read everything anew. */
const MOST_REPLAYED = 500;
const READ_AT_ONCE = 500;

/**
 * Tells somebody (or everybody, with null) something that must not be lost while they are away for a moment. Inside a transaction it is
 * told if and only if that commits. Ids are in the order of the commits: whoever else tells something waits for this one's, so it is
 * stored at its end. Who is gone meanwhile is told nothing. Throws when the database is away.
 */
export function publishEvent(ctx: Context, userId: number | null, topic: string, data: Json): Promise<void> {
  return ctx.beforeCommit((ctx) =>
    ctx.inTransaction(async (ctx) => {
      if (userId !== null && !(await crud.hasUser(ctx, userId))) return;
      const id = await crud.takeId(ctx);
      if (id === null) throw new Error('the counter of events is missing');
      await crud.insertEvent(ctx, { id, user_id: userId, topic, data });
      await ctx.afterCommit(() => ctx.signals.emit('event.stored', id));
    }),
  );
}

/** Tells whoever queued a task how it ended. */
export async function tellOwner(ctx: Context, change: Events['task.changed']): Promise<void> {
  if (change.created_by !== null && FINAL.has(change.state))
    await publishEvent(ctx, change.created_by, 'task.changed', { ...change });
}

/** Tells those who look at the queue, on all instances, that a task has changed. */
export function tellOnlookers(ctx: Context, change: Events['task.changed']): void {
  ctx.signals.emit('task.changed', change);
}

export const FINAL: ReadonlySet<string> = new Set(['succeeded', 'failed', 'cancelled']);

/** Adds the counter. Safe when several instances start at once. */
export async function prepareEvents(ctx: Context): Promise<void> {
  if (await crud.findCounter(ctx)) return;
  try {
    await crud.insertCounter(ctx);
  } catch (error) {
    if (!(await crud.findCounter(ctx))) throw error;
  }
}

/** The text of an event stream (WHATWG HTML §9.2.6). */
function toText({ id, topic, data }: LiveEvent): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${topic}\ndata: ${JSON.stringify(data)}\n\n`;
}

/**
 * The events of the caller as a text stream, from the one after `lastEventId` on when that is given. Ends with the session. A reader
 * that is too slow is `cutOff`, and resumes. Call `stop` when the reader is gone. Throws `event.too_many_streams`.
 */
export function streamEvents(
  ctx: Context,
  lastEventId: number | undefined,
  cutOff: () => void,
): { readonly text: AsyncGenerator<string>; stop(): void } {
  const { sessionId, viewer } = ctx.caller;
  if (ctx.streams.countOf(ctx.actor.userId) >= STREAMS_PER_USER) throw eventErrors.too_many_streams();
  const stream = new Stream(ctx.actor, sessionId ?? '', viewer?.userId ?? null, cutOff);
  ctx.streams.add(stream);
  return { text: read(ctx, stream, lastEventId), stop: () => ctx.streams.remove(stream) };
}

async function* read(ctx: Context, stream: Stream, lastEventId: number | undefined): AsyncGenerator<string> {
  try {
    // From here on live events wait in the stream; those that the replay brings as well are left out below.
    const now = (await crud.findCounter(ctx))?.value ?? 0;
    ctx.streams.lastDelivered ??= now;
    let last = now;
    yield 'retry: 3000\n\n';
    if (lastEventId !== undefined) {
      const missed = await listMissed(ctx, stream.actor.userId, lastEventId, now);
      if (missed === null) yield toText({ id: now, topic: 'reset', data: {} });
      for (const event of missed ?? []) {
        yield toText(event);
        last = Math.max(last, event.id ?? 0);
      }
    }
    yield toText({ id: last, topic: 'ready', data: {} });
    for (;;) {
      const event = await stream.next(HEARTBEAT_MS);
      if (event === undefined) return;
      if (event === null) {
        if (!(await isStillMeant(ctx, stream))) return;
        yield ': still here\n\n';
      } else if (event.id === undefined || event.id > last) {
        last = event.id ?? last;
        yield toText(event);
      }
    }
  } finally {
    ctx.streams.remove(stream);
  }
}

/** What somebody missed since an event; null when that cannot be told any more. */
async function listMissed(ctx: Context, userId: number, after: number, now: number): Promise<LiveEvent[] | null> {
  if (after > now) return null;
  const oldest = await crud.findOldestId(ctx);
  if (after < now && (oldest === null || oldest > after + 1)) return null;
  const rows = await crud.listEventsFor(ctx, userId, after, MOST_REPLAYED + 1);
  return rows.length > MOST_REPLAYED ? null : rows.map(({ id, topic, data }) => ({ id, topic, data }));
}

/**
 * Looks whether the person is still signed in, or may still be viewed, and what they may do now. Ends the stream, with word of it, when
 * they are not.
 */
export async function isStillMeant(ctx: Context, stream: Stream): Promise<boolean> {
  const [session, actor] = [await getSessionState(ctx, stream.sessionId), await getActor(ctx, stream.actor.userId)];
  if (
    session === 'ended' ||
    session.expiresAt <= ctx.now().getTime() ||
    !isActor(actor) ||
    !(await isStillViewed(ctx, session, actor))
  ) {
    stream.push({ topic: 'session.ended', data: {} });
    stream.end();
    return false;
  }
  stream.actor = actor;
  return true;
}

async function isStillViewed(ctx: Context, session: LiveSession, viewed: Actor): Promise<boolean> {
  if (session.viewedUserId === null) return true;
  const viewer = await getActor(ctx, session.userId);
  return isActor(viewer) && maySee(ctx, session, viewer, viewed);
}

const isActor = (person: Actor | 'inactive' | null): person is Actor => person !== null && person !== 'inactive';

/** Reads what was stored since the last time and hands it to the open streams. */
export async function deliverStored(ctx: Context): Promise<void> {
  for (;;) {
    const { lastDelivered } = ctx.streams;
    if (lastDelivered === null) return;
    const rows = await crud.listEventsAfter(ctx, lastDelivered, READ_AT_ONCE);
    for (const { id, user_id, topic, data } of rows) {
      ctx.streams.deliver({ id, topic, data }, user_id === null ? 'everybody' : { userId: user_id });
      ctx.streams.lastDelivered = id;
    }
    if (rows.length < READ_AT_ONCE) return;
  }
}

/** Deletes events that nobody can have missed for so short a time; answers how many. */
export function pruneEvents(ctx: Context): Promise<number> {
  return crud.deleteEventsBefore(ctx, new Date(ctx.now().getTime() - 86_400_000));
}
