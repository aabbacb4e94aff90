import { isIP } from 'node:net';
import type { FastifyContextConfig, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isPermissionCode } from '#core/access.ts';
import { Context } from '#core/context.ts';
import type { Environment } from '#core/environment.ts';
import { accessErrors, requestErrors } from '#core/errors.ts';
import { isOpenToKeys } from '#core/feature.ts';
import { type Locale, negotiateLocale, type Text, text } from '#core/i18n.ts';
import { RequestLogger } from '#core/request-logger.ts';
import { countKeyRequest } from '../api-key/key-check.service.ts';
import { lacksFactor } from './auth.service.ts';
import {
  type Authenticated,
  type Authentication,
  authenticate,
  authenticateFromSnapshot,
  refusalOf,
} from './bearer.service.ts';
import type { AccessTokens } from './token.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Whether the session's last proof is too old for a dangerous request. */
    asksForProof: boolean;
  }
}

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
  app.decorateRequest('asksForProof', false);

  /** Gives the request its context. Answers with what keeps it from going on, or with nothing. */
  const admit = (
    request: FastifyRequest,
    { access = '', allowPasswordChange, allowEnrolment, route }: FastifyContextConfig,
    authentication: Authentication,
  ): Error | undefined => {
    if (typeof authentication === 'string') {
      request.ctx = contextOf(request, null);
      return refusalOf(authentication);
    }
    const { actor, sessionId, provenAt, viewer, apiKey } = authentication;
    request.ctx = contextOf(request, authentication);
    if (sessionId !== null) environment.seenSessions.add(sessionId);
    if (apiKey) environment.usedKeys.add(apiKey.id);
    if (apiKey && !(route && isOpenToKeys(route))) return accessErrors.session_required();
    if (viewer && request.method !== 'GET' && !route?.allowViewing) return accessErrors.read_only();
    // Whoever looks on is not asked for what the other has yet to do.
    if (actor.mustChangePassword && !allowPasswordChange && !viewer) return accessErrors.password_change_required();
    if (lacksFactor(actor) && !allowEnrolment && !viewer) return accessErrors.second_factor_required();
    if (access !== 'signed-in' && !actor.permissions.holds(access))
      return accessErrors.forbidden({ permission: access });
    if (!route?.stepUp || isFresh(environment, provenAt)) return undefined;
    if (route.stepUp === true) return stepUpRequired(request.ctx);
    request.asksForProof = true;
    return undefined;
  };

  const contextOf = (request: FastifyRequest, by: Authenticated | null) => {
    // What a service logs names the caller, who is known from here on.
    if (by && request.log instanceof RequestLogger) request.log.about(request);
    return new Context(environment, {
      actor: by?.actor ?? null,
      sessionId: by?.sessionId ?? null,
      apiKey: by?.apiKey ? { id: by.apiKey.id, name: by.apiKey.name } : null,
      viewer: by?.viewer ? { userId: by.viewer.userId, username: by.viewer.username } : null,
      locale: negotiateLocale(request.headers['accept-language'], defaultLocale),
      log: request.log,
      requestId: request.id,
      traceId: request.trace.traceId,
      address: addressOf(request),
      userAgent: request.headers['user-agent'] ?? null,
    });
  };

  /** Lets a request go on or refuses it; a key for machines has its requests counted. */
  const conclude = async (request: FastifyRequest, reply: FastifyReply, authentication: Authentication) => {
    const refusal = admit(request, request.routeOptions.config, authentication);
    const apiKey = typeof authentication === 'string' ? null : authentication.apiKey;
    const seconds = apiKey ? await countKeyRequest(environment.counters, apiKey) : 0;
    if (seconds === 0) return refusal;
    reply.header('retry-after', seconds);
    return requestErrors.too_many({ seconds });
  };

  app.addHook('onRequest', (request, reply, done) => {
    const { config } = request.routeOptions;
    if (request.is404 || config.access === 'public') {
      request.ctx = contextOf(request, null);
      return done();
    }
    const bearer = bearerOf(request);
    const known = bearer
      ? authenticateFromSnapshot(environment.access, tokens, bearer, environment.now(), addressOf(request))
      : 'nobody';
    // Whoever has been here before is decided about without a query and, unless it is a machine, without a promise.
    if (known !== undefined && (typeof known === 'string' || !known.apiKey)) return done(admit(request, config, known));
    if (known !== undefined) {
      conclude(request, reply, known).then(done, done);
      return;
    }
    const anonymous = contextOf(request, null);
    request.ctx = anonymous;
    authenticate(anonymous, tokens, bearer ?? '', addressOf(request))
      .then((authentication) => conclude(request, reply, authentication))
      .then(done, done);
  });

  // Whether a request is dangerous may depend on what it says.
  app.addHook('preHandler', (request, _reply, done) => {
    if (!request.asksForProof) return done();
    const { route } = request.routeOptions.config;
    const isDangerous =
      typeof route?.stepUp !== 'function' || route.stepUp({ body: request.body, query: request.query });
    done(isDangerous ? stepUpRequired(request.ctx) : undefined);
  });
}

const isFresh = ({ settings, now }: Environment, provenAt: number) =>
  now().getTime() - provenAt < settings.STEP_UP_MINUTES * 60_000;

const WAYS: Readonly<Record<'password' | 'totp' | 'passkey' | 'recovery-code', Text>> = {
  password: text('密码', 'password'),
  totp: text('身份验证器', 'authenticator app'),
  passkey: text('通行密钥', 'passkey'),
  'recovery-code': text('恢复代码', 'recovery code'),
};

/** The details name what `POST /auth/step-up` takes from this user: the password, unless there is something better. */
function stepUpRequired({ actor: { secondFactors }, caller }: Context): Error {
  if (caller.apiKey) return accessErrors.session_required();
  const ways = secondFactors.length > 0 ? [...secondFactors, 'recovery-code' as const] : ['password' as const];
  return accessErrors.step_up_required().at(...ways.map((path) => ({ path, message: WAYS[path] })));
}

/** A trusted proxy may pass on whatever a client wrote into the header. */
const addressOf = (request: FastifyRequest) => (isIP(request.ip) ? request.ip : (request.socket.remoteAddress ?? null));

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
