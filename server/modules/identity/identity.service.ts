import type { ProviderSettings } from '#config';
import type { Context } from '#core/context.ts';
import { AppError } from '#core/errors.ts';
import { completeSignIn, type SignInOutcome } from '../auth/sign-in.service.ts';
import { getSessionState } from '../session/session.service.ts';
import { logRefusal } from '../sign-in-log/sign-in-log.service.ts';
import { findAccount } from '../user/account.service.ts';
import { applyMappedRoles, createOutsideUser, findUserByEmail, hasPassword } from '../user/provisioning.service.ts';
import { exchange, type OutsideProfile } from './exchange.service.ts';
import { takeFlow } from './flow.service.ts';
import * as crud from './identity.crud.ts';
import { identityErrors } from './identity.errors.ts';
import type { Identity } from './identity.schema.ts';
import { getProvider, signOutAddress } from './provider.service.ts';

/** What coming back from a provider led to. */
export type Arrival =
  | { readonly kind: 'linked'; readonly returnPath: string }
  | { readonly kind: 'not-linked'; readonly returnPath: string; readonly failure: AppError }
  | { readonly kind: 'signed-in'; readonly returnPath: string; readonly outcome: SignInOutcome };

/**
 * Finishes what `startFlow` began. Throws `identity.flow_invalid`, `identity.denied`, `identity.exchange_failed`,
 * `identity.unreachable`, `identity.not_linked`, and what `completeSignIn` throws; what keeps an account from being linked is
 * answered, because whoever links is still at work.
 */
export async function arrive(
  ctx: Context,
  name: string,
  parameters: URLSearchParams,
  browser: string | undefined,
): Promise<Arrival> {
  const provider = getProvider(ctx, name);
  const flow = await takeFlow(ctx, provider, parameters.get('state') ?? undefined, browser);
  const { returnPath, sessionId } = flow;
  if (sessionId === null) {
    const userId = await refusalsNoted(ctx, provider, async () =>
      settleUser(ctx, provider, await exchange(ctx, provider, parameters, flow)),
    );
    const outcome = await completeSignIn(ctx, userId, { method: methodOf(provider), factors: ['outside'] });
    return { kind: 'signed-in', returnPath, outcome };
  }
  try {
    await link(ctx, provider, await exchange(ctx, provider, parameters, flow), sessionId);
    return { kind: 'linked', returnPath };
  } catch (failure) {
    if (!(failure instanceof AppError)) throw failure;
    return { kind: 'not-linked', returnPath, failure };
  }
}

/** What the sign-in log and a session call signing in with this provider. */
export const methodOf = ({ name }: ProviderSettings) => `oidc:${name}`;

/** Notes in the sign-in log what failed before anybody knew who it was. */
async function refusalsNoted<R>(ctx: Context, provider: ProviderSettings, work: () => Promise<R>): Promise<R> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AppError) await logRefusal(ctx, { typed: '' }, methodOf(provider), 'outside');
    throw error;
  }
}

const labelOf = ({ email, username, name }: OutsideProfile) => email ?? username ?? name;

async function link(ctx: Context, provider: ProviderSettings, profile: OutsideProfile, sessionId: string) {
  const session = await getSessionState(ctx, sessionId);
  if (session === 'ended' || session.expiresAt <= ctx.now().getTime()) throw identityErrors.flow_invalid();
  await ctx.inTransaction(async (ctx) => {
    const known = await crud.findIdentity(ctx, profile.issuer, profile.subject);
    if (known && known.user_id !== session.userId) throw identityErrors.taken();
    if (known) await crud.noteUse(ctx, known.id, labelOf(profile));
    else await remember(ctx, provider, profile, session.userId);
  });
}

async function remember(ctx: Context, provider: ProviderSettings, profile: OutsideProfile, userId: number) {
  const { issuer, subject } = profile;
  const label = labelOf(profile);
  await crud.insertIdentity(ctx, {
    user_id: userId,
    provider: provider.name,
    issuer,
    subject,
    label,
    created_at: ctx.now(),
    last_used_at: ctx.now(),
  });
}

/** Whose account it is: linked before, or found or made now; with the roles of its groups. Throws `identity.not_linked`. */
function settleUser(ctx: Context, provider: ProviderSettings, profile: OutsideProfile): Promise<number> {
  return ctx.inTransaction(async (ctx) => {
    const known = await crud.findIdentity(ctx, profile.issuer, profile.subject);
    const userId = known?.user_id ?? (await findOrCreateUser(ctx, provider, profile));
    if (userId === null) throw identityErrors.not_linked();
    // A disabled user is refused at the door; until then nothing of theirs is touched.
    if (!(await findAccount(ctx, userId))?.is_active) return userId;
    if (known) await crud.noteUse(ctx, known.id, labelOf(profile));
    else await remember(ctx, provider, profile, userId);
    if (profile.groups !== null) await applyRoles(ctx, provider, profile.groups, userId);
    return userId;
  });
}

/**
 * Who a new account belongs to, by its address: only a verified one of a listed domain, and never an administrator, who would
 * otherwise be whoever the provider says. Null when nobody may be found or made.
 */
async function findOrCreateUser(
  ctx: Context,
  provider: ProviderSettings,
  profile: OutsideProfile,
): Promise<number | null> {
  const { email, isEmailVerified } = profile;
  if (!email || !isEmailVerified) return null;
  const domain = email.slice(email.lastIndexOf('@') + 1);
  const isListed = provider.email_domains.includes(domain);
  const user = await findUserByEmail(ctx, email);
  if (user) return provider.link_by_email && isListed && !user.is_superuser ? user.id : null;
  if (!provider.create_users || (provider.email_domains.length > 0 && !isListed)) return null;
  return createOutsideUser(ctx, {
    email,
    username: profile.username ?? email.slice(0, email.lastIndexOf('@')),
    name: profile.name,
    department: provider.department,
  });
}

/** The roles of the settings, and no other: given to whoever is in their group, taken from whoever is not. */
async function applyRoles(ctx: Context, { roles }: ProviderSettings, groups: readonly string[], userId: number) {
  const managed = new Set(Object.values(roles));
  if (managed.size === 0) return;
  const wanted = new Set(groups.flatMap((group) => (Object.hasOwn(roles, group) ? (roles[group] as string) : [])));
  await applyMappedRoles(ctx, userId, managed, wanted);
}

/** The accounts of the caller; those of a provider that is no longer there too, so that they can be taken away. */
export async function listOwnIdentities(ctx: Context): Promise<{ items: Identity[] }> {
  const rows = await crud.listIdentities(ctx, ctx.actor.userId);
  const titles = new Map(ctx.settings.IDENTITY_PROVIDERS.map(({ name, title }) => [name, title]));
  return {
    items: rows.map((row) => ({
      ...row,
      title: titles.get(row.provider) ?? row.provider,
      created_at: row.created_at.toISOString(),
      last_used_at: row.last_used_at?.toISOString() ?? null,
    })),
  };
}

/** Throws `identity.not_found`, and `identity.last_way_in` for the last one of somebody without a password. */
export function unlink(ctx: Context, identityId: number): Promise<void> {
  const { userId } = ctx.actor;
  return ctx.inTransaction(async (ctx) => {
    if (!(await crud.deleteIdentity(ctx, userId, identityId))) throw identityErrors.not_found();
    if ((await crud.listIdentities(ctx, userId)).length === 0 && !(await hasPassword(ctx, userId)))
      throw identityErrors.last_way_in();
  });
}

/** Where the caller signs out at the provider that their session began with; null when there is no such place. */
export async function getOwnSignOutAddress(ctx: Context): Promise<string | null> {
  const { sessionId } = ctx.caller;
  const session = sessionId === null ? undefined : await crud.findOwnSession(ctx, sessionId);
  const provider = ctx.settings.IDENTITY_PROVIDERS.find((one) => session?.method === methodOf(one));
  return provider ? signOutAddress(ctx, provider) : null;
}
