import * as oauth from 'oauth4webapi';
import type { ProviderSettings } from '#config';
import type { Context } from '#core/context.ts';
import { AppError } from '#core/errors.ts';
import { identityErrors } from './identity.errors.ts';
import { outboundFetch } from './outbound.service.ts';
import { callbackOf, callOptions, getServer, isProduction, logFailure } from './provider.service.ts';

/** Who somebody is at a provider. `groups` is null where the provider does not tell. */
export interface OutsideProfile {
  readonly issuer: string;
  readonly subject: string;
  readonly username: string | null;
  readonly name: string | null;
  readonly email: string | null;
  readonly isEmailVerified: boolean;
  readonly groups: readonly string[] | null;
}

type Claims = Readonly<Record<string, unknown>>;
interface Flow {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
}

/**
 * Turns what a provider sent back into who somebody is. Throws `identity.denied`, `identity.unreachable`, and
 * `identity.exchange_failed` for whatever is not right with it.
 */
export async function exchange(
  ctx: Context,
  provider: ProviderSettings,
  parameters: URLSearchParams,
  flow: Flow,
): Promise<OutsideProfile> {
  const server = await getServer(ctx, provider);
  try {
    const read = { oidc: readOpenId, oauth2: readOAuth, feishu: readFeishu, dingtalk: readDingTalk }[provider.protocol];
    return toProfile(provider, await read(ctx, provider, server, parameters, flow));
  } catch (error) {
    if (error instanceof AppError) throw error;
    logFailure(ctx, provider, error);
    if (error instanceof oauth.AuthorizationResponseError) {
      throw error.error === 'access_denied' ? identityErrors.denied() : identityErrors.exchange_failed();
    }
    throw isOutage(error) ? identityErrors.unreachable() : identityErrors.exchange_failed();
  }
}

/** What `fetch` throws when nobody answers, or not in time. */
const isOutage = (error: unknown) =>
  (error instanceof TypeError && error.message === 'fetch failed') ||
  (error instanceof DOMException && error.name === 'TimeoutError');

type Reader = (
  ctx: Context,
  provider: ProviderSettings,
  server: oauth.AuthorizationServer,
  parameters: URLSearchParams,
  flow: Flow,
) => Promise<Claims>;

const clientOf = (provider: ProviderSettings): oauth.Client => ({ client_id: provider.client_id });

/** How the token endpoint wants the secret: as the settings say, else as the provider says, else as the standard's default. */
function authenticationOf({ client_auth, client_secret }: ProviderSettings, server: oauth.AuthorizationServer) {
  const methods = server.token_endpoint_auth_methods_supported;
  const prefersPost = methods?.includes('client_secret_post') && !methods.includes('client_secret_basic');
  return client_auth === 'post' || (client_auth === null && prefersPost)
    ? oauth.ClientSecretPost(client_secret)
    : oauth.ClientSecretBasic(client_secret);
}

/** OpenID Connect Core §3.1: the ID token's signature, issuer, audience, authorised party, time and nonce; user info of the same subject. */
const readOpenId: Reader = async (ctx, provider, server, parameters, flow) => {
  const [client, options] = [clientOf(provider), callOptions(ctx, provider)];
  const valid = oauth.validateAuthResponse(server, client, parameters, flow.state);
  const response = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    authenticationOf(provider, server),
    valid,
    callbackOf(ctx, provider),
    flow.codeVerifier,
    options,
  );
  const tokens = await oauth.processAuthorizationCodeResponse(server, client, response, {
    expectedNonce: flow.nonce,
    requireIdToken: true,
  });
  await oauth.validateApplicationLevelSignature(server, response, options);
  const claims = oauth.getValidatedIdTokenClaims(tokens) as oauth.IDToken;
  if (!server.userinfo_endpoint || isComplete(provider, claims)) return claims;
  const answer = await oauth.userInfoRequest(server, client, tokens.access_token, options);
  return { ...(await oauth.processUserInfoResponse(server, client, claims.sub, answer)), ...claims };
};

/** Whether the ID token says all that is asked for, so that user info need not be. */
function isComplete({ claims: names, roles }: ProviderSettings, claims: Claims): boolean {
  const wanted = [names.email, names.username, ...(Object.keys(roles).length > 0 ? [names.groups] : [])];
  return wanted.every((name) => claims[name] !== undefined);
}

/** RFC 6749 §4.1; who somebody is comes from an address that answers with JSON. */
const readOAuth: Reader = async (ctx, provider, server, parameters, flow) => {
  const client = clientOf(provider);
  const response = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    authenticationOf(provider, server),
    oauth.validateAuthResponse(server, client, parameters, flow.state),
    callbackOf(ctx, provider),
    flow.codeVerifier,
    callOptions(ctx, provider),
  );
  const { access_token: token } = await oauth.processAuthorizationCodeResponse(server, client, response);
  const authorization = { authorization: `Bearer ${token}` };
  const claims = await readJson(ctx, provider, provider.userinfo_endpoint, authorization);
  if (!provider.emails_endpoint) return claims;
  const address = primaryAddress(await readJson(ctx, provider, provider.emails_endpoint, authorization));
  return { ...claims, [provider.claims.email]: address, [provider.claims.email_verified]: address !== undefined };
};

/** The one address that is both the main one and verified, of a list as GitHub gives it. */
function primaryAddress(list: unknown): unknown {
  if (!Array.isArray(list)) return undefined;
  return list.find((entry) => entry?.primary === true && entry?.verified === true)?.email;
}

/** Takes and gives JSON at the token endpoint. Addresses there were entered by an administrator and are not verified. */
const readFeishu: Reader = async (ctx, provider, server, parameters, flow) => {
  const code = codeOf(oauth.validateAuthResponse(server, clientOf(provider), parameters, flow.state), 'code');
  const tokens = await postJson(ctx, provider, {
    grant_type: 'authorization_code',
    client_id: provider.client_id,
    client_secret: provider.client_secret,
    code,
    redirect_uri: callbackOf(ctx, provider),
    code_verifier: flow.codeVerifier,
  });
  const authorization = { authorization: `Bearer ${textOf(tokens['access_token'], 'access_token')}` };
  const { data } = await readJson(ctx, provider, provider.userinfo_endpoint, authorization);
  return { ...(data as Claims), [provider.claims.email_verified]: false };
};

/** Names its parameters its own way, and takes no PKCE. Addresses there are not verified. */
const readDingTalk: Reader = async (ctx, provider, server, parameters, flow) => {
  const code = codeOf(oauth.validateAuthResponse(server, clientOf(provider), parameters, flow.state), 'authCode');
  const tokens = await postJson(ctx, provider, {
    clientId: provider.client_id,
    clientSecret: provider.client_secret,
    code,
    grantType: 'authorization_code',
  });
  const header = { 'x-acs-dingtalk-access-token': textOf(tokens['accessToken'], 'accessToken') };
  const claims = await readJson(ctx, provider, provider.userinfo_endpoint, header);
  return { ...claims, [provider.claims.email_verified]: false };
};

const codeOf = (parameters: URLSearchParams, name: string) => textOf(parameters.get(name), name);

function textOf(value: unknown, name: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new Error(`the answer holds no ${name}`);
}

function postJson(ctx: Context, provider: ProviderSettings, body: object): Promise<Claims> {
  const headers = { 'content-type': 'application/json; charset=utf-8' };
  return readJson(ctx, provider, provider.token_endpoint, headers, JSON.stringify(body));
}

async function readJson(
  ctx: Context,
  provider: ProviderSettings,
  address: string | null,
  headers: Record<string, string>,
  body?: string,
): Promise<Claims> {
  const response = await outboundFetch(provider, isProduction(ctx))(address ?? '', {
    method: body === undefined ? 'GET' : 'POST',
    headers: { accept: 'application/json', 'user-agent': 'fastify-vue3-admin', ...headers },
    ...(body !== undefined && { body }),
  });
  if (!response.ok) throw new Error(`the provider answered ${response.status}`);
  const json: unknown = await response.json();
  if (typeof json !== 'object' || json === null) throw new Error('the provider did not answer with an object');
  return json as Claims;
}

function toProfile({ issuer, claims: names }: ProviderSettings, claims: Claims): OutsideProfile {
  const subject = claims[names.subject];
  const text = (name: string, most: number) => {
    const value = claims[name];
    return typeof value === 'string' && value.trim() !== '' ? value.trim().slice(0, most) : null;
  };
  // GitHub's are numbers.
  const known = typeof subject === 'number' && Number.isSafeInteger(subject) ? String(subject) : subject;
  if (typeof known !== 'string' || known === '' || known.length > 255 || !known.isWellFormed() || known.includes('\0'))
    throw new Error('the provider does not say who it is');
  return {
    issuer,
    subject: known,
    username: text(names.username, 100),
    name: text(names.name, 50),
    email: addressOf(claims[names.email]),
    isEmailVerified: claims[names.email_verified] === true,
    groups: groupsOf(claims, names.groups),
  };
}

/** Cutting an address would make it somebody else's. */
function addressOf(value: unknown): string | null {
  return typeof value === 'string' && value.length <= 100 && /^[^@\s]+@[^@\s]+$/.test(value)
    ? value.toLowerCase()
    : null;
}

/** Microsoft leaves the groups out of a token when there are too many, and says so: that is not "in no group". */
function groupsOf(claims: Claims, name: string): string[] | null {
  const groups = claims[name];
  const elsewhere = claims['_claim_names'];
  if (typeof elsewhere === 'object' && elsewhere !== null && name in elsewhere) return null;
  if (typeof groups === 'string') return [groups];
  return Array.isArray(groups) ? groups.filter((group) => typeof group === 'string') : [];
}
