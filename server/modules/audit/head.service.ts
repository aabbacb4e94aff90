import type { Context } from '#core/context.ts';
import { publicKeysOf, signText } from '#core/signing.ts';
import * as crud from './chain.crud.ts';
import { BEGINNING, type Place, signedText } from './chain.ts';
import { type Finding, Found, signatureCheck } from './finding.ts';
import { provenHead, refuseBeyond } from './proof.service.ts';
import { type VerifyOptions, verifyChain } from './verify.service.ts';

/**
 * The end of the chain, held until the transaction ends. Throws a finding when it is not the one that this installation signed, or what
 * stands there is something else: whoever signs after it would make valid whatever somebody without the key has put there.
 */
export async function lockedHead(ctx: Context): Promise<Place> {
  await crud.lockHead(ctx);
  const head = await provenHead(ctx, signatureCheck(publicKeysOf(ctx.settings)));
  await refuseBeyond(ctx, head.sequence);
  const signedUpTo = await crud.findLastCheckpoint(ctx);
  if (signedUpTo > head.sequence)
    throw new Found(
      'cut',
      head.sequence + 1,
      null,
      `the end of the chain was cut off: place ${signedUpTo} was signed, and its head is at ${head.sequence}`,
    );
  return head;
}

const signedHead = (ctx: Context, { sequence, hash }: Place) => {
  const at = ctx.now();
  return { sequence, hash, sealed_at: at, signature: signText(ctx.settings, signedText('head', sequence, hash, at)) };
};

export async function moveHead(ctx: Context, place: Place): Promise<void> {
  await crud.moveHead(ctx, signedHead(ctx, place));
}

/**
 * Begins the chain of a new installation, in the transaction that gives it its first data. Nothing else makes a head by itself: one that
 * is gone later was taken away, and with a new one everything could be sealed anew.
 */
export async function beginChain(ctx: Context): Promise<void> {
  if ((await crud.findHead(ctx)) || (await crud.hasRecords(ctx)) || (await crud.findLastCheckpoint(ctx)) > 0) return;
  await crud.insertHead(ctx, signedHead(ctx, BEGINNING));
}

/**
 * Signs the end with the present key because a person says so: after the key that signed it is not known any more, or where the chain
 * was never begun. Tells up to where, or what does not hold.
 */
export async function signEnd(
  ctx: Context,
  options: VerifyOptions = {},
): Promise<{ readonly signed: Place } | { readonly finding: Finding }> {
  if (!(await crud.findHead(ctx)) && (await isUntouched(ctx))) {
    await crud.insertHead(ctx, signedHead(ctx, BEGINNING));
    return { signed: BEGINNING };
  }
  const result = await verifyChain(ctx, options);
  if ('finding' in result) return result;
  const { to: sequence, hash } = result.verified;
  return ctx.inTransaction(async (ctx) => {
    await crud.lockHead(ctx);
    const head = await crud.findHead(ctx);
    if (head?.sequence !== sequence || head.hash !== hash)
      throw new Error('the chain grew meanwhile, so the present key has signed its end already');
    await moveHead(ctx, { sequence, hash });
    return { signed: { sequence, hash } };
  });
}

async function isUntouched(ctx: Context): Promise<boolean> {
  const isSealed =
    (await crud.findBeyond(ctx, -1)) ?? (await crud.findBefore(ctx, 0)) ?? (await crud.findPlaceless(ctx));
  return !isSealed && (await crud.findLastCheckpoint(ctx)) === 0;
}
