import type {} from '@fastify/cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { accessErrors } from '#core/errors.ts';
import { API_PREFIX } from '#core/http.ts';
import type { OpenedSession } from '../session/session.service.ts';

const COOKIE = 'refresh_token';
const COOKIE_PATH = `${API_PREFIX}/auth`;

/** Gives the browser the refresh token of a session, for the sign-in addresses alone. */
export function setSessionCookie(request: FastifyRequest, reply: FastifyReply, session: OpenedSession): void {
  reply.header('cache-control', 'no-store').setCookie(COOKIE, session.refreshToken, {
    path: COOKIE_PATH,
    httpOnly: true,
    sameSite: 'strict',
    secure: request.protocol === 'https',
    expires: session.expiresAt,
  });
}

export function sessionCookieOf(request: FastifyRequest): string | undefined {
  return request.cookies[COOKIE];
}

export function clearSessionCookie(reply: FastifyReply): void {
  reply.clearCookie(COOKIE, { path: COOKIE_PATH });
}

/** Browsers say where a request comes from; a cookie sent from another site is not taken (Fetch Metadata). Throws `access.forbidden`. */
export function assertSameSite(request: FastifyRequest): void {
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none')
    throw accessErrors.forbidden({ permission: 'same-origin' });
}
