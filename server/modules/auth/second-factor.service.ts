import type { Context } from '#core/context.ts';
import type { Factor, SignInProof } from '../challenge/challenge.service.ts';
import { listAnswerMethods } from '../factor/factor.service.ts';

const SECOND: ReadonlySet<Factor> = new Set(['totp', 'passkey', 'recovery-code']);

/**
 * What a user still has to prove before a session opens; any one of the answers is enough, none means that the proof suffices.
 * Whoever has a second factor is asked for it, however the sign-in began; a passkey that made sure of its owner is two in one.
 */
export async function requiredFactors(ctx: Context, userId: number, proof: SignInProof): Promise<readonly Factor[]> {
  if (proof.factors.some((factor) => SECOND.has(factor))) return [];
  return listAnswerMethods(ctx, userId);
}
