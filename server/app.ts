import cookie from '@fastify/cookie';
import cors from '@fastify/cors';
import rateLimit from '@fastify/rate-limit';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import type { Config } from '#config';
import { AccessCache, type Forgotten } from '#core/access-cache.ts';
import { addressGroup, blockListOf } from '#core/address.ts';
import { type Archive, noArchive } from '#core/archive.ts';
import { installRefusals } from '#core/audit-requests.ts';
import { type Caches, noCaches } from '#core/cache.ts';
import { permissionCatalogue } from '#core/catalogue.ts';
import { installConsole } from '#core/console.ts';
import { systemContext } from '#core/context.ts';
import type { Counters } from '#core/counters.ts';
import type { Environment, Log } from '#core/environment.ts';
import { requestErrors } from '#core/errors.ts';
import { gatherListeners } from '#core/events.ts';
import type { Feature } from '#core/feature.ts';
import { installSecurityHeaders } from '#core/headers.ts';
import { type Dependency, installHealth } from '#core/health.ts';
import { installErrorHandler, registerRoutes } from '#core/http.ts';
import type { LevelChange, LogLevels } from '#core/log-levels.ts';
import { type Mailer, noMail } from '#core/mail.ts';
import { Metrics } from '#core/metrics.ts';
import { installMetrics } from '#core/metrics-route.ts';
import { installDocuments } from '#core/openapi.ts';
import { ProcessStats } from '#core/process-stats.ts';
import { sharedRates } from '#core/rates.ts';
import { checkedRegistry, type Registry } from '#core/registry.ts';
import { installRequestLog } from '#core/request-log.ts';
import { RequestRecords } from '#core/request-records.ts';
import { RequestStats } from '#core/request-stats.ts';
import { installWriteBehind, Seen } from '#core/seen.ts';
import { createServer, installSchemas } from '#core/server.ts';
import { Signals } from '#core/signals.ts';
import { Streams } from '#core/streams.ts';
import type { Dispatcher, TaskEngine } from '#core/task.ts';
import { taskEngine } from '#core/task-engine.ts';
import { noTracing, type Tracing } from '#core/tracing.ts';
import { type Bus, silentBus } from '#extensions/bus.ts';
import { openCaches } from '#extensions/cache.ts';
import { memoryCounters } from '#extensions/counters-memory.ts';
import type { Database } from '#extensions/database/index.ts';
import { translateDatabaseError } from '#extensions/database/translate-error.ts';
import { recordUsedKeys } from '#modules/api-key/api-key.service.ts';
import { installGuard } from '#modules/auth/guard.ts';
import { installKeySet } from '#modules/auth/key-set.ts';
import { accessTokens } from '#modules/auth/token.ts';
import { EventFeed } from '#modules/event/feed.service.ts';
import { features } from '#modules/index.ts';
import { storeRequests } from '#modules/request-log/request-log.service.ts';
import { recordSeenSessions } from '#modules/session/session.service.ts';
import { watchProgram } from './watch.ts';

/** How old the request log is at most; what a killed process forgets of it. */
const REQUESTS_WRITTEN_EVERY_MS = 3000;

export interface AppDependencies {
  readonly config: Config;
  readonly database: Database;
  readonly log: Log & { readonly logger: FastifyBaseLogger };
  /** How the instances tell each other what changed; left out for a single one. */
  readonly bus?: Bus;
  /** Hands out tasks; left out, workers take them from the database. */
  readonly dispatcher?: Dispatcher | null;
  /** Where attempts are counted; left out for the memory of this process. */
  readonly counters?: Counters;
  /** Where it is counted what the database does; left out for a new one. */
  readonly metrics?: Metrics;
  /** Left out for none. */
  readonly tracing?: Tracing;
  /** Where old logs go; left out for nowhere. */
  readonly archive?: Archive;
  /** How mail is sent; left out to send none. */
  readonly mailer?: Mailer;
  /** Features without tables that come after those of the program, for whoever starts it in their own way. */
  readonly moreFeatures?: readonly Feature[];
  /** Where the console was built; left out to serve none. */
  readonly consoleFolder?: string | null;
  /** Fail on every answer that differs from its schema; for tests. */
  readonly checkResponses?: boolean;
  readonly now?: () => Date;
}

interface EnvironmentOptions {
  readonly registry?: Registry;
  readonly now?: (() => Date) | undefined;
  readonly engineFor?: (signals: Signals) => TaskEngine;
  readonly counters?: Counters | undefined;
  readonly mailer?: Mailer | undefined;
  readonly archive?: Archive | undefined;
  readonly caches?: Caches | undefined;
  readonly metrics?: Metrics | undefined;
  readonly tracing?: Tracing | undefined;
  readonly dependencies?: readonly Dependency[];
}

/** What every context of one process shares. */
export function environmentFor(
  config: Config,
  database: Database,
  log: Log,
  options: EnvironmentOptions = {},
): Environment {
  const { registry = checkedRegistry(features(config, accessTokens(config))), now = () => new Date() } = options;
  const { engineFor = (signals: Signals) => taskEngine(signals, null) } = options;
  const signals = new Signals();
  return {
    kysely: database.kysely,
    dialect: database.dialect,
    entities: registry.entities,
    access: new AccessCache(),
    catalogue: permissionCatalogue(registry.features),
    settings: config,
    requests: new RequestStats(() => now().getTime()),
    process: new ProcessStats(now),
    caches: options.caches ?? noCaches,
    cacheSpecs: registry.features.flatMap((feature) => feature.caches ?? []),
    metrics: options.metrics ?? new Metrics(),
    tracing: options.tracing ?? noTracing,
    dependencies: options.dependencies ?? [],
    seenSessions: new Seen(),
    usedKeys: new Seen(),
    requestRecords: new RequestRecords({
      percent: config.REQUEST_LOG_PERCENT,
      slowMs: config.SLOW_REQUEST_MS,
      now,
    }),
    listeners: gatherListeners(registry.features.map(({ listeners }) => listeners)),
    companions: gatherListeners(registry.features.map(({ companions }) => companions)),
    counters: options.counters ?? memoryCounters(),
    mailer: options.mailer ?? noMail,
    archive: options.archive ?? noArchive,
    now,
    log,
    signals,
    streams: new Streams(),
    handlers: registry.handlers,
    builtInJobs: registry.jobs,
    restorers: registry.restorers,
    taskEngine: engineFor(signals),
  };
}

/** Puts the program together. Opens nothing and listens on nothing: `start.ts` and the tests do. */
export async function buildApp(
  dependencies: AppDependencies,
): Promise<{ app: FastifyInstance; environment: Environment; drain: () => void }> {
  const { config, database, log, bus = silentBus, consoleFolder = null, checkResponses = false } = dependencies;
  const { archive = noArchive } = dependencies;
  const { logger, levels } = log;
  const tokens = accessTokens(config);
  const registry = checkedRegistry([...features(config, tokens), ...(dependencies.moreFeatures ?? [])]);
  const caches = await openCaches({
    specs: registry.features.flatMap((feature) => feature.caches ?? []),
    redisUrl: config.REDIS_URL,
    prefix: config.REDIS_PREFIX,
    bus,
    log: levels.logger('cache'),
  });
  const environment = environmentFor(config, database, log, {
    registry,
    now: dependencies.now,
    engineFor: (signals) => taskEngine(signals, dependencies.dispatcher ?? null, levels.logger('task')),
    counters: dependencies.counters,
    mailer: dependencies.mailer,
    archive,
    caches,
    metrics: dependencies.metrics,
    tracing: dependencies.tracing,
    dependencies: [
      { name: 'database', check: () => database.ping(), version: () => database.version() },
      ...(config.REDIS_URL
        ? [{ name: 'redis', optional: true, check: () => bus.check(), version: () => bus.version() }]
        : []),
      ...(archive.isOn
        ? [{ name: 'mongodb', optional: true, check: () => archive.check(), version: () => archive.version() }]
        : []),
    ],
  });
  const { metrics, tracing } = environment;
  shareLevels(levels, environment.signals);
  levels.know(['http', ...registry.features.map(({ name }) => name)]);
  shareAccess(environment.access, bus);
  shareSignals(environment.signals, bus);

  const app = createServer({
    logger,
    levels,
    tracing,
    bodyLimit: config.BODY_LIMIT_BYTES,
    requestTimeoutMs: config.REQUEST_TIMEOUT_MS,
    trustedProxies: config.TRUSTED_PROXIES,
    trusted: blockListOf(config.TRUSTED_PROXIES),
    defaultLocale: config.DEFAULT_LOCALE,
    checkResponses,
  });
  installSecurityHeaders(app);
  const { requests, requestRecords: records } = environment;
  installRequestLog(app, { requests, metrics, levels, records, slowMs: config.SLOW_REQUEST_MS });
  watchProcess(app, environment.process);
  installErrorHandler(app, {
    debug: config.DEBUG === true,
    fallbackLocale: config.DEFAULT_LOCALE,
    translateUnknown: (error) => translateDatabaseError(error, registry),
    onRefused: (code) => metrics.refusals.add(code),
  });
  installRefusals(app);
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
    store: sharedRates(environment.counters),
    keyGenerator: (request) => addressGroup(request.ctx.caller.address),
    errorResponseBuilder: (_request, { ttl }) =>
      requestErrors.too_many({ seconds: Math.max(1, Math.ceil(ttl / 1000)) }),
  });
  installGuard(app, environment, tokens, config.DEFAULT_LOCALE);
  const system = systemContext(environment, logger);
  installWriteBehind(app, app.log, async () => {
    await environment.seenSessions.writeBy((ids) => recordSeenSessions(system, ids));
    await environment.usedKeys.writeBy((ids) => recordUsedKeys(system, ids));
  });
  if (records.isOn) {
    const write = () => records.writeBy((some) => storeRequests(system, some));
    records.writesEarlyBy(installWriteBehind(app, app.log, write, REQUESTS_WRITTEN_EVERY_MS));
  }

  const feed = new EventFeed(system);
  app.addHook('onReady', (done) => {
    feed.start();
    done();
  });
  // Before the server waits for open requests to end: a stream would never do so by itself.
  app.addHook('preClose', () => feed.stop());

  const documented = config.DOCS_ENABLED ?? config.APP_ENV !== 'production';
  await installDocuments(app, registry.features, documented);
  const drain = installHealth(app, environment.dependencies);
  installKeySet(app, tokens);
  app.addHook('onClose', () => caches.close());
  watchProgram(metrics, environment, { database, bus });
  installMetrics(app, metrics, config);
  for (const feature of registry.features) registerRoutes(app, feature, tracing);
  installSchemas(app, checkResponses);
  await installConsole(app, consoleFolder);
  return { app, environment, drain };
}

function watchProcess(app: FastifyInstance, process: ProcessStats): void {
  app.addHook('onReady', (done) => {
    process.start();
    done();
  });
  app.addHook('onClose', (_app, done) => {
    process.stop();
    done();
  });
}

/** What one instance forgets of the access snapshot, all of them forget. */
function shareAccess(access: AccessCache, bus: Bus): void {
  access.tellOthersBy((forgotten) => bus.publish('access', forgotten));
  bus.subscribe('access', (forgotten) => access.hear(forgotten as Forgotten));
  access.setHearing(bus.isConnected);
  bus.onConnectionChange((connected) => access.setHearing(connected));
}

/** A level that is changed on one instance is changed on all of them. */
function shareLevels(levels: LogLevels, signals: Signals): void {
  levels.tellOthersBy((change) => signals.emit('log-level', change));
  signals.on('log-level', (change) => levels.hear(change as LevelChange));
}

function shareSignals(signals: Signals, bus: Bus): void {
  signals.tellOthersBy((topic, message) => bus.publish('signal', { topic, message }));
  bus.subscribe('signal', (heard) => {
    const { topic, message } = heard as { topic: string; message: unknown };
    signals.hear(topic, message);
  });
}
