import type { Context } from '#core/context.ts';
import type { Locale } from '#core/i18n.ts';
import { findAccountByEmail } from '../user/account.service.ts';
import type { LinkPurpose } from './account-link.entity.ts';
import { LETTERS, write } from './letters.ts';
import { LINK_MINUTES, makeLink, siteOf } from './link.service.ts';

/**
 * Mails a link to an address. To reset a password only where an active user has it; to register, whoever has the address gets a letter:
 * a user is told so, because a page that told it would tell everybody. Rejects when the mail server does not take it.
 */
export async function sendLink(ctx: Context, purpose: LinkPurpose, email: string, locale: Locale): Promise<void> {
  const account = await findAccountByEmail(ctx, email);
  const send = (letter: keyof typeof LETTERS, values: Record<string, string | number>) =>
    ctx.mailer.send({ to: email, ...write(LETTERS[letter], locale, values) });
  const minutes = LINK_MINUTES[purpose];
  if (purpose === 'register') {
    if (account) return send('registered', { username: account.username, link: `${siteOf(ctx)}/forgot-password` });
    return send('register', { link: await makeLink(ctx, 'register', email, null), hours: minutes / 60 });
  }
  if (!account?.is_active) return;
  const link = await makeLink(ctx, 'reset', email, account.id);
  await send('reset', { username: account.username, link, minutes });
}
