import { isIP } from 'node:net';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Actor } from '#core/access.ts';
import { isPermissionCode } from '#core/access.ts';
import { Context, type Environment } from '#core/context.ts';
import { accessErrors } from '#core/errors.ts';
import { type Locale, negotiateLocale } from '#core/i18n.ts';
import { type Authentication, assertSignedIn, authenticate, authenticateFromSnapshot } from './auth.service.ts';
import type { AccessTokens } from './token.ts';

/**
 * Decides about every request before its body is read: who sends it, and whether the route's `access` lets them in.
 * A route without `access` stops the start.
 */
export function installGuard(
  app: FastifyInstance,
  environment: Environment,
  tokens: AccessTokens,
  defaultLocale: Locale,
): void {
  refuseUndecidedRoutes(app);
  app.decorateRequest('ctx', null as never);

  const admit = (request: FastifyRequest, authentication: Authentication) => {
    assertSignedIn(authentication);
    const { actor, sessionId } = authentication;
    request.ctx = contextOf(request, actor, sessionId);
    const { access, allowPasswordChange } = request.routeOptions.config;
    if (actor.mustChangePassword && !allowPasswordChange) throw accessErrors.password_change_required();
    if (access !== 'signed-in' && !actor.permissions.holds(access ?? ''))
      throw accessErrors.forbidden({ permission: access ?? '' });
  };

  const contextOf = (request: FastifyRequest, actor: Actor | null, sessionId: string | null) =>
    new Context(environment, {
      actor,
      sessionId,
      locale: negotiateLocale(request.headers['accept-language'], defaultLocale),
      log: request.log,
      requestId: request.id,
      // A trusted proxy may pass on whatever a client wrote into the header.
      address: isIP(request.ip) ? request.ip : (request.socket.remoteAddress ?? null),
      userAgent: request.headers['user-agent'] ?? null,
    });

  app.addHook('onRequest', (request, _reply, done) => {
    const anonymous = contextOf(request, null, null);
    request.ctx = anonymous;
    if (request.is404 || request.routeOptions.config.access === 'public') return done();
    const bearer = bearerOf(request);
    if (!bearer) return done(accessErrors.unauthenticated());
    const known = authenticateFromSnapshot(anonymous, tokens, bearer);
    if (known === undefined) {
      authenticate(anonymous, tokens, bearer)
        .then((authentication) => admit(request, authentication))
        .then(() => done(), done);
      return;
    }
    try {
      admit(request, known);
    } catch (error) {
      return done(error as Error);
    }
    done();
  });
}

/** RFC 6750 §2.1; a token anywhere else (query, form) is not looked for. */
function bearerOf(request: FastifyRequest): string | null {
  const header = request.headers.authorization;
  return header && /^bearer /i.test(header) ? header.slice(7).trim() : null;
}

function refuseUndecidedRoutes(app: FastifyInstance): void {
  const declared: { method: string | string[]; url: string; config?: { access?: string } }[] = [];
  app.addHook('onRoute', (route) => {
    declared.push(route);
  });
  app.addHook('onReady', (done) => {
    const undecided = declared.filter(({ config }) => {
      const access = config?.access;
      return access !== 'public' && access !== 'signed-in' && !(access && isPermissionCode(access));
    });
    if (undecided.length === 0) return done();
    const names = undecided.map((route) => `${route.method} ${route.url}`).join(', ');
    done(new Error(`These routes do not say who may call them (config.access): ${names}`));
  });
}
