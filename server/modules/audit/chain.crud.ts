import type { Insertable } from 'kysely';
import type { Context } from '#core/context.ts';
import { valueById } from '#core/crud.ts';
import type { Tables } from '#core/entity.ts';
import { groupsOf } from '#core/groups.ts';
import { prepared } from '#core/prepared.ts';
import type { ChainRow } from './audit.entity.ts';

const why = 'the chain holds every record, whoever may read it';
const HEAD = 'audit';
/** Each row is looked up among those of its statement one by one. */
const ROWS_PER_UPDATE = 50;

export function findHead(ctx: Context) {
  return ctx.unscoped('audit_heads', why).select().selectAll().where('name', '=', HEAD).executeTakeFirst();
}

export function insertHead(ctx: Context, head: Omit<Insertable<Tables['audit_heads']>, 'name'>) {
  return ctx.unscoped('audit_heads', why).insert({ name: HEAD, ...head });
}

/** Makes whoever else changes the chain wait until this transaction ends. */
export async function lockHead(ctx: Context): Promise<void> {
  await ctx.unscoped('audit_heads', why).updateQuietly({ name: HEAD }).where('name', '=', HEAD).execute();
}

export function moveHead(ctx: Context, head: Omit<Insertable<Tables['audit_heads']>, 'name'>) {
  return ctx.unscoped('audit_heads', why).updateQuietly(head).where('name', '=', HEAD).execute();
}

/** Rows that no place was given yet. One that has a hash already lost its place by other hands: it stays as it is, to be found. */
export function listUnsealed(ctx: Context, limit: number): Promise<ChainRow[]> {
  return ctx
    .unscoped('audit_logs', why)
    .select()
    .selectAll()
    .where('sequence', 'is', null)
    .where('hash', 'is', null)
    .orderBy('id')
    .limit(limit)
    .execute();
}

export async function countUnsealed(ctx: Context): Promise<number> {
  const { counted } = await ctx
    .unscoped('audit_logs', why)
    .select()
    .select((eb) => eb.fn.countAll<number>().as('counted'))
    .where('sequence', 'is', null)
    .executeTakeFirstOrThrow();
  return counted;
}

const place = prepared(
  (
    tables,
    { ids, sequences, hashes }: { ids: readonly number[]; sequences: readonly number[]; hashes: readonly string[] },
  ) =>
    tables
      .unscoped('audit_logs', why)
      .updateQuietly({
        sequence: valueById(
          'sequence',
          ids.map((id, index) => [id, sequences[index] as number]),
        ),
        hash: valueById(
          'hash',
          ids.map((id, index) => [id, hashes[index] as string]),
        ),
      })
      .where('id', 'in', ids)
      .where('sequence', 'is', null),
);

/** Gives rows their places, many in one statement. */
export async function placeRows(
  ctx: Context,
  places: readonly { readonly id: number; readonly sequence: number; readonly hash: string }[],
): Promise<void> {
  for (const some of groupsOf(places, ROWS_PER_UPDATE)) {
    await ctx.run(place, {
      ids: some.map(({ id }) => id),
      sequences: some.map(({ sequence }) => sequence),
      hashes: some.map(({ hash }) => hash),
    });
  }
}

export function insertCheckpoint(ctx: Context, checkpoint: Insertable<Tables['audit_checkpoints']>) {
  return ctx.unscoped('audit_checkpoints', why).insert(checkpoint);
}

/** Rows of the chain after a place and up to another, in its order. */
export function listSealed(ctx: Context, after: number, upTo: number, limit: number): Promise<ChainRow[]> {
  return ctx
    .unscoped('audit_logs', why)
    .select()
    .selectAll()
    .where('sequence', '>', after)
    .where('sequence', '<=', upTo)
    .orderBy('sequence')
    .limit(limit)
    .execute();
}

export async function findHashAt(ctx: Context, sequence: number): Promise<string | null> {
  const row = await ctx
    .unscoped('audit_logs', why)
    .select()
    .select('hash')
    .where('sequence', '=', sequence)
    .executeTakeFirst();
  return row?.hash ?? null;
}

export async function hasRecords(ctx: Context): Promise<boolean> {
  return !!(await ctx.unscoped('audit_logs', why).select().select('id').limit(1).executeTakeFirst());
}

/** A row before the first place that there is, which may be less than one. */
export function findBefore(ctx: Context, sequence: number) {
  return ctx
    .unscoped('audit_logs', why)
    .select()
    .select(['id', 'sequence'])
    .where('sequence', '<', sequence)
    .orderBy('sequence')
    .limit(1)
    .executeTakeFirst();
}

/** The row that stands farthest beyond the last place that there is. */
export function findBeyond(ctx: Context, sequence: number) {
  return ctx
    .unscoped('audit_logs', why)
    .select()
    .select(['id', 'sequence'])
    .where('sequence', '>', sequence)
    .orderBy('sequence', 'desc')
    .limit(1)
    .executeTakeFirst();
}

/** A row that has a hash and no place. */
export function findPlaceless(ctx: Context) {
  return ctx
    .unscoped('audit_logs', why)
    .select()
    .select('id')
    .where('sequence', 'is', null)
    .where('hash', 'is not', null)
    .orderBy('id')
    .limit(1)
    .executeTakeFirst();
}

export async function countSealed(ctx: Context, first: number, last: number): Promise<number> {
  const { counted } = await ctx
    .unscoped('audit_logs', why)
    .select()
    .select((eb) => eb.fn.countAll<number>().as('counted'))
    .where('sequence', '>=', first)
    .where('sequence', '<=', last)
    .executeTakeFirstOrThrow();
  return counted;
}

/** A place that several rows have: the index does not allow it, but whoever may change the tables may drop the index. */
export function findDoubled(ctx: Context) {
  return ctx
    .unscoped('audit_logs', why)
    .select()
    .select((eb) => ['sequence', eb.fn.max('id').as('id')])
    .where('sequence', 'is not', null)
    .groupBy('sequence')
    .having((eb) => eb.fn.countAll(), '>', 1)
    .limit(1)
    .executeTakeFirst();
}

/** The last place after another up to which every row says that it is older than a moment, at most `limit` places on; null when there is none. */
export async function findLastOlder(ctx: Context, after: number, moment: Date, limit: number): Promise<number | null> {
  const rows = await ctx
    .unscoped('audit_logs', why)
    .select()
    .select(['sequence', 'created_at'])
    .where('sequence', '>', after)
    .orderBy('sequence')
    .limit(limit)
    .execute();
  const firstKept = rows.findIndex((row) => row.created_at >= moment);
  return (firstKept === -1 ? rows.at(-1) : rows[firstKept - 1])?.sequence ?? null;
}

/** Removes the rows after a place and up to another, and the signed places up to there. */
export async function deleteUpTo(ctx: Context, after: number, upTo: number): Promise<void> {
  const rows = ctx.unscoped('audit_logs', why).delete();
  await rows.where('sequence', '>', after).where('sequence', '<=', upTo).execute();
  await ctx.unscoped('audit_checkpoints', why).delete().where('sequence', '<=', upTo).execute();
}

export function findCut(ctx: Context) {
  return ctx
    .unscoped('audit_checkpoints', why)
    .select()
    .selectAll()
    .where('kind', '=', 'cut')
    .orderBy('sequence', 'desc')
    .executeTakeFirst();
}

export function listCheckpoints(ctx: Context, after: number, upTo: number) {
  return ctx
    .unscoped('audit_checkpoints', why)
    .select()
    .selectAll()
    .where('sequence', '>', after)
    .where('sequence', '<=', upTo)
    .orderBy('sequence')
    .execute();
}

/** The first signed place that is not before another. */
export async function findCheckpointFrom(ctx: Context, sequence: number): Promise<number | null> {
  const next = await ctx
    .unscoped('audit_checkpoints', why)
    .select()
    .select('sequence')
    .where('sequence', '>=', sequence)
    .orderBy('sequence')
    .executeTakeFirst();
  return next?.sequence ?? null;
}

export async function findLastCheckpoint(ctx: Context): Promise<number> {
  const last = await ctx
    .unscoped('audit_checkpoints', why)
    .select()
    .select('sequence')
    .orderBy('sequence', 'desc')
    .executeTakeFirst();
  return last?.sequence ?? 0;
}
