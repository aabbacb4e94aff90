import * as oauth from 'oauth4webapi';
import type { ProviderSettings } from '#config';
import type { Context } from '#core/context.ts';
import { API_PREFIX } from '#core/http.ts';
import { identityErrors } from './identity.errors.ts';
import { assertAllowed, outboundFetch } from './outbound.service.ts';

/** How long the addresses of a provider are believed, and how long it is left alone after it failed. */
const DISCOVERY_MS = 3_600_000;
const FAILURE_MS = 5000;

interface Discovered {
  readonly server: Promise<oauth.AuthorizationServer>;
  until: number;
}
const discovered = new WeakMap<ProviderSettings, Discovered>();

/** Throws `identity.provider_unknown`. */
export function getProvider(ctx: Context, name: string): ProviderSettings {
  const provider = ctx.settings.IDENTITY_PROVIDERS.find((candidate) => candidate.name === name);
  if (!provider) throw identityErrors.provider_unknown();
  return provider;
}

export const isProduction = (ctx: Context) => ctx.settings.APP_ENV === 'production';

/** Where a provider sends people back to; exactly this is registered there. */
export const callbackOf = (ctx: Context, provider: ProviderSettings) =>
  `${ctx.settings.PUBLIC_URL}${API_PREFIX}/auth/oidc/${provider.name}/callback`;

/** What a call to a provider needs: the bounded `fetch`, and http where this machine alone is asked. */
export function callOptions(ctx: Context, provider: ProviderSettings) {
  return {
    [oauth.customFetch]: outboundFetch(provider, isProduction(ctx)) as never,
    // The bounded fetch decides about http: for this machine alone, and never in production.
    [oauth.allowInsecureRequests]: !isProduction(ctx),
  };
}

/** Names what failed without what was said: answers and causes hold tokens and addresses of people. */
export function logFailure(ctx: Context, provider: ProviderSettings, error: unknown): void {
  const { name, message, code } = error as { name?: string; message?: string; code?: string };
  ctx.log.warn({ provider: provider.name, error: { name, message, code } }, 'an outside sign-in failed');
}

/** The addresses of a provider, read once an hour. Throws `identity.unreachable`. */
export async function getServer(ctx: Context, provider: ProviderSettings): Promise<oauth.AuthorizationServer> {
  let known = discovered.get(provider);
  if (!known || known.until <= Date.now()) {
    const attempt: Discovered = { server: discover(ctx, provider), until: Date.now() + DISCOVERY_MS };
    attempt.server.catch(() => {
      attempt.until = Date.now() + FAILURE_MS;
    });
    discovered.set(provider, attempt);
    known = attempt;
  }
  try {
    return await known.server;
  } catch (error) {
    logFailure(ctx, provider, error);
    throw identityErrors.unreachable();
  }
}

async function discover(ctx: Context, provider: ProviderSettings): Promise<oauth.AuthorizationServer> {
  if (provider.protocol !== 'oidc') {
    return {
      issuer: provider.issuer,
      authorization_endpoint: provider.authorization_endpoint ?? '',
      token_endpoint: provider.token_endpoint ?? '',
      userinfo_endpoint: provider.userinfo_endpoint ?? '',
    };
  }
  const issuer = new URL(provider.issuer);
  const response = await oauth.discoveryRequest(issuer, { algorithm: 'oidc', ...callOptions(ctx, provider) });
  const server = await oauth.processDiscoveryResponse(issuer, response);
  // Said here, once, instead of at the first person who signs in.
  for (const address of [server.token_endpoint, server.userinfo_endpoint, server.jwks_uri])
    if (address !== undefined) assertAllowed(provider, address, isProduction(ctx));
  if (!server.authorization_endpoint || !server.token_endpoint || !server.jwks_uri)
    throw new Error('the provider names no authorization endpoint, token endpoint or keys');
  return server;
}

/** The address to send somebody to. Throws `identity.unreachable`. */
export async function authorizationAddress(
  ctx: Context,
  provider: ProviderSettings,
  flow: { readonly state: string; readonly nonce: string; readonly codeVerifier: string },
): Promise<string> {
  const server = await getServer(ctx, provider);
  const address = new URL(server.authorization_endpoint ?? '');
  const parameters: Record<string, string> = {
    ...provider.authorization_params,
    response_type: 'code',
    client_id: provider.client_id,
    redirect_uri: callbackOf(ctx, provider),
    scope: provider.scopes.join(' '),
    state: flow.state,
    code_challenge: await oauth.calculatePKCECodeChallenge(flow.codeVerifier),
    code_challenge_method: 'S256',
    ...(provider.protocol === 'oidc' && { nonce: flow.nonce }),
  };
  for (const [name, value] of Object.entries(parameters)) if (value) address.searchParams.set(name, value);
  return address.href;
}

/** Where somebody signs out at the provider, and comes back from; null when it has no such place, or does not answer now. */
export async function signOutAddress(ctx: Context, provider: ProviderSettings): Promise<string | null> {
  try {
    const { end_session_endpoint: endpoint } = await getServer(ctx, provider);
    if (!endpoint) return null;
    const address = new URL(endpoint);
    address.searchParams.set('client_id', provider.client_id);
    address.searchParams.set('post_logout_redirect_uri', `${ctx.settings.PUBLIC_URL}/login`);
    return address.href;
  } catch {
    return null;
  }
}
