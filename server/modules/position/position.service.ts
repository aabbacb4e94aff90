import { forAll } from '#core/batch.ts';
import type { Context } from '#core/context.ts';
import { conflictErrors } from '#core/errors.ts';
import type { Page } from '#core/schema.ts';
import * as crud from './position.crud.ts';
import { positionErrors } from './position.errors.ts';
import type { PositionCreate, PositionOut, PositionQuery, PositionUpdate } from './position.schema.ts';

function toPositionOut({ updated_by: _editor, ...row }: crud.PositionRow): PositionOut {
  return { ...row, created_at: row.created_at.toISOString(), updated_at: row.updated_at.toISOString() };
}

export async function listPositions(ctx: Context, query: PositionQuery): Promise<Page<PositionOut>> {
  const page = await crud.listPositions(ctx, query);
  return { ...page, items: page.items.map(toPositionOut) };
}

/** Throws `position.not_found`. */
export async function getPosition(ctx: Context, positionId: number): Promise<PositionOut> {
  const row = await crud.findPosition(ctx, positionId);
  if (!row) throw positionErrors.not_found();
  return toPositionOut(row);
}

/** Throws `position.code_taken` by the unique constraint. */
export function createPosition(ctx: Context, input: PositionCreate): Promise<PositionOut> {
  return ctx.inTransaction(async (ctx) => getPosition(ctx, await crud.insertPosition(ctx, input)));
}

/** Throws `position.not_found`, `conflict.stale`, `position.code_taken`. */
export function updatePosition(ctx: Context, positionId: number, input: PositionUpdate): Promise<PositionOut> {
  return ctx.inTransaction(async (ctx) => {
    const { version, ...changes } = input;
    await getPosition(ctx, positionId);
    if (!(await crud.updatePosition(ctx, positionId, version, changes))) throw conflictErrors.stale().on('version');
    return getPosition(ctx, positionId);
  });
}

/** Throws `position.not_found`, `position.in_use`. */
export function deletePosition(ctx: Context, positionId: number): Promise<void> {
  return ctx.inTransaction(async (ctx) => {
    await getPosition(ctx, positionId);
    if ((await crud.countHolders(ctx, positionId)) > 0) throw positionErrors.in_use();
    await crud.deletePosition(ctx, positionId);
  });
}

/** Deletes all of them or none. Throws `conflict.batch_refused`, naming each that was refused and why. */
export function deletePositions(ctx: Context, ids: readonly number[]): Promise<void> {
  return forAll(ctx, ids, deletePosition);
}
