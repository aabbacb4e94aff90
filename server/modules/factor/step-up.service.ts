import type { Context } from '#core/context.ts';
import { accessErrors } from '#core/errors.ts';
import { beginAttempt, succeeded } from '../protection/attempt.service.ts';
import { markProven } from '../session/session.service.ts';
import { isOwnPassword } from '../user/account.service.ts';
import { factorErrors } from './factor.errors.ts';
import type { StepUp, StepUpResult } from './factor.schema.ts';
import { askForPasskey, type PasskeyPurpose } from './passkey.service.ts';
import { assertAnswer } from './proof.service.ts';

/** The caller's session. Throws 403 for a caller without one, such as a key for machines: it cannot prove anything anew. */
function sessionOf(ctx: Context): string {
  if (ctx.caller.sessionId === null) throw accessErrors.step_up_required();
  return ctx.caller.sessionId;
}

const steppingUp = (sessionId: string): PasskeyPurpose => ({ purpose: 'step-up', boundTo: sessionId });

/** What a passkey is asked to sign for a step-up. Throws `factor.method_missing`, `factor.passkeys_off`. */
export function askForStepUp(ctx: Context) {
  return askForPasskey(ctx, ctx.actor.userId, steppingUp(sessionOf(ctx)));
}

/**
 * Proves once more that the caller is who they are, by the password or, if they have one, by a second factor, and opens dangerous
 * actions for a while. Throws `factor.method_missing`, `factor.proof_wrong`, `factor.passkey_refused`, `auth.too_many_attempts`.
 */
export async function stepUp(ctx: Context, input: StepUp): Promise<StepUpResult> {
  const { userId, username, secondFactors } = ctx.actor;
  const sessionId = sessionOf(ctx);
  const { method, password = '', ...answer } = input;
  // Somebody who has a second factor is not proven by a password that may have been looked over their shoulder.
  if ((method === 'password') === secondFactors.length > 0) throw factorErrors.method_missing().on('method');
  if (method === 'password') await assertPassword(ctx, username, password);
  else await assertAnswer(ctx, { id: userId, username }, { method, ...answer }, steppingUp(sessionId));
  await ctx.inTransaction((ctx) => markProven(ctx, sessionId));
  return { expires_in: ctx.settings.STEP_UP_MINUTES * 60 };
}

async function assertPassword(ctx: Context, username: string, password: string): Promise<void> {
  const attempt = await beginAttempt(ctx, 'password', username);
  if (!(await isOwnPassword(ctx, password))) throw factorErrors.proof_wrong().on('password');
  await succeeded(ctx, attempt);
}
