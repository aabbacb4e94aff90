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

export function listUnsealed(ctx: Context, limit: number): Promise<ChainRow[]> {
  return ctx
    .unscoped('audit_logs', why)
    .select()
    .selectAll()
    .where('sequence', 'is', null)
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

/** Rows of the chain after a place, in its order. */
export function listSealedAfter(ctx: Context, sequence: number, limit: number): Promise<ChainRow[]> {
  return ctx
    .unscoped('audit_logs', why)
    .select()
    .selectAll()
    .where('sequence', '>', sequence)
    .orderBy('sequence')
    .limit(limit)
    .execute();
}

/** The last place up to which every row is older than a moment, at most `limit` places after the first; null when there is none. */
export async function findLastOlder(ctx: Context, moment: Date, limit: number) {
  const rows = await ctx
    .unscoped('audit_logs', why)
    .select()
    .select(['sequence', 'hash', 'created_at'])
    .where('sequence', '>', 0)
    .orderBy('sequence')
    .limit(limit)
    .execute();
  const firstKept = rows.findIndex((row) => row.created_at >= moment);
  return (firstKept === -1 ? rows.at(-1) : rows[firstKept - 1]) ?? null;
}

/** Removes the rows and the signed places up to a place. */
export async function deleteUpTo(ctx: Context, sequence: number): Promise<void> {
  await ctx.unscoped('audit_logs', why).delete().where('sequence', '<=', sequence).execute();
  await ctx.unscoped('audit_checkpoints', why).delete().where('sequence', '<=', sequence).execute();
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

export async function findLastCheckpoint(ctx: Context): Promise<number> {
  const last = await ctx
    .unscoped('audit_checkpoints', why)
    .select()
    .select('sequence')
    .orderBy('sequence', 'desc')
    .executeTakeFirst();
  return last?.sequence ?? 0;
}
