import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { addressGroup } from '#core/address.ts';
import type { CaptchaAnswer } from '#core/captcha.ts';
import type { Context } from '#core/context.ts';
import { derivedKey } from '#core/derived-key.ts';
import { countFailures, type Failures } from './attempt.service.ts';
import { protectionErrors } from './protection.errors.ts';
import type { Captcha } from './protection.schema.ts';

const LIFETIME_MS = 120_000;
/** Longer than a captcha lives, so that a clock set back does not let one be used again. */
const REMEMBERED_MS = 3_600_000;
const ISSUED = /^(([\w-]{22})\.(\d{1,2})\.(\d{1,15}))\.([\w-]{43})$/;

/** Draws a challenge for one attempt: from this address, in this name. It is signed and not stored; only a used one is remembered. */
export async function drawCaptcha(ctx: Context, name: string): Promise<Captcha> {
  const difficulty = difficultyAfter(ctx, await countFailures(ctx, 'password', name));
  const issued = `${randomBytes(16).toString('base64url')}.${difficulty}.${ctx.now().getTime()}`;
  const challenge = signature(ctx, issued, name);
  return { id: `${issued}.${challenge}`, challenge, difficulty, expires_in: LIFETIME_MS / 1000 };
}

/**
 * Takes a solved challenge; right or wrong, it cannot be sent again. Throws `auth.captcha_required` for none, a wrong, used or expired
 * one, and one that was drawn for another name or address.
 */
export async function assertSolved(ctx: Context, name: string, answer: CaptchaAnswer | undefined): Promise<void> {
  const [, issued, , difficulty, issuedAt, challenge] = ISSUED.exec(answer?.id ?? '') ?? [];
  if (!answer || !issued || !challenge) throw protectionErrors.captcha_required();
  const age = ctx.now().getTime() - Number(issuedAt);
  const isOurs = timingSafeEqual(Buffer.from(challenge), Buffer.from(signature(ctx, issued, name)));
  if (!isOurs || age < 0 || age > LIFETIME_MS) throw protectionErrors.captcha_required();
  if (!(await ctx.counters.claim(`captcha:${challenge}`, REMEMBERED_MS))) throw protectionErrors.captcha_required();
  const work = createHash('sha256').update(`${challenge}:${answer.solution}`).digest();
  if (leadingZeroBits(work) < Number(difficulty)) throw protectionErrors.captcha_required();
}

/** Whether signing in takes a proof of work by now. A name that fails from many addresses needs one everywhere, but never has to wait. */
export function needsCaptcha({ settings }: Context, failures: Failures): boolean {
  return (
    failures.pair >= settings.SIGN_IN_CAPTCHA_AFTER ||
    failures.address >= settings.SIGN_IN_ADDRESS_CAPTCHA_AFTER ||
    failures.account >= settings.SIGN_IN_ACCOUNT_CAPTCHA_AFTER
  );
}

/** What an address fails makes its work harder; what others fail in the same name does not. */
function difficultyAfter({ settings }: Context, failures: Failures): number {
  const pair = Math.max(0, failures.pair - settings.SIGN_IN_CAPTCHA_AFTER);
  const address = Math.max(0, failures.address - settings.SIGN_IN_ADDRESS_CAPTCHA_AFTER);
  const more = Math.floor(Math.log2(1 + pair) + Math.log2(1 + address / 10));
  return Math.min(settings.CAPTCHA_DIFFICULTY + more, settings.CAPTCHA_DIFFICULTY_MAX);
}

/** Binds a challenge to the attempt that it was drawn for. */
function signature(ctx: Context, issued: string, name: string): string {
  const attempt = [issued, addressGroup(ctx.caller.address), name].join('\n');
  return createHmac('sha256', derivedKey(ctx, 'captcha')).update(attempt).digest('base64url');
}

function leadingZeroBits(hash: Buffer): number {
  const index = hash.findIndex((byte) => byte !== 0);
  return index < 0 ? hash.length * 8 : index * 8 + Math.clz32(hash[index] ?? 0) - 24;
}
