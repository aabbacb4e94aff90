import { createHash, randomBytes } from 'node:crypto';
import type { Context } from '#core/context.ts';
import * as crud from './account-link.crud.ts';
import type { LinkPurpose } from './account-link.entity.ts';
import { accountLinkErrors } from './account-link.errors.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** How long a link works, in minutes. */
export const LINK_MINUTES: Readonly<Record<LinkPurpose, number>> = { reset: 30, register: 1440 };
const PAGES: Readonly<Record<LinkPurpose, string>> = { reset: 'reset-password', register: 'register' };

const sha256 = (token: string) => createHash('sha256').update(token).digest('hex');

/** Where people open the console: as set, never as a request says, or anybody could send links to a site of their own. */
export const siteOf = ({ settings }: Context) => settings.PUBLIC_URL || `http://localhost:${settings.PORT}`;

/** Makes a link for an address and returns it; links made for it before work no more. The secret stands where no server sees it. */
export async function makeLink(
  ctx: Context,
  purpose: LinkPurpose,
  email: string,
  userId: number | null,
): Promise<string> {
  const token = randomBytes(32).toString('base64url');
  const expires_at = new Date(ctx.now().getTime() + LINK_MINUTES[purpose] * MINUTE_MS);
  await ctx.inTransaction((ctx) =>
    crud.replaceLink(ctx, { purpose, email, user_id: userId, token_hash: sha256(token), expires_at }),
  );
  return `${siteOf(ctx)}/${PAGES[purpose]}#token=${token}`;
}

export type LiveLink = Awaited<ReturnType<typeof getLink>>;

/** A link that still works. Throws `account_link.invalid`. */
export async function getLink(ctx: Context, purpose: LinkPurpose, token: string) {
  const link = await crud.findLink(ctx, sha256(token), purpose);
  if (!link || link.used_at || link.expires_at <= ctx.now() || link.created_at > ctx.now())
    throw accountLinkErrors.invalid();
  return link;
}

/** Uses a link up. Runs inside the caller's transaction. Throws `account_link.invalid` for the second of two at the same time. */
export async function useLink(ctx: Context, link: LiveLink): Promise<void> {
  if (!(await crud.useLink(ctx, link.id))) throw accountLinkErrors.invalid();
}

/** Removes links that ended more than a day ago; tells how many. */
export function removeOldLinks(ctx: Context): Promise<number> {
  return crud.deleteLinksBefore(ctx, new Date(ctx.now().getTime() - DAY_MS));
}
