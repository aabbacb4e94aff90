import type { Context } from '#core/context.ts';
import { auditLogEntity, type ChainRow } from './audit.entity.ts';
import * as crud from './chain.crud.ts';
import { chainHash, GENESIS } from './chain.ts';
import type { Finding } from './verify.service.ts';

const ROWS_PER_READ = 1000;
const COLUMNS = Object.keys(auditLogEntity.columns);

/** What the archive holds of the chain: `rows` places from `from` to `to`, where the chain of the database begins. */
export interface VerifiedArchive {
  readonly from: number;
  readonly to: number;
  readonly rows: number;
}

/**
 * Goes through the archived part of the chain up to the signed cut, from which the database goes on. Of rows that left the archive the
 * hash of the last is not known any more, so the first row that is left is only checked by those after it, unless it is the first of
 * all. Null when nothing was cut yet. Call it for a database whose own chain holds: the cut is believed.
 */
export async function verifyArchive(
  ctx: Context,
): Promise<{ readonly verified: VerifiedArchive } | { readonly finding: Finding } | null> {
  const cut = await crud.findCut(ctx);
  if (!cut) return null;
  let last: ChainRow | null = null;
  let [from, rows] = [0, 0];
  for (;;) {
    const some = await readAfter(ctx, last?.sequence ?? 0, cut.sequence);
    for (const row of some) {
      const sequence = row.sequence as number;
      if (last && sequence !== (last.sequence as number) + 1)
        return removed((last.sequence as number) + 1, sequence - 1);
      const previous: string | null = last?.hash ?? (sequence === 1 ? GENESIS : null);
      if (previous !== null && chainHash(previous, sequence, row) !== row.hash) return changed(row);
      if (!last) from = sequence;
      last = row;
      rows += 1;
    }
    if (some.length < ROWS_PER_READ) break;
  }
  if (!last) return { verified: { from: cut.sequence + 1, to: cut.sequence, rows: 0 } };
  if (last.sequence !== cut.sequence) return removed((last.sequence as number) + 1, cut.sequence);
  if (last.hash !== cut.hash) return changed(last);
  return { verified: { from, to: cut.sequence, rows } };
}

async function readAfter(ctx: Context, sequence: number, upTo: number): Promise<ChainRow[]> {
  const rows = await ctx.archive.find(auditLogEntity, {
    conditions: [{ column: 'sequence', from: sequence + 1, to: upTo }],
    columns: COLUMNS,
    order: [{ column: 'sequence', direction: 'asc' }],
    skipped: 0,
    limit: ROWS_PER_READ,
  });
  return rows as unknown as ChainRow[];
}

const removed = (from: number, to: number): { readonly finding: Finding } => ({
  finding: {
    kind: 'removed',
    sequence: from,
    id: null,
    text: `the rows at the places ${from} to ${to} are not in the archive`,
  },
});

const changed = ({ id, sequence }: ChainRow): { readonly finding: Finding } => ({
  finding: { kind: 'changed', sequence, id, text: `row ${id} at place ${sequence} was changed in the archive` },
});
