import cookie from '@fastify/cookie';
import cors from '@fastify/cors';
import rateLimit from '@fastify/rate-limit';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import type { Config } from '#config';
import { AccessCache, type Forgotten } from '#core/access-cache.ts';
import { permissionCatalogue } from '#core/catalogue.ts';
import type { Environment } from '#core/context.ts';
import { requestErrors } from '#core/errors.ts';
import { installSecurityHeaders } from '#core/headers.ts';
import { installHealth } from '#core/health.ts';
import { installErrorHandler, registerRoutes } from '#core/http.ts';
import { installDocuments } from '#core/openapi.ts';
import { checkedRegistry, type Registry } from '#core/registry.ts';
import { installRequestLog } from '#core/request-log.ts';
import { createServer, installSchemas } from '#core/server.ts';
import { type Bus, silentBus } from '#extensions/bus.ts';
import type { Database } from '#extensions/database/index.ts';
import { translateDatabaseError } from '#extensions/database/translate-error.ts';
import { installGuard } from '#modules/auth/guard.ts';
import { accessTokens } from '#modules/auth/token.ts';
import { features } from '#modules/index.ts';
import { blockListOf } from './config.rules.ts';

export interface AppDependencies {
  readonly config: Config;
  readonly database: Database;
  readonly logger: FastifyBaseLogger;
  /** How the instances tell each other what changed; left out for a single one. */
  readonly bus?: Bus;
  /** Fail on every answer that differs from its schema; for tests. */
  readonly checkResponses?: boolean;
  readonly now?: () => Date;
}

/** What every context of one process shares. */
export function environmentFor(
  config: Config,
  database: Database,
  registry: Registry = checkedRegistry(features(config, accessTokens(config))),
  now = () => new Date(),
): Environment {
  return {
    kysely: database.kysely,
    dialect: database.dialect,
    entities: registry.entities,
    access: new AccessCache(),
    catalogue: permissionCatalogue(registry.features),
    settings: config,
    now,
  };
}

/** Puts the program together. Opens nothing and listens on nothing: `main.ts` and the tests do. */
export async function buildApp(
  dependencies: AppDependencies,
): Promise<{ app: FastifyInstance; environment: Environment }> {
  const { config, database, logger, bus = silentBus, checkResponses = false } = dependencies;
  const tokens = accessTokens(config);
  const registry = checkedRegistry(features(config, tokens));
  const environment = environmentFor(config, database, registry, dependencies.now);
  shareAccess(environment.access, bus);

  const app = createServer({
    logger,
    bodyLimit: config.BODY_LIMIT_BYTES,
    requestTimeoutMs: config.REQUEST_TIMEOUT_MS,
    trustedProxies: config.TRUSTED_PROXIES,
    trusted: blockListOf(config.TRUSTED_PROXIES),
    defaultLocale: config.DEFAULT_LOCALE,
    checkResponses,
  });
  installSecurityHeaders(app);
  installRequestLog(app);
  installErrorHandler(app, {
    debug: config.DEBUG === true,
    fallbackLocale: config.DEFAULT_LOCALE,
    translateUnknown: (error) => translateDatabaseError(error, registry),
  });
  if (config.CORS_ORIGINS.length > 0) {
    await app.register(cors, {
      origin: config.CORS_ORIGINS.includes('*') ? true : [...config.CORS_ORIGINS],
      credentials: config.CORS_CREDENTIALS === true,
      methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    });
  }
  await app.register(cookie);
  await app.register(rateLimit, {
    global: false,
    errorResponseBuilder: (_request, { ttl }) =>
      requestErrors.too_many({ seconds: Math.max(1, Math.ceil(ttl / 1000)) }),
  });
  installGuard(app, environment, tokens, config.DEFAULT_LOCALE);

  const documented = config.DOCS_ENABLED ?? config.APP_ENV !== 'production';
  await installDocuments(app, registry.features, documented);
  installHealth(app, [
    { name: 'database', check: () => database.ping() },
    ...(config.REDIS_URL ? [{ name: 'redis', optional: true, check: () => bus.check() }] : []),
  ]);
  for (const feature of registry.features) registerRoutes(app, feature);
  installSchemas(app, checkResponses);
  return { app, environment };
}

/** What one instance forgets of the access snapshot, all of them forget. */
function shareAccess(access: AccessCache, bus: Bus): void {
  access.tellOthersBy((forgotten) => bus.publish('access', forgotten));
  bus.subscribe('access', (forgotten) => access.hear(forgotten as Forgotten));
  access.setHearing(bus.isConnected);
  bus.onConnectionChange((connected) => access.setHearing(connected));
}
