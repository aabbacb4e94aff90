import { archiveRows } from '#core/archive.ts';
import type { Context } from '#core/context.ts';
import { signText } from '#core/signing.ts';
import * as crud from './chain.crud.ts';
import { chainHash, GENESIS, signedText } from './chain.ts';

const ROWS_PER_SEAL = 500;
const ROWS_PER_CUT = 1000;
const DAY_MS = 86_400_000;

/**
 * Chains what is not chained yet and signs how far the chain reaches. Rows get their places in the order in which they are found, so that
 * one whose transaction ended late gets a later place and none is missed, whatever the number of instances. Tells how many rows it was.
 */
export async function sealChain(ctx: Context): Promise<number> {
  await ensureHead(ctx);
  let sealed = 0;
  for (;;) {
    const count = await ctx.inTransaction(sealSome);
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
  await moveHead(ctx, sequence, hash);
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
 */
export async function cutChain(ctx: Context): Promise<number> {
  const { AUDIT_RETENTION_DAYS: days } = ctx.settings;
  if (days === 0) return 0;
  const before = new Date(ctx.now().getTime() - days * DAY_MS);
  await ensureHead(ctx);
  let removed = 0;
  for (;;) {
    const last = await crud.findLastOlder(ctx, before, ROWS_PER_CUT);
    if (!last?.sequence || !last.hash) return removed;
    const place = { sequence: last.sequence, hash: last.hash };
    // Not inside the transaction, which would hold the chain for as long as the archive takes. What is sealed does not change.
    if (ctx.archive.isOn) await archiveUpTo(ctx, place.sequence);
    const count = await ctx.inTransaction((ctx) => cutUpTo(ctx, place));
    removed += count;
    if (count < ROWS_PER_CUT) return removed;
  }
}

async function archiveUpTo(ctx: Context, sequence: number): Promise<void> {
  const rows = await crud.listSealedAfter(ctx, 0, ROWS_PER_CUT);
  await archiveRows(
    ctx,
    'audit_logs',
    rows.filter((row) => row.sequence !== null && row.sequence <= sequence),
  );
}

async function cutUpTo(ctx: Context, { sequence, hash }: { sequence: number; hash: string }): Promise<number> {
  await lockedHead(ctx);
  const from = (await crud.findCut(ctx))?.sequence ?? 0;
  // Another instance may have been faster.
  if (sequence <= from) return 0;
  const at = ctx.now();
  await crud.deleteUpTo(ctx, sequence);
  const signature = signText(ctx.settings, signedText('cut', sequence, hash, at));
  await crud.insertCheckpoint(ctx, { sequence, kind: 'cut', hash, created_at: at, signature });
  ctx.log.info({ audit_sequence: sequence, audit_hash: hash }, 'audit chain cut');
  return sequence - from;
}

async function lockedHead(ctx: Context) {
  await crud.lockHead(ctx);
  const head = await crud.findHead(ctx);
  if (!head) throw new Error('the head of the audit chain is gone: run npm run audit:verify');
  return head;
}

function moveHead(ctx: Context, sequence: number, hash: string) {
  const at = ctx.now();
  const signature = signText(ctx.settings, signedText('head', sequence, hash, at));
  return crud.moveHead(ctx, { sequence, hash, sealed_at: at, signature });
}

/** The chain begins with a head of its own. One that was taken away is not made anew while there is anything that it was the head of. */
async function ensureHead(ctx: Context): Promise<void> {
  if (await crud.findHead(ctx)) return;
  if ((await crud.findLastCheckpoint(ctx)) > 0)
    throw new Error('the head of the audit chain is gone: run npm run audit:verify');
  const at = ctx.now();
  const signature = signText(ctx.settings, signedText('head', 0, GENESIS, at));
  try {
    await crud.insertHead(ctx, { sequence: 0, hash: GENESIS, sealed_at: at, signature });
  } catch (error) {
    // Another instance was faster.
    if (!(await crud.findHead(ctx))) throw error;
  }
}
