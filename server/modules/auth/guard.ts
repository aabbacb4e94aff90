import { isIP } from 'node:net';
import type { FastifyContextConfig, FastifyInstance, FastifyRequest } from 'fastify';
import type { Actor } from '#core/access.ts';
import { isPermissionCode } from '#core/access.ts';
import { Context, type Environment } from '#core/context.ts';
import { accessErrors } from '#core/errors.ts';
import { type Locale, negotiateLocale } from '#core/i18n.ts';
import { type Authentication, authenticate, authenticateFromSnapshot, refusalOf } from './auth.service.ts';
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

  /** Gives the request its context. Answers with what keeps it from going on, or with nothing. */
  const admit = (
    request: FastifyRequest,
    { access = '', allowPasswordChange }: FastifyContextConfig,
    authentication: Authentication,
  ): Error | undefined => {
    if (typeof authentication === 'string') {
      request.ctx = contextOf(request, null, null);
      return refusalOf(authentication);
    }
    const { actor, sessionId } = authentication;
    request.ctx = contextOf(request, actor, sessionId);
    if (actor.mustChangePassword && !allowPasswordChange) return accessErrors.password_change_required();
    if (access !== 'signed-in' && !actor.permissions.holds(access))
      return accessErrors.forbidden({ permission: access });
    return undefined;
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
    const { config } = request.routeOptions;
    if (request.is404 || config.access === 'public') {
      request.ctx = contextOf(request, null, null);
      return done();
    }
    const bearer = bearerOf(request);
    const known = bearer ? authenticateFromSnapshot(environment.access, tokens, bearer) : 'nobody';
    // Whoever has been here before is decided about without a query and without a promise.
    if (known !== undefined) return done(admit(request, config, known));
    const anonymous = contextOf(request, null, null);
    request.ctx = anonymous;
    authenticate(anonymous, tokens, bearer ?? '')
      .then((authentication) => admit(request, config, authentication))
      .then((refusal) => done(refusal), done);
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
