import { createHash, createSign, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider from 'oidc-provider';

export const PUBLIC_URL = 'https://console.example';
export const CLIENT = { client_id: 'console', client_secret: 'a-secret-of-the-test' };
export const callbackOf = (name: string, publicUrl = PUBLIC_URL) => `${publicUrl}/api/v1/auth/oidc/${name}/callback`;

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const close = (server: Server) =>
  new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

/** A real OpenID provider on this machine; `accounts` are those who can sign in there, by what they type. */
export async function startOpenIdProvider(
  accounts: Record<string, Record<string, unknown>>,
  callbacks: string[],
  publicUrl = PUBLIC_URL,
) {
  let handle: RequestListener = () => undefined;
  const server = createServer((request, response) => handle(request, response));
  const issuer = await listen(server);
  const provider = new Provider(issuer, {
    clients: [
      {
        ...CLIENT,
        redirect_uris: callbacks,
        post_logout_redirect_uris: [`${publicUrl}/login`],
        grant_types: ['authorization_code'],
        response_types: ['code'],
      },
    ],
    cookies: { keys: ['only-for-tests'] },
    jwks: {
      keys: [
        { ...generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' }), kid: 'one' },
      ],
    },
    pkce: { required: () => true },
    ttl: { AccessToken: 600, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
    features: { devInteractions: { enabled: true } },
    claims: {
      openid: ['sub'],
      email: ['email', 'email_verified'],
      profile: ['name', 'preferred_username'],
      groups: ['groups'],
    },
    scopes: ['openid', 'email', 'profile', 'groups'],
    findAccount: async (_ctx: unknown, id: string) =>
      accounts[id] && { accountId: id, claims: async () => ({ sub: id, ...accounts[id] }) },
    // Everybody agrees to everything: what is shown there is not what is tested.
    loadExistingGrant: async ({ oidc }: { oidc: { client: { clientId: string }; session: { accountId: string } } }) => {
      const grant = new provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
      grant.addOIDCScope('openid email profile groups');
      await grant.save();
      return grant;
    },
  });
  handle = provider.callback();
  return { issuer, accounts, close: () => close(server) };
}

interface Key {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}
const newKey = (): Key => ({ kid: randomUUID(), ...generateKeyPairSync('rsa', { modulusLength: 2048 }) });

/** What a person's way to a provider and back left with it. */
export interface Authorization {
  readonly nonce: string | null;
  readonly challenge: string | null;
  readonly redirectUri: string | null;
}

/**
 * A provider that says what a test tells it to say, lies included. Codes work once and only with the verifier and the redirect URI
 * they were made for, as the standards ask.
 */
export async function startScriptedProvider() {
  const state = {
    keys: [newKey()],
    claims: {} as Record<string, unknown>,
    header: {} as Record<string, unknown>,
    userinfo: null as unknown,
    discovery: {} as Record<string, unknown>,
    signWith: null as Key | null,
    tokens: null as unknown,
    padding: '',
    asked: [] as string[],
    bodies: [] as string[],
    delayMs: 0,
  };
  const codes = new Map<string, Authorization>();
  const server = createServer(async (request, response) => {
    const path = request.url?.split('?')[0] ?? '';
    state.asked.push(path);
    const body = await bodyOf(request);
    if (body) state.bodies.push(body);
    if (state.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, state.delayMs));
    const answer = answerTo(path, body);
    if (typeof answer === 'string') response.writeHead(302, { location: answer }).end();
    else
      response
        .writeHead(answer ? 200 : 400, { 'content-type': 'application/json' })
        .end(JSON.stringify(answer ?? { error: 'invalid_grant' }));
  });
  const issuer = await listen(server);

  function answerTo(path: string, body: string): object | string | null {
    if (path === '/.well-known/openid-configuration') {
      return {
        issuer,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        userinfo_endpoint: `${issuer}/userinfo`,
        jwks_uri: `${issuer}/jwks`,
        end_session_endpoint: `${issuer}/end`,
        ...state.discovery,
      };
    }
    if (path === '/jwks') {
      const keys = state.keys.map(({ kid, publicKey }) => ({
        ...publicKey.export({ format: 'jwk' }),
        kid,
        use: 'sig',
      }));
      return { keys };
    }
    if (path === '/userinfo') return state.userinfo as object;
    return path === '/token' ? exchanged(new URLSearchParams(body)) : null;
  }

  function exchanged(form: URLSearchParams): object | string | null {
    if (state.tokens !== null) return state.tokens as object;
    const given = codes.get(form.get('code') ?? '');
    codes.delete(form.get('code') ?? '');
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    if (given?.challenge !== challenge || given.redirectUri !== form.get('redirect_uri')) return null;
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: issuer,
      aud: CLIENT.client_id,
      iat: now,
      exp: now + 300,
      nonce: given.nonce,
      ...state.claims,
    };
    return { access_token: 'opaque', token_type: 'Bearer', id_token: sign(claims), padding: state.padding };
  }

  function sign(claims: Record<string, unknown>): string {
    const key = state.signWith ?? (state.keys[0] as Key);
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const signed = `${part({ alg: 'RS256', kid: key.kid, ...state.header })}.${part(claims)}`;
    return `${signed}.${createSign('RSA-SHA256').update(signed).sign(key.privateKey, 'base64url')}`;
  }

  return {
    issuer,
    state,
    newKey,
    /** The code that an authorization would end with, for the address that somebody was sent to. */
    authorize(address: string): { code: string; state: string } {
      const asked = new URL(address).searchParams;
      const code = randomUUID();
      codes.set(code, {
        nonce: asked.get('nonce'),
        challenge: asked.get('code_challenge'),
        redirectUri: asked.get('redirect_uri'),
      });
      return { code, state: asked.get('state') ?? '' };
    },
    close: () => close(server),
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
}
