import type { Context } from '#core/context.ts';
import { AppError } from '#core/errors.ts';
import { type Attempted, logRefusal, type Reason } from '../sign-in-log/sign-in-log.service.ts';

/** Which errors are a refusal to sign somebody in, and what the log calls them. */
const REASONS: Readonly<Record<string, Reason>> = {
  'auth.bad_credentials': 'wrong-password',
  'auth.inactive_user': 'inactive',
  'auth.captcha_required': 'captcha',
  'auth.too_many_attempts': 'must-wait',
  'challenge.invalid': 'challenge-over',
  'factor.proof_wrong': 'wrong-code',
  'factor.passkey_refused': 'wrong-code',
};

/** Runs a step of signing in, and notes in the sign-in log when it is refused. Call it outside a transaction. Throws what `work` throws. */
export async function refusalsNoted<R>(
  ctx: Context,
  who: Attempted,
  method: string,
  work: () => Promise<R>,
): Promise<R> {
  try {
    return await work();
  } catch (error) {
    const reason = error instanceof AppError ? REASONS[error.definition.code] : undefined;
    const isNobody = reason === 'wrong-password' && 'typed' in who;
    if (reason) await logRefusal(ctx, who, method, isNobody ? 'unknown-user' : reason);
    throw error;
  }
}
