import { isDeepStrictEqual } from 'node:util';
import type { Condition } from '#core/conditions.ts';
import type { Context } from '#core/context.ts';
import { auditLogEntity, type ChainRow } from './audit.entity.ts';
import * as crud from './chain.crud.ts';
import { chainHash, GENESIS, LAST_PLACE } from './chain.ts';
import { type Finding, Found } from './finding.ts';

const ROWS_PER_READ = 1000;
const COLUMNS = Object.keys(auditLogEntity.columns);

/** What the archive holds of the chain: `rows` places from `from` to `to`, where the chain of the database begins. */
export interface VerifiedArchive {
  readonly from: number;
  readonly to: number;
  readonly rows: number;
}

type VerifiedOrNot = { readonly verified: VerifiedArchive } | { readonly finding: Finding } | null;

/**
 * Goes through the archived part of the chain up to the signed cut, from which the database goes on. Of rows that left the archive the
 * hash of the last is not known any more, so the first row that is left is only checked by those after it, unless it is the first of
 * all. Null when nothing was archived yet. Call it for a database whose own chain holds: the cut is believed.
 */
export async function verifyArchive(ctx: Context): Promise<VerifiedOrNot> {
  for (let before: Finding | null = null; ; ) {
    const result = await walk(ctx).catch((error: unknown) => {
      if (error instanceof Found) return { finding: error.finding };
      throw error;
    });
    // Rows come while they are counted, and those whose time is over go: what is found stays found.
    if (!result || !('finding' in result) || isDeepStrictEqual(result.finding, before)) return result;
    before = result.finding;
  }
}

async function walk(ctx: Context): Promise<VerifiedOrNot> {
  const total = await ctx.archive.count(auditLogEntity, []);
  const cut = await crud.findCut(ctx);
  const [tooEarly] = await find(ctx, [{ column: 'sequence', below: 1 }]);
  if (tooEarly) throw strange(tooEarly);
  const { first, last, rows } = await walkUpTo(ctx, cut?.sequence ?? 0);
  if (last && last.sequence !== cut?.sequence) throw removed((last.sequence as number) + 1, cut?.sequence ?? 0);
  if (last && last.hash !== cut?.hash) throw changed(last);
  const beyond = await countCopies(ctx, cut?.sequence ?? 0);
  if (total > rows + beyond)
    throw new Found('added', null, null, `${total - rows - beyond} rows in the archive stand at no place of the chain`);
  if (!cut) return null;
  const to = cut.sequence;
  return { verified: { from: first?.sequence ?? to + 1, to, rows } };
}

async function walkUpTo(ctx: Context, cut: number) {
  let [first, last]: [ChainRow | null, ChainRow | null] = [null, null];
  for (let rows = 0; ; ) {
    const some = await readAfter(ctx, last?.sequence ?? 0, cut);
    for (const row of some) {
      const sequence = row.sequence as number;
      if (last && sequence === last.sequence) throw strange(row);
      if (last && sequence !== (last.sequence as number) + 1)
        throw removed((last.sequence as number) + 1, sequence - 1);
      const previous: string | null = last?.hash ?? (sequence === 1 ? GENESIS : null);
      if (previous !== null && chainHash(previous, sequence, row) !== row.hash) throw changed(row);
      first ??= row;
      last = row;
      rows += 1;
    }
    if (some.length < ROWS_PER_READ) return { first, last, rows };
  }
}

/** Counts the rows beyond the cut, which were archived and could not be removed yet: the database must have every one of them, unchanged. */
async function countCopies(ctx: Context, cut: number): Promise<number> {
  for (let [after, copies] = [cut, 0]; ; ) {
    const some = await readAfter(ctx, after, LAST_PLACE);
    const there = await crud.listSealed(ctx, after, some.at(-1)?.sequence ?? after, ROWS_PER_READ);
    const byId = new Map(there.map((row) => [row.id, row]));
    for (const row of some) {
      const original = byId.get(row.id);
      if (original?.sequence !== row.sequence) throw strange(row);
      if (original.hash !== row.hash || contentOf(original) !== contentOf(row)) throw changed(row);
    }
    copies += some.length;
    if (some.length < ROWS_PER_READ) return copies;
    after = some.at(-1)?.sequence as number;
  }
}

const contentOf = (row: ChainRow) => chainHash(GENESIS, row.sequence as number, row);

const readAfter = (ctx: Context, sequence: number, upTo: number) =>
  find(ctx, [{ column: 'sequence', from: sequence + 1, to: upTo }]);

async function find(ctx: Context, conditions: readonly Condition[]): Promise<ChainRow[]> {
  const rows = await ctx.archive.find(auditLogEntity, {
    conditions,
    columns: COLUMNS,
    order: [{ column: 'sequence', direction: 'asc' }],
    skipped: 0,
    limit: ROWS_PER_READ,
  });
  return rows as unknown as ChainRow[];
}

const removed = (from: number, to: number) =>
  new Found('removed', from, null, `the rows at the places ${from} to ${to} are not in the archive`);

const changed = ({ id, sequence }: ChainRow) =>
  new Found('changed', sequence, id, `row ${id} at place ${sequence} was changed in the archive`);

const strange = ({ id, sequence }: ChainRow) =>
  new Found('added', sequence, id, `row ${id} stands in the archive at place ${sequence}, where it was never sealed`);
