import type {} from '@fastify/cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Context } from '#core/context.ts';
import { AppError, accessErrors } from '#core/errors.ts';
import { type AnyRoute, route } from '#core/feature.ts';
import { API_PREFIX } from '#core/http.ts';
import { text } from '#core/i18n.ts';
import type { OpenedSession } from '../session/session.service.ts';
import { authErrors, oauthErrors } from './auth.errors.ts';
import { AccessToken, LoginBody, TokenRequest, TokenResponse } from './auth.schema.ts';
import * as service from './auth.service.ts';
import type { AccessTokens } from './token.ts';

const COOKIE = 'refresh_token';
const COOKIE_PATH = `${API_PREFIX}/auth`;

/** The sign-in routes. `ratePerMinute` bounds the attempts of one address. */
export function authRoutes(tokens: AccessTokens, ratePerMinute: number): AnyRoute[] {
  const accessToken = (ctx: Context, session: OpenedSession) => ({
    access_token: tokens.sign({ sub: String(session.userId), sid: session.sessionId }),
    token_type: 'Bearer' as const,
    expires_in: ctx.settings.JWT_ACCESS_TOKEN_EXPIRE_MINUTES * 60,
  });

  /** RFC 6749 §4.3 and §6: everything that is wrong with a grant is `invalid_grant`. */
  async function grant(ctx: Context, body: TokenRequest) {
    const asked = body.grant_type ?? 'password';
    if (asked !== 'password' && asked !== 'refresh_token') throw oauthErrors.unsupported_grant_type();
    const needed = asked === 'password' ? (['username', 'password'] as const) : (['refresh_token'] as const);
    for (const parameter of needed) if (!body[parameter]) throw oauthErrors.invalid_request({ parameter });
    try {
      return asked === 'password'
        ? await service.signIn(ctx, body.username ?? '', body.password ?? '')
        : await service.refresh(ctx, body.refresh_token ?? '');
    } catch (error) {
      if (error instanceof AppError && error.definition.status === 401) throw oauthErrors.invalid_grant();
      throw error;
    }
  }

  return [
    route({
      method: 'POST',
      path: '/auth/token',
      access: 'public',
      ratePerMinute,
      bare: true,
      summary: 'Get tokens (OAuth2)',
      description: 'The password and the refresh grant of RFC 6749, as a form. Swagger UI signs in here.',
      body: TokenRequest,
      response: TokenResponse,
      errors: [
        oauthErrors.invalid_request,
        oauthErrors.invalid_grant,
        oauthErrors.unsupported_grant_type,
        authErrors.inactive_user,
      ],
      async handle(ctx, { body, reply }) {
        const session = await grant(ctx, body);
        reply.header('cache-control', 'no-store').header('pragma', 'no-cache');
        return { ...accessToken(ctx, session), refresh_token: session.refreshToken, scope: body.scope ?? '' };
      },
    }),
    route({
      method: 'POST',
      path: '/auth/login',
      access: 'public',
      ratePerMinute,
      summary: 'Sign in',
      description: 'The refresh token comes as an HttpOnly cookie that only the sign-in addresses receive.',
      body: LoginBody,
      response: AccessToken,
      message: text('登录成功', 'Signed in'),
      errors: [authErrors.bad_credentials, authErrors.inactive_user],
      async handle(ctx, { body, request, reply }) {
        const session = await service.signIn(ctx, body.username, body.password);
        setCookie(request, reply, session);
        return { ...accessToken(ctx, session), must_change_password: session.mustChangePassword };
      },
    }),
    route({
      method: 'POST',
      path: '/auth/refresh',
      access: 'public',
      ratePerMinute,
      summary: 'Continue a sign-in by its cookie',
      response: AccessToken,
      message: text('登录已续期', 'Sign-in continued'),
      errors: [authErrors.session_expired, accessErrors.forbidden],
      async handle(ctx, { request, reply }) {
        assertSameSite(request);
        const refreshToken = request.cookies[COOKIE];
        if (!refreshToken) throw authErrors.session_expired();
        const session = await service.refresh(ctx, refreshToken);
        setCookie(request, reply, session);
        return { ...accessToken(ctx, session), must_change_password: session.mustChangePassword };
      },
    }),
    route({
      method: 'POST',
      path: '/auth/logout',
      access: 'signed-in',
      allowPasswordChange: true,
      summary: 'Sign out',
      description: 'Ends the session: its access token is refused from the next request on.',
      message: text('已退出登录', 'Signed out'),
      async handle(ctx, { request, reply }) {
        await service.signOut(ctx, request.cookies[COOKIE]);
        reply.clearCookie(COOKIE, { path: COOKIE_PATH });
      },
    }),
  ];
}

function setCookie(request: FastifyRequest, reply: FastifyReply, session: OpenedSession): void {
  reply.header('cache-control', 'no-store').setCookie(COOKIE, session.refreshToken, {
    path: COOKIE_PATH,
    httpOnly: true,
    sameSite: 'strict',
    secure: request.protocol === 'https',
    expires: session.expiresAt,
  });
}

/** Browsers say where a request comes from; a cookie sent from another site is not taken (Fetch Metadata). */
function assertSameSite(request: FastifyRequest): void {
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none')
    throw accessErrors.forbidden({ permission: 'same-origin' });
}
