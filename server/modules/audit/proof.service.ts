import type { Context } from '#core/context.ts';
import { publicKeysOf } from '#core/signing.ts';
import type { ChainRow } from './audit.entity.ts';
import * as crud from './chain.crud.ts';
import { BEGINNING, chainHash, type Place } from './chain.ts';
import { Found, type SignatureCheck, signatureCheck } from './finding.ts';
import { whatHappened } from './what-happened.service.ts';

const ROWS_PER_READ = 1000;

/** Rows that are what was sealed at their places, one after the other. */
export interface Proven {
  readonly rows: readonly ChainRow[];
  readonly last: Place;
  /** How many of their places are signed. */
  readonly signatures: number;
  /** Nothing follows. */
  readonly isEnd: boolean;
}

/** Reads on from a place that is believed, a bounded number of rows, and throws the first that is not what was sealed or signed there. */
export async function proveNext(
  ctx: Context,
  after: Place,
  upTo: number,
  check: SignatureCheck,
  limit = ROWS_PER_READ,
): Promise<Proven> {
  const rows = await crud.listSealed(ctx, after.sequence, upTo, limit);
  const reached = rows.at(-1)?.sequence ?? after.sequence;
  const signed = new Map((await crud.listCheckpoints(ctx, after.sequence, reached)).map((one) => [one.sequence, one]));
  let [last, signatures] = [after, 0];
  for (const row of rows) {
    const sequence = row.sequence as number;
    if (sequence <= last.sequence)
      throw new Found('added', sequence, row.id, `row ${row.id} stands at place ${sequence}, where there is another`);
    if (sequence !== last.sequence + 1) throw removed(last.sequence + 1, sequence - 1);
    const hash = chainHash(last.hash, sequence, row);
    if (hash !== row.hash) throw await whatHappened(ctx, last.hash, row);
    const checkpoint = signed.get(sequence);
    if (checkpoint) {
      check('seal', checkpoint, checkpoint.created_at);
      if (checkpoint.hash !== hash)
        throw new Found(
          'other',
          sequence,
          row.id,
          `what was signed at place ${sequence} is not what stands there: the chain was made anew`,
        );
      signatures += 1;
    }
    last = { sequence, hash };
  }
  return { rows, last, signatures, isEnd: rows.length < limit };
}

/** Where the chain begins: nowhere, or at the signed place up to which the retention has removed it. */
export async function provenBeginning(ctx: Context, check: SignatureCheck): Promise<Place> {
  const cut = await crud.findCut(ctx);
  if (!cut) return BEGINNING;
  check('cut', cut, cut.created_at);
  return cut;
}

/** Throws a row that stands before the first place that is left. */
export async function refuseBefore(ctx: Context, first: number): Promise<void> {
  const row = await crud.findBefore(ctx, first);
  if (!row) return;
  const text = `row ${row.id} stands at place ${row.sequence}, before the first one that there is (${first})`;
  throw new Found('added', row.sequence, row.id, text);
}

/** Throws a row that stands beyond the end, which a seal may move on meanwhile. */
export async function refuseBeyond(ctx: Context, end: number): Promise<void> {
  const row = await crud.findBeyond(ctx, end);
  if (!row) return;
  const moved = (await crud.findHead(ctx))?.sequence ?? end;
  if (row.sequence !== null && row.sequence <= moved) return;
  const text = `row ${row.id} stands at place ${row.sequence}, beyond the end of the chain (${moved})`;
  throw new Found('added', row.sequence, row.id, text);
}

/** The end of the chain as it was signed, at which there is what was signed for. Throws what does not hold. */
export async function provenHead(ctx: Context, check: SignatureCheck): Promise<Place> {
  const head = await crud.findHead(ctx);
  if (!head) throw new Found('head', null, null, 'the head of the audit chain is gone');
  check('head', head, head.sealed_at);
  // The row first: where it was removed meanwhile, the cut is there.
  const hash = await crud.findHashAt(ctx, head.sequence);
  const there = hash === null ? await provenBeginning(ctx, check) : { sequence: head.sequence, hash };
  if (there.sequence === head.sequence && there.hash === head.hash) return head;
  const text = `the head of the audit chain does not belong to what stands at place ${head.sequence}`;
  throw new Found('head', head.sequence, null, text);
}

/**
 * The oldest rows, as many as are older than a moment, at most `limit`. They are proven together with the signed place that follows them:
 * nobody who makes hashes without the key gets them removed. Throws what does not hold.
 */
export async function proveOlder(ctx: Context, moment: Date, limit: number): Promise<readonly ChainRow[]> {
  const check = signatureCheck(publicKeysOf(ctx.settings));
  const beginning = await provenBeginning(ctx, check);
  await refuseBefore(ctx, beginning.sequence + 1);
  const older = await crud.findLastOlder(ctx, beginning.sequence, moment, limit);
  const head = await provenHead(ctx, check);
  if (older === null) return [];
  const end = Math.min((await crud.findCheckpointFrom(ctx, older)) ?? head.sequence, head.sequence);
  // What is to be removed is kept; what only leads to the signed place after it is not.
  const { rows, last: lastOlder } = await proveNext(ctx, beginning, older, check, limit);
  let last = lastOlder;
  while (last.sequence < end) {
    const next = await proveNext(ctx, last, end, check);
    if (next.rows.length === 0) throw removed(last.sequence + 1, end);
    last = next.last;
  }
  if (last.sequence > head.sequence) await refuseBeyond(ctx, head.sequence);
  if (last.sequence === head.sequence && last.hash !== head.hash)
    throw new Found('head', end, null, `the head of the audit chain does not belong to place ${end}`);
  const young = rows.findIndex((row) => row.created_at >= moment);
  return young === -1 ? rows : rows.slice(0, young);
}

/** Does again what found something while the retention removed the oldest rows, as it does every night. */
export async function despiteCuts<Result>(ctx: Context, run: () => Promise<Result>): Promise<Result> {
  for (;;) {
    const cut = await crud.findCut(ctx);
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof Found) || (await crud.findCut(ctx))?.sequence === cut?.sequence) throw error;
    }
  }
}

const removed = (from: number, to: number) =>
  new Found('removed', from, null, `the rows at the places ${from} to ${to} were removed`);
