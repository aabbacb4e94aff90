import type { Insertable, Updateable } from 'kysely';
import type { Context } from '#core/context.ts';
import { contains, editorOf, readPage } from '#core/crud.ts';
import type { Tables } from '#core/entity.ts';
import type { PositionQuery } from './position.schema.ts';

export type PositionRow = NonNullable<Awaited<ReturnType<typeof findPosition>>>;

function readable(ctx: Context) {
  return ctx
    .rows('positions')
    .select()
    .selectAll('positions')
    .select((eb) => editorOf(eb, 'positions'));
}

export function findPosition(ctx: Context, positionId: number) {
  return readable(ctx).where('positions.id', '=', positionId).executeTakeFirst();
}

export function listPositions(ctx: Context, query: PositionQuery) {
  let matching = ctx.rows('positions').select();
  if (query.keyword) matching = matching.where(contains(['positions.name', 'positions.code'], query.keyword));
  if (query.is_enabled !== undefined) matching = matching.where('is_enabled', '=', query.is_enabled);
  return readPage({ order_by: 'order,id', ...query }, matching, 'positions', (ids) =>
    readable(ctx).where('positions.id', 'in', ids).execute(),
  );
}

export function insertPosition(ctx: Context, position: Insertable<Tables['positions']>) {
  return ctx.rows('positions').insert(position);
}

export async function updatePosition(
  ctx: Context,
  positionId: number,
  version: number | undefined,
  changes: Updateable<Tables['positions']>,
) {
  let update = ctx.rows('positions').update(changes).where('id', '=', positionId);
  if (version !== undefined) update = update.where('version', '=', version);
  return (await update.executeTakeFirst()).numUpdatedRows > 0n;
}

export function deletePosition(ctx: Context, positionId: number) {
  return ctx.rows('positions').delete().where('id', '=', positionId).execute();
}

export async function countHolders(ctx: Context, positionId: number) {
  const row = await ctx
    .unscoped('user_positions', 'a position in use anywhere cannot be deleted; only that fact is told')
    .select()
    .select((eb) => eb.fn.countAll<number>().as('holders'))
    .where('position_id', '=', positionId)
    .executeTakeFirstOrThrow();
  return row.holders;
}
