import type { Context } from '#core/context.ts';
import { publicKeysOf } from '#core/signing.ts';
import * as crud from './chain.crud.ts';
import { LAST_PLACE, type Place } from './chain.ts';
import { type Finding, Found, type SignatureCheck, signatureCheck } from './finding.ts';
import { despiteCuts, proveNext, provenBeginning, refuseBefore, refuseBeyond } from './proof.service.ts';

export interface Verified {
  /** The first place of the chain; what was before it was removed by the retention, and that is signed. */
  readonly from: number;
  readonly to: number;
  readonly hash: string;
  readonly rows: number;
  readonly signatures: number;
  /** Rows that are not in the chain yet. */
  readonly unsealed: number;
}

export interface VerifyOptions {
  /** Public keys that are trusted besides those of the present secrets. */
  readonly publicKeys?: readonly string[];
  /** A place and its hash that are known from elsewhere, such as a log line. */
  readonly expect?: Place;
}

/** Goes through the whole chain and tells the first thing that does not hold, or how far it holds. */
export async function verifyChain(
  ctx: Context,
  options: VerifyOptions = {},
): Promise<{ readonly verified: Verified } | { readonly finding: Finding }> {
  try {
    return { verified: await despiteCuts(ctx, () => walk(ctx, options)) };
  } catch (error) {
    if (error instanceof Found) return { finding: error.finding };
    throw error;
  }
}

async function walk(ctx: Context, { publicKeys = [], expect }: VerifyOptions): Promise<Verified> {
  let signatures = 0;
  const checkSignature = signatureCheck([...publicKeysOf(ctx.settings), ...publicKeys]);
  const check: SignatureCheck = (...signed) => {
    checkSignature(...signed);
    signatures += 1;
  };
  const beginning = await provenBeginning(ctx, check);
  const from = beginning.sequence + 1;
  const head = await crud.findHead(ctx);
  await refuseBefore(ctx, from);
  if (head) check('head', head, head.sealed_at);

  let [last, rows]: [Place, number] = [beginning, 0];
  for (let isEnd = false; !isEnd; ) {
    // What is sealed meanwhile is for the next time.
    const next = await proveNext(ctx, last, head?.sequence ?? LAST_PLACE, check);
    const known = next.rows.find(({ sequence }) => sequence === expect?.sequence);
    if (known && known.hash !== expect?.hash)
      throw new Found(
        'other',
        known.sequence,
        known.id,
        `place ${known.sequence} is not what you expect: the chain is another one`,
      );
    rows += next.rows.length;
    ({ last, isEnd } = next);
  }
  await refuseWrongEnd(ctx, head, last, expect?.sequence ?? 0);
  await refuseStrays(ctx, from, last.sequence, rows);
  return { from, to: last.sequence, hash: last.hash, rows, signatures, unsealed: await crud.countUnsealed(ctx) };
}

/** Throws an end that is not the one that was signed: rows beyond it, rows that are missing before it, and a head that is not its own. */
async function refuseWrongEnd(ctx: Context, head: Place | undefined, last: Place, expected: number): Promise<void> {
  if (head) await refuseBeyond(ctx, head.sequence);
  const signed = await crud.findLastCheckpoint(ctx);
  // In this order: what a seal has signed meanwhile is for the next time.
  const isMoved = (await crud.findHead(ctx))?.sequence !== head?.sequence;
  const signedUpTo = isMoved ? 0 : signed;
  const reaches = Math.max(head?.sequence ?? 0, signedUpTo, expected);
  if (reaches > last.sequence)
    throw new Found(
      'cut',
      last.sequence + 1,
      null,
      `the end of the chain was cut off: it reached place ${reaches}, and rows are there up to ${last.sequence}`,
    );
  // It is made before the first record.
  if (!head) throw new Found('head', last.sequence, null, 'the head of the chain was removed, or was never made');
  if (head.hash !== last.hash)
    throw new Found(
      'head',
      last.sequence,
      null,
      `the head of the chain does not belong to what stands at place ${last.sequence}`,
    );
}

/** Throws rows that a walk along the places does not meet, and that the page of the audit shows nevertheless. */
async function refuseStrays(ctx: Context, first: number, last: number, rows: number): Promise<void> {
  const placeless = await crud.findPlaceless(ctx);
  if (placeless)
    throw new Found(
      'changed',
      null,
      placeless.id,
      `row ${placeless.id} has a hash and no place: it was taken out of the chain`,
    );
  if ((await crud.countSealed(ctx, first, last)) <= rows) return;
  const doubled = await crud.findDoubled(ctx);
  throw new Found(
    'added',
    doubled?.sequence ?? null,
    doubled?.id ?? null,
    `several rows stand at place ${doubled?.sequence}, row ${doubled?.id} among them`,
  );
}
