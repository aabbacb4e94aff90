import type { CaptchaAnswer } from '#core/captcha.ts';
import type { Context } from '#core/context.ts';
import { hashPassword, verifyPassword } from '#core/password.ts';
import {
  closeChallenge,
  type Factor,
  type LiveChallenge,
  type OpenedChallenge,
  openChallenge,
  type SignInProof,
} from '../challenge/challenge.service.ts';
import { beginAttempt, countFailures, succeeded } from '../protection/attempt.service.ts';
import { assertSolved, needsCaptcha } from '../protection/captcha.service.ts';
import { type OpenedSession, openSession } from '../session/session.service.ts';
import { logSignIn } from '../sign-in-log/sign-in-log.service.ts';
import { findAccount, findUserForSignIn, recordSignIn, replaceHash } from '../user/account.service.ts';
import { expirePassword } from '../user/password.service.ts';
import { authErrors } from './auth.errors.ts';
import { refusalsNoted } from './refusal.service.ts';
import { requiredFactors } from './second-factor.service.ts';

/** What a sign-in comes to: a session, or one more thing to prove. */
export type SignInOutcome =
  | { readonly kind: 'session'; readonly session: OpenedSession; readonly mustChangePassword: boolean }
  | { readonly kind: 'challenge'; readonly challenge: OpenedChallenge };

/**
 * The one door to a session: every way of signing in ends here, once it knows who somebody is. Opens the session, or a challenge
 * when the proof is not enough. Call it outside a transaction, so that a refusal is noted. Throws `auth.inactive_user`, and
 * `auth.bad_credentials` for a user who is gone meanwhile.
 */
export async function completeSignIn(ctx: Context, userId: number, proof: SignInProof): Promise<SignInOutcome> {
  const account = await findAccount(ctx, userId);
  if (!account) throw authErrors.bad_credentials();
  return refusalsNoted(ctx, account, proof.method, () =>
    ctx.inTransaction(async (ctx): Promise<SignInOutcome> => {
      if (!account.is_active) throw authErrors.inactive_user();
      const wanted = await requiredFactors(ctx, userId, proof);
      if (wanted.length > 0) {
        await logSignIn(ctx, account, proof.method, null);
        return { kind: 'challenge', challenge: await openChallenge(ctx, userId, proof, wanted) };
      }
      await recordSignIn(ctx, userId);
      const session = await openSession(ctx, userId, proof);
      await logSignIn(ctx, account, proof.method, session.sessionId);
      const isExpired = proof.factors.includes('password') && (await expirePassword(ctx, account));
      return { kind: 'session', session, mustChangePassword: account.must_change_password || isExpired };
    }),
  );
}

/**
 * Goes on with a sign-in whose challenge was answered rightly by `factor`. Throws `challenge.invalid` when it was used meanwhile, and
 * what `completeSignIn` throws.
 */
export async function completeChallenge(
  ctx: Context,
  challenge: LiveChallenge,
  factor: Factor,
): Promise<SignInOutcome> {
  await closeChallenge(ctx, challenge);
  const { method, factors } = challenge.proof;
  return completeSignIn(ctx, challenge.userId, { method, factors: [...factors, factor] });
}

/**
 * Signs a user in with a password. Throws `auth.bad_credentials` for a wrong name and a wrong password alike, after the same work,
 * `auth.captcha_required` and `auth.too_many_attempts` after failures, and `auth.inactive_user` once the password was right.
 * An outdated hash is replaced by one of the current scheme.
 */
export async function signInWithPassword(
  ctx: Context,
  username: string,
  password: string,
  captcha?: CaptchaAnswer,
): Promise<SignInOutcome> {
  const found = await findUserForSignIn(ctx, username);
  const who = found ?? { typed: username };
  const failures = await refusalsNoted(ctx, who, 'password', () => countFailures(ctx, 'password', username));
  const isAsked = needsCaptcha(ctx, failures);
  // To ask whether work is wanted is no attempt yet, so that it is not noted.
  if (isAsked && !captcha) await assertSolved(ctx, username, captcha);
  const { user, outdated } = await refusalsNoted(ctx, who, 'password', async () => {
    if (isAsked) await assertSolved(ctx, username, captcha);
    const attempt = await beginAttempt(ctx, 'password', username);
    const { valid, outdated } = await verifyPassword(password, found?.hashed_password ?? null);
    if (!found || !valid) throw authErrors.bad_credentials();
    await succeeded(ctx, attempt);
    return { user: found, outdated };
  });
  const outcome = await completeSignIn(ctx, user.id, { method: 'password', factors: ['password'] });
  if (outdated) await replaceHash(ctx, user.id, user.hashed_password, await hashPassword(password));
  return outcome;
}
