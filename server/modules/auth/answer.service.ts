import type { Context } from '#core/context.ts';
import { attemptChallenge, getChallenge, type LiveChallenge } from '../challenge/challenge.service.ts';
import {
  askForAnyPasskey,
  askForPasskey,
  getPasskeyOwner,
  type PasskeyCredential,
  type PasskeyPurpose,
} from '../factor/passkey.service.ts';
import { assertAnswer, type FactorAnswer } from '../factor/proof.service.ts';
import { findAccount } from '../user/account.service.ts';
import { authErrors } from './auth.errors.ts';
import { refusalsNoted } from './refusal.service.ts';
import { completeChallenge, completeSignIn, type SignInOutcome } from './sign-in.service.ts';

const answering = (challenge: LiveChallenge): PasskeyPurpose => ({
  purpose: 'second-factor',
  boundTo: String(challenge.id),
});

/**
 * Answers a sign-in challenge. Throws `challenge.invalid`, `auth.bad_credentials` when the password was changed meanwhile, `auth.method_not_wanted`, `factor.proof_wrong`, `factor.passkey_refused`,
 * `auth.too_many_attempts`, and what `completeSignIn` throws.
 */
export async function answerChallenge(ctx: Context, token: string, answer: FactorAnswer): Promise<SignInOutcome> {
  const challenge = await attemptChallenge(ctx, token);
  if (!challenge.wanted.includes(answer.method)) throw authErrors.method_not_wanted().on('method');
  const account = await findAccount(ctx, challenge.userId);
  // The password that the challenge was given for may be another one by now.
  if (!account || (account.password_changed_at && account.password_changed_at > challenge.createdAt))
    throw authErrors.bad_credentials();
  await refusalsNoted(ctx, account, challenge.proof.method, () =>
    assertAnswer(ctx, account, answer, answering(challenge)),
  );
  return completeChallenge(ctx, challenge, answer.method);
}

/**
 * What a passkey is asked to sign: one of those of the user of a challenge, or any one that says by itself whose it is.
 * Throws `challenge.invalid`, `factor.method_missing`, `factor.passkeys_off`.
 */
export async function askPasskey(ctx: Context, token: string | undefined) {
  if (token === undefined) return askForAnyPasskey(ctx);
  const challenge = await getChallenge(ctx, token);
  return askForPasskey(ctx, challenge.userId, answering(challenge));
}

/** Signs in with a passkey alone. Throws `factor.passkey_refused` for whatever is not right with it, and what `completeSignIn` throws. */
export async function signInWithPasskey(ctx: Context, credential: PasskeyCredential): Promise<SignInOutcome> {
  const userId = await getPasskeyOwner(ctx, credential);
  return completeSignIn(ctx, userId, { method: 'passkey', factors: ['passkey'] });
}
