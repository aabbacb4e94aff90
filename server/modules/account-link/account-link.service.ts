import type { Context } from '#core/context.ts';
import { hashPassword } from '#core/password.ts';
import { forgetFailures, isWithinQuota } from '../protection/attempt.service.ts';
import { assertSolved } from '../protection/captcha.service.ts';
import { endSessionsOfUser } from '../session/session.service.ts';
import { addTask } from '../task/queue.service.ts';
import { findAccount, registerUser } from '../user/account.service.ts';
import { assertPasswordAllowed, assertPasswordNew, storePassword } from '../user/password.service.ts';
import type { LinkPurpose } from './account-link.entity.ts';
import { accountLinkErrors } from './account-link.errors.ts';
import { sendLinkHandler } from './account-link.handlers.ts';
import type { AuthOptions, LinkRequest, PasswordByLink, RegistrationByLink } from './account-link.schema.ts';
import { getLink, useLink } from './link.service.ts';

const HOUR_MS = 3_600_000;
/** Letters to one address in an hour, whoever asks for them. */
const LETTERS_PER_HOUR = 3;

/** What the sign-in page offers. */
export function getAuthOptions({ settings, mailer }: Context): AuthOptions {
  return {
    password_reset: mailer.isOn,
    registration: settings.REGISTRATION_ENABLED === true && mailer.isOn,
    password_min_length: settings.PASSWORD_MIN_LENGTH,
  };
}

/**
 * Lets a link be mailed. What it does does not depend on who has the address, so that neither answer nor time tells it; the rest is done
 * by a task. Throws `account_link.mail_off`, `account_link.registration_off`, `auth.captcha_required`.
 */
export async function requestLink(ctx: Context, purpose: LinkPurpose, input: LinkRequest): Promise<void> {
  if (!ctx.mailer.isOn) throw accountLinkErrors.mail_off();
  if (purpose === 'register') assertRegistrationOpen(ctx);
  await assertSolved(ctx, input.email, input.captcha);
  const email = input.email.toLowerCase();
  if (!(await isWithinQuota(ctx, `letters:${purpose}`, email, LETTERS_PER_HOUR, HOUR_MS))) return;
  await addTask(ctx, sendLinkHandler, { purpose, email, locale: ctx.locale });
}

/**
 * Sets a new password by a mailed link, and ends all sessions of its user. Throws `account_link.invalid`, also when the user was disabled,
 * or changed address or password meanwhile, and what a password is refused for.
 */
export async function resetByLink(ctx: Context, { token, new_password: password }: PasswordByLink): Promise<void> {
  const link = await getLink(ctx, 'reset', token);
  const account = link.user_id === null ? undefined : await findAccount(ctx, link.user_id);
  const isSame = account?.email === link.email && (account.password_changed_at ?? link.created_at) <= link.created_at;
  if (!account?.is_active || !isSame) throw accountLinkErrors.invalid();
  await assertPasswordAllowed(ctx, password, 'new_password', account);
  await assertPasswordNew(ctx, account.id, password, 'new_password');
  const hashedPassword = await hashPassword(password);
  await ctx.inTransaction(async (ctx) => {
    await useLink(ctx, link);
    await storePassword(ctx, account.id, hashedPassword, false);
    await endSessionsOfUser(ctx, account.id, 'password reset');
  });
  await forgetFailures(ctx, account.username);
}

/**
 * Makes a user of whoever got the link: without a role, a department or any right. Throws `account_link.invalid`,
 * `account_link.registration_off`, `user.username_taken`, `user.email_taken`, and what a password is refused for.
 */
export async function registerByLink(ctx: Context, input: RegistrationByLink): Promise<void> {
  assertRegistrationOpen(ctx);
  const link = await getLink(ctx, 'register', input.token);
  const { username, password, name = null } = input;
  await assertPasswordAllowed(ctx, password, 'password', { username, email: link.email });
  const hashedPassword = await hashPassword(password);
  await ctx.inTransaction(async (ctx) => {
    await useLink(ctx, link);
    await registerUser(ctx, { username, email: link.email, name, hashed_password: hashedPassword });
  });
}

function assertRegistrationOpen({ settings }: Context): void {
  if (settings.REGISTRATION_ENABLED !== true) throw accountLinkErrors.registration_off();
}
