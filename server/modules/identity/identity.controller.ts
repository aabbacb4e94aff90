import type {} from '@fastify/cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Context } from '#core/context.ts';
import { AppError, accessErrors } from '#core/errors.ts';
import { type AnyRoute, route } from '#core/feature.ts';
import { API_PREFIX } from '#core/http.ts';
import { text } from '#core/i18n.ts';
import { IdParams } from '#core/schema.ts';
import { signOut } from '../auth/auth.service.ts';
import { assertSameSite, clearSessionCookie, sessionCookieOf, setSessionCookie } from '../auth/auth-cookie.service.ts';
import { FLOW_SECONDS, returnPath, startFlow } from './flow.service.ts';
import { identityErrors } from './identity.errors.ts';
import {
  CallbackQuery,
  IdentityList,
  IdentityProviderList,
  OutsideChallenge,
  ProviderParams,
  ProviderSignOut,
  StartedLink,
  StartQuery,
} from './identity.schema.ts';
import * as service from './identity.service.ts';
import { getProvider } from './provider.service.ts';

const BROWSER = 'outside_browser';
const CHALLENGE = 'outside_challenge';
const COOKIE_PATH = `${API_PREFIX}/auth/oidc`;

function keep(
  request: FastifyRequest,
  reply: FastifyReply,
  name: string,
  value: string,
  seconds: number,
  sameSite: 'lax' | 'strict',
): void {
  const secure = request.protocol === 'https';
  reply.setCookie(name, value, { path: COOKIE_PATH, httpOnly: true, sameSite, secure, maxAge: seconds });
}

/** The sign-in page of the console, told what has come of it. Nothing that opens anything is in the address. */
const loginPage = (parameters: Record<string, string>) => `/login?${new URLSearchParams(parameters)}`;

/** Sign-in with outside providers. `ratePerMinute` bounds the attempts of one address. */
export function identityRoutes(ratePerMinute: number): AnyRoute[] {
  /** Sends somebody to a provider; a provider that does not answer is told on the sign-in page, where they came from. */
  async function start(
    ctx: Context,
    name: string,
    wanted: string | undefined,
    request: FastifyRequest,
    reply: FastifyReply,
  ) {
    const provider = getProvider(ctx, name);
    const returnTo = returnPath(wanted);
    try {
      const { address, browser } = await startFlow(ctx, provider, { browser: request.cookies[BROWSER], returnTo });
      // Lax: the way back from the provider begins at another site.
      keep(request, reply, BROWSER, browser, FLOW_SECONDS, 'lax');
      return address;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return loginPage({ outside: name, failed: error.definition.code, r: returnTo });
    }
  }

  async function comeBack(ctx: Context, name: string, request: FastifyRequest, reply: FastifyReply) {
    const parameters = new URL(request.url, ctx.settings.PUBLIC_URL || 'http://here.invalid').searchParams;
    try {
      const arrival = await service.arrive(ctx, name, parameters, request.cookies[BROWSER]);
      if (arrival.kind === 'linked') return `${arrival.returnPath}?linked=${name}`;
      if (arrival.kind === 'not-linked') return `${arrival.returnPath}?link_failed=${arrival.failure.definition.code}`;
      const { outcome, returnPath: r } = arrival;
      if (outcome.kind === 'session') setSessionCookie(request, reply, outcome.session);
      else {
        const { token, wanted, expiresIn } = outcome.challenge;
        keep(request, reply, CHALLENGE, `${token}.${wanted.join('.')}.${expiresIn}`, expiresIn, 'strict');
      }
      return loginPage({ outside: name, state: outcome.kind, r });
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return loginPage({ outside: name, failed: error.definition.code });
    }
  }

  return [
    route({
      method: 'GET',
      path: '/auth/providers',
      access: 'public',
      summary: 'List the outside providers to sign in with',
      response: IdentityProviderList,
      handle: async (ctx) => ({
        items: ctx.settings.IDENTITY_PROVIDERS.map(({ name, title, preset }) => ({ name, title, preset })),
      }),
    }),
    route({
      method: 'GET',
      path: '/auth/oidc/:provider/start',
      access: 'public',
      ratePerMinute,
      redirect: true,
      summary: 'Go to a provider to sign in',
      params: ProviderParams,
      query: StartQuery,
      errors: [identityErrors.provider_unknown],
      handle: (ctx, { params, query, request, reply }) => start(ctx, params.provider, query.r, request, reply),
    }),
    route({
      method: 'GET',
      path: '/auth/oidc/:provider/callback',
      access: 'public',
      ratePerMinute,
      redirect: true,
      summary: 'Come back from a provider',
      description: 'Signs in by the cookie, or says on the sign-in page what kept it from doing so.',
      params: ProviderParams,
      query: CallbackQuery,
      handle: (ctx, { params, request, reply }) => comeBack(ctx, params.provider, request, reply),
    }),
    route({
      method: 'POST',
      path: '/auth/oidc/challenge',
      access: 'public',
      ratePerMinute,
      summary: 'Take up the challenge of a sign-in that came back from a provider',
      response: OutsideChallenge,
      errors: [identityErrors.flow_invalid, accessErrors.forbidden],
      async handle(_ctx, { request, reply }) {
        assertSameSite(request);
        const [token = '', ...rest] = request.cookies[CHALLENGE]?.split('.') ?? [];
        reply.clearCookie(CHALLENGE, { path: COOKIE_PATH });
        const methods = rest.slice(0, -1) as OutsideChallenge['methods'];
        if (!token || methods.length === 0) throw identityErrors.flow_invalid();
        return { token, methods, expires_in: Number(rest.at(-1)) };
      },
    }),
    route({
      method: 'POST',
      path: '/auth/oidc/sign-out',
      access: 'signed-in',
      allowPasswordChange: true,
      summary: 'Sign out, and say where to sign out at the provider',
      response: ProviderSignOut,
      message: text('已退出登录', 'Signed out'),
      async handle(ctx, { request, reply }) {
        const url = await service.getOwnSignOutAddress(ctx);
        await signOut(ctx, sessionCookieOf(request));
        clearSessionCookie(reply);
        return { url };
      },
    }),
    route({
      method: 'GET',
      path: '/users/me/identities',
      access: 'signed-in',
      summary: 'List the outside accounts that sign the caller in',
      response: IdentityList,
      handle: (ctx) => service.listOwnIdentities(ctx),
    }),
    route({
      method: 'POST',
      path: '/users/me/identities/:provider/start',
      access: 'signed-in',
      stepUp: true,
      ratePerMinute,
      summary: 'Go to a provider to link an account there',
      params: ProviderParams,
      response: StartedLink,
      errors: [identityErrors.provider_unknown, identityErrors.unreachable],
      async handle(ctx, { params, request, reply }) {
        const provider = getProvider(ctx, params.provider);
        const options = { browser: request.cookies[BROWSER], returnTo: '/profile', links: true };
        const { address, browser } = await startFlow(ctx, provider, options);
        keep(request, reply, BROWSER, browser, FLOW_SECONDS, 'lax');
        return { url: address };
      },
    }),
    route({
      method: 'DELETE',
      path: '/users/me/identities/:id',
      access: 'signed-in',
      stepUp: true,
      summary: 'Unlink an outside account',
      params: IdParams,
      message: text('已取消关联', 'Unlinked'),
      errors: [identityErrors.not_found, identityErrors.last_way_in],
      handle: (ctx, { params }) => service.unlink(ctx, params.id),
    }),
  ];
}
