import { archiveRows } from '#core/archive.ts';
import type { Context } from '#core/context.ts';
import { signText } from '#core/signing.ts';
import type { ChainRow } from './audit.entity.ts';
import * as crud from './chain.crud.ts';
import { chainHash, type Place, signedText } from './chain.ts';
import { Found } from './finding.ts';
import { lockedHead, moveHead } from './head.service.ts';
import { despiteCuts, proveOlder } from './proof.service.ts';

const ROWS_PER_SEAL = 500;
const ROWS_PER_CUT = 1000;
const DAY_MS = 86_400_000;

/**
 * Chains what is not chained yet and signs how far the chain reaches. Rows get their places in the order in which they are found, so that
 * one whose transaction ended late gets a later place and none is missed, whatever the number of instances. Tells how many rows it was.
 * Seals nothing and throws when the chain does not end as it was signed.
 */
export async function sealChain(ctx: Context): Promise<number> {
  let sealed = 0;
  for (;;) {
    const count = await orRefuse(ctx, 'sealed', () => ctx.inTransaction(sealSome));
    sealed += count;
    if (count < ROWS_PER_SEAL) return sealed;
  }
}

async function sealSome(ctx: Context): Promise<number> {
  const head = await lockedHead(ctx);
  let { sequence, hash } = head;
  const rows = await crud.listUnsealed(ctx, ROWS_PER_SEAL);
  if (rows.length === 0) return 0;
  const places = rows.map((row) => {
    sequence += 1;
    hash = chainHash(hash, sequence, row);
    return { id: row.id, sequence, hash };
  });
  await crud.placeRows(ctx, places);
  await moveHead(ctx, { sequence, hash });
  const at = ctx.now();
  const signature = signText(ctx.settings, signedText('seal', sequence, hash, at));
  await crud.insertCheckpoint(ctx, { sequence, kind: 'seal', hash, created_at: at, signature });
  // Kept where the database does not reach: `npm run audit:verify -- --expect <sequence>:<hash>` compares with it.
  ctx.log.info({ audit_sequence: sequence, audit_hash: hash }, 'audit chain sealed');
  return rows.length;
}

/**
 * Removes sealed rows that are older than AUDIT_RETENTION_DAYS, the oldest first, once the archive has them where there is one, and signs
 * up to where, so that what is left can still be verified. Tells how many places it was. Throws `archive.unavailable`: then the rest stays.
 * Rows are proven first, since what is removed can never be verified again: throws and leaves them where they are not what was sealed.
 */
export async function cutChain(ctx: Context): Promise<number> {
  const { AUDIT_RETENTION_DAYS: days } = ctx.settings;
  if (days === 0) return 0;
  const before = new Date(ctx.now().getTime() - days * DAY_MS);
  let removed = 0;
  for (;;) {
    const count = await orRefuse(ctx, 'removed', () => cutSome(ctx, before));
    removed += count;
    if (count < ROWS_PER_CUT) return removed;
  }
}

async function cutSome(ctx: Context, before: Date): Promise<number> {
  const rows: readonly ChainRow[] = await despiteCuts(ctx, () => proveOlder(ctx, before, ROWS_PER_CUT));
  const { sequence, hash } = rows.at(-1) ?? {};
  if (!sequence || !hash) return 0;
  // Not inside the transaction, which would hold the chain for as long as the archive takes. It gets the very rows that were proven.
  await archiveRows(ctx, 'audit_logs', rows);
  return ctx.inTransaction((ctx) => cutUpTo(ctx, { sequence, hash }));
}

async function cutUpTo(ctx: Context, { sequence, hash }: Place): Promise<number> {
  await lockedHead(ctx);
  const from = (await crud.findCut(ctx))?.sequence ?? 0;
  // Another instance may have been faster.
  if (sequence <= from) return 0;
  const at = ctx.now();
  await crud.deleteUpTo(ctx, from, sequence);
  const signature = signText(ctx.settings, signedText('cut', sequence, hash, at));
  await crud.insertCheckpoint(ctx, { sequence, kind: 'cut', hash, created_at: at, signature });
  ctx.log.info({ audit_sequence: sequence, audit_hash: hash }, 'audit chain cut');
  return sequence - from;
}

/** A chain that does not hold is not gone on with: to sign it would hide what was done to it. */
async function orRefuse<Result>(ctx: Context, done: 'sealed' | 'removed', run: () => Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof Found)) throw error;
    const { sequence, id, text } = error.finding;
    const told = `the audit does not hold, so nothing is ${done}: ${text}; run npm run audit:verify`;
    ctx.log.error({ audit_sequence: sequence, audit_row: id }, told);
    throw new Error(told, { cause: error });
  }
}
