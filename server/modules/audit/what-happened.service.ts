import type { Context } from '#core/context.ts';
import type { ChainRow } from './audit.entity.ts';
import * as crud from './chain.crud.ts';
import { chainHash, LAST_PLACE } from './chain.ts';
import { Found } from './finding.ts';

const ROWS_PER_READ = 1000;

/** What was done to a row that is not what was sealed at its place, as far as it can be told: where is the row that was? */
export async function whatHappened(ctx: Context, previous: string, row: ChainRow): Promise<Found> {
  const sequence = row.sequence as number;
  let [before, after] = [row, sequence];
  for (;;) {
    const some = await crud.listSealed(ctx, after, LAST_PLACE, ROWS_PER_READ);
    for (const [index, other] of some.entries()) {
      const right = chainHash(previous, sequence, other);
      // It left its hash behind.
      if (right === row.hash) return swapped(row, other);
      // It took its hash along.
      if (right === other.hash) {
        const next = some[index + 1] ?? (await crud.listSealed(ctx, other.sequence as number, LAST_PLACE, 1))[0];
        return isWhereItWas(row, before.id === row.id ? other : before, other) || !isMovedUp(sequence, other, next)
          ? swapped(row, other)
          : added(row, other);
      }
      before = other;
    }
    if (some.length < ROWS_PER_READ) break;
    after = some.at(-1)?.sequence as number;
  }
  return new Found('changed', sequence, row.id, `row ${row.id} at place ${sequence} was changed since it was sealed`);
}

/** Whether a row was sealed where the other one now stands, after the row that was before it there. */
const isWhereItWas = (row: ChainRow, before: ChainRow, other: ChainRow) =>
  row.hash === chainHash(before.hash ?? '', other.sequence as number, row);

/** Whether the rows from this one on were moved together: the next one follows it as it did where both were sealed. */
const isMovedUp = (sequence: number, row: ChainRow, next: ChainRow | undefined) =>
  next ? next.hash === chainHash(row.hash as string, sequence + 1, next) : row.sequence === sequence + 1;

const swapped = (row: ChainRow, other: ChainRow) =>
  new Found(
    'swapped',
    row.sequence,
    row.id,
    `rows ${row.id} and ${other.id} were swapped: the one at place ${other.sequence} was sealed at place ${row.sequence}`,
  );

const added = (row: ChainRow, other: ChainRow) =>
  new Found(
    'added',
    row.sequence,
    row.id,
    `row ${row.id} was added at place ${row.sequence}, where row ${other.id} was sealed`,
  );
