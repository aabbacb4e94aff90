import type { Context } from '#core/context.ts';
import { factorErrors } from './factor.errors.ts';
import type { AnswerMethod, PasskeyCredential } from './factor.schema.ts';
import { checkPasskey, type PasskeyPurpose } from './passkey.service.ts';
import { useRecoveryCode } from './recovery.service.ts';
import { checkTotp, type Prover } from './totp.service.ts';

export { ChallengeAnswer, PasskeyAsk, PasskeyRequestOptions, PasskeySignIn } from './factor.schema.ts';

/** What somebody answers with: a code, or what a passkey signed. */
export interface FactorAnswer {
  readonly method: AnswerMethod;
  readonly code?: string;
  readonly credential?: PasskeyCredential;
}

/**
 * Checks one answer of a user, and uses it up. `purpose` is what a passkey was asked for.
 * Throws `factor.proof_wrong`, `factor.passkey_refused`, `auth.too_many_attempts`.
 */
export async function assertAnswer(
  ctx: Context,
  user: Prover,
  answer: FactorAnswer,
  purpose: PasskeyPurpose,
): Promise<void> {
  const { method, code = '', credential } = answer;
  if (method === 'passkey') {
    const proof = credential ? await checkPasskey(ctx, credential, purpose) : null;
    if (proof?.userId !== user.id) throw factorErrors.passkey_refused().on('credential');
    return;
  }
  const isRight = method === 'totp' ? await checkTotp(ctx, user, code) : await useRecoveryCode(ctx, user.id, code);
  if (!isRight) throw factorErrors.proof_wrong().on('code');
}
