import type { Context } from '#core/context.ts';
import { checkSignature, publicKeysOf } from '#core/signing.ts';
import type { ChainRow } from './audit.entity.ts';
import * as crud from './chain.crud.ts';
import { chainHash, GENESIS, signedText } from './chain.ts';

/** What does not hold, and where it was noticed first. */
export interface Finding {
  readonly kind: 'changed' | 'removed' | 'added' | 'swapped' | 'cut' | 'signature' | 'head' | 'other';
  readonly sequence: number | null;
  readonly id: number | null;
  readonly text: string;
}

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
  readonly expect?: { readonly sequence: number; readonly hash: string };
}

const ROWS_PER_READ = 1000;

/** A finding on its way out. */
class Found extends Error {
  readonly finding: Finding;
  constructor(kind: Finding['kind'], sequence: number | null, id: number | null, text: string) {
    super(text);
    this.finding = { kind, sequence, id, text };
  }
}

/** Goes through the whole chain and tells the first thing that does not hold, or how far it holds. */
export async function verifyChain(
  ctx: Context,
  options: VerifyOptions = {},
): Promise<{ readonly verified: Verified } | { readonly finding: Finding }> {
  for (;;) {
    const cut = await crud.findCut(ctx);
    try {
      return { verified: await walk(ctx, options) };
    } catch (error) {
      if (!(error instanceof Found)) throw error;
      // The oldest rows may have been removed meanwhile, as they are every night.
      if ((await crud.findCut(ctx))?.sequence === cut?.sequence) return { finding: error.finding };
    }
  }
}

async function walk(ctx: Context, { publicKeys = [], expect }: VerifyOptions): Promise<Verified> {
  const keys = [...publicKeysOf(ctx.settings), ...publicKeys];
  let signatures = 0;
  const check = (
    purpose: 'seal' | 'cut' | 'head',
    place: { sequence: number; hash: string; signature: string },
    at: Date,
  ) => {
    const { sequence, hash, signature } = place;
    const result = checkSignature(keys, signedText(purpose, sequence, hash, at), signature);
    if (result === 'unknown-key')
      throw new Found(
        'signature',
        sequence,
        null,
        `what was signed at place ${sequence} was signed by a key that is not known (${signature.split('.')[1]}); name its public key with --key`,
      );
    if (result === 'invalid')
      throw new Found('signature', sequence, null, `the signature (${purpose}) at place ${sequence} is not ours`);
    signatures += 1;
  };

  const [cut, head] = [await crud.findCut(ctx), await crud.findHead(ctx)];
  if (cut) check('cut', cut, cut.created_at);
  const from = (cut?.sequence ?? 0) + 1;
  let [last, hash, rows] = [from - 1, cut?.hash ?? GENESIS, 0];
  const [tooEarly] = await crud.listSealedAfter(ctx, -1, 1);
  if (tooEarly?.sequence != null && tooEarly.sequence < from)
    throw new Found(
      'added',
      tooEarly.sequence,
      tooEarly.id,
      `row ${tooEarly.id} stands at place ${tooEarly.sequence}, which was cut off`,
    );
  if (head) check('head', head, head.sealed_at);

  for (;;) {
    const some = await crud.listSealedAfter(ctx, last, ROWS_PER_READ);
    const places = new Map(
      (await crud.listCheckpoints(ctx, last, some.at(-1)?.sequence ?? last)).map((one) => [one.sequence, one]),
    );
    for (const [index, row] of some.entries()) {
      const sequence = row.sequence as number;
      // What is sealed meanwhile is for the next time.
      if (head && sequence > head.sequence) break;
      if (sequence !== last + 1)
        throw new Found(
          'removed',
          last + 1,
          null,
          `the rows at the places ${last + 1} to ${sequence - 1} were removed`,
        );
      const right = chainHash(hash, sequence, row);
      if (right !== row.hash) throw await whatHappened(ctx, hash, row, some[index + 1]);
      if (expect && expect.sequence === sequence && expect.hash !== right)
        throw new Found(
          'other',
          sequence,
          row.id,
          `place ${sequence} is not what you expect: the chain is another one`,
        );
      const checkpoint = places.get(sequence);
      if (checkpoint) {
        check('seal', checkpoint, checkpoint.created_at);
        if (checkpoint.hash !== right)
          throw new Found(
            'other',
            sequence,
            row.id,
            `what was signed at place ${sequence} is not what stands there: the chain was made anew`,
          );
      }
      [last, hash, rows] = [sequence, right, rows + 1];
    }
    if (some.length < ROWS_PER_READ || last === head?.sequence) break;
  }

  const end = await crud.findHead(ctx);
  const beyond = (await crud.listSealedAfter(ctx, end?.sequence ?? last, 1))[0];
  if (end && beyond)
    throw new Found(
      'added',
      beyond.sequence,
      beyond.id,
      `row ${beyond.id} stands at place ${beyond.sequence}, beyond the end of the chain (${end.sequence})`,
    );
  const signedUpTo = end && end.sequence !== head?.sequence ? 0 : await crud.findLastCheckpoint(ctx);
  const reaches = Math.max(head?.sequence ?? 0, signedUpTo, expect?.sequence ?? 0);
  if (reaches > last)
    throw new Found(
      'cut',
      last + 1,
      null,
      `the end of the chain was cut off: it reached place ${reaches}, and rows are there up to ${last}`,
    );
  if (!head && last > 0) throw new Found('head', last, null, 'the head of the chain was removed');
  if (head && head.hash !== hash)
    throw new Found('head', last, null, `the head of the chain does not belong to place ${last}`);
  return { from, to: last, hash, rows, signatures, unsealed: await crud.countUnsealed(ctx) };
}

/** What was done to a row that is not what was sealed at its place, as far as it can be told. */
async function whatHappened(ctx: Context, previous: string, row: ChainRow, next: ChainRow | undefined): Promise<Found> {
  const sequence = row.sequence as number;
  if (next?.hash === chainHash(previous, sequence, next ?? row))
    return new Found(
      'added',
      sequence,
      row.id,
      `row ${row.id} was added at place ${sequence}, where row ${next?.id} was sealed`,
    );
  for (let after = 0; ; ) {
    const some = await crud.listSealedAfter(ctx, after, ROWS_PER_READ);
    const other = some.find((one) => one.id !== row.id && chainHash(previous, sequence, one) === row.hash);
    if (other)
      return new Found(
        'swapped',
        sequence,
        row.id,
        `rows ${row.id} and ${other.id} were swapped: the one at place ${other.sequence} was sealed at place ${sequence}`,
      );
    if (some.length < ROWS_PER_READ) break;
    after = some.at(-1)?.sequence as number;
  }
  return new Found('changed', sequence, row.id, `row ${row.id} at place ${sequence} was changed since it was sealed`);
}
