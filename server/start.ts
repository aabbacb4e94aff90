import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { type Config, fromRoot } from '#config';
import type { Archive } from '#core/archive.ts';
import { warmCaches } from '#core/cache.ts';
import { systemContext } from '#core/context.ts';
import type { Feature } from '#core/feature.ts';
import { programVersion } from '#core/instance.ts';
import { Metrics } from '#core/metrics.ts';
import type { Dispatcher } from '#core/task.ts';
import type { Tracing } from '#core/tracing.ts';
import { type ArchiveOptions, openArchive } from '#extensions/archive.ts';
import { openBus } from '#extensions/bus.ts';
import { openCounters } from '#extensions/counters.ts';
import { type Database, type DatabaseOptions, openDatabase } from '#extensions/database/index.ts';
import { migrateUp } from '#extensions/database/migrations.ts';
import { observeStatements } from '#extensions/database/observe.ts';
import { redactDatabaseUrl } from '#extensions/database/url.ts';
import { type LogOptions, openLog } from '#extensions/log.ts';
import { openMail } from '#extensions/mail.ts';
import { openTracing, type TracingOptions } from '#extensions/tracing.ts';
import { entities } from '#modules/index.ts';
import { addBuiltInJobs } from '#modules/job/built-in.service.ts';
import { buildApp } from './app.ts';
import { type FirstStart, prepareData } from './scripts/seed/seeds.ts';
import { startWork } from './work.ts';

/** The part of the settings that says how to reach the database; a relative SQLite file is taken from the root of the project. */
export function databaseOptions(config: Config): DatabaseOptions {
  const relative = /^sqlite(?:\+\w+)?:(?:\/\/\/)?(\.{0,2}\/?[^/:].*)$/.exec(config.DATABASE_URL);
  return {
    url: relative?.[1] ? `sqlite:${fromRoot(relative[1])}` : config.DATABASE_URL,
    ...(config.DATABASE_PASSWORD && { password: config.DATABASE_PASSWORD }),
    poolMin: config.DATABASE_POOL_MIN,
    poolMax: config.DATABASE_POOL_MAX,
    acquireTimeoutMs: config.DATABASE_TIMEOUT_MS,
  };
}

/** The part of the settings that says where traces go. */
export function tracingOptions(config: Config): TracingOptions {
  return {
    endpoint: config.OTEL_EXPORTER_OTLP_ENDPOINT,
    headers: config.OTEL_EXPORTER_OTLP_HEADERS,
    serviceName: config.OTEL_SERVICE_NAME,
    serviceVersion: programVersion,
    percent: config.TRACES_PERCENT,
  };
}

/** The part of the settings that says where old logs go. */
export function archiveOptions(config: Config, log: FastifyBaseLogger): ArchiveOptions {
  return { url: config.MONGODB_URL, days: config.ARCHIVE_DAYS, log };
}

/** The part of the settings that says what is logged, and where to. */
export function logOptions(config: Config): LogOptions {
  return {
    level: config.LOG_LEVEL,
    modules: config.LOG_LEVELS,
    pretty: config.LOG_PRETTY ?? process.stdout.isTTY === true,
    ...(config.LOG_DIR && {
      files: {
        folder: fromRoot(config.LOG_DIR),
        maxBytes: config.LOG_FILE_MB * 2 ** 20,
        keepDays: config.LOG_FILE_DAYS,
        keepFiles: config.LOG_FILES,
      },
    }),
  };
}

/** What closing takes once nothing is open any more: what waits in memory is written, tasks go back, the log is written out. */
const CLOSING_MS = 10_000;

/** A service that listens; `stop` lets open requests finish, then closes everything. */
export interface Started {
  readonly app: FastifyInstance;
  readonly url: string;
  readonly firstStart: FirstStart;
  /** `stop` has ended by then, unless something hangs that nothing ends. */
  readonly stopsWithinMs: number;
  stop(): Promise<void>;
}

/** Why the service could not start, in one line for the person who started it. */
export class StartError extends Error {}

/** Opens the database, migrates and seeds it, and listens. Throws StartError with one clear message; leaves nothing open then. */
export async function start(config: Config, moreFeatures: readonly Feature[] = []): Promise<Started> {
  // What was opened, closed in the opposite order.
  const opened = new AsyncDisposableStack();
  const open = <T extends { close(): Promise<void> }>(extension: T) =>
    opened.adopt(extension, (extension) => extension.close());
  try {
    const log = open(openLog(logOptions(config)));
    const { logger, levels } = log;
    const metrics = new Metrics();
    const tracing = open(await openTracing(tracingOptions(config)));
    const database = open(await openStore(config, levels.logger('database'), metrics, tracing));
    const archive = open(await openOldLogs(config, levels.logger('archive')));
    const bus = open(openBus(config.REDIS_URL, config.REDIS_PREFIX, levels.logger('redis')));
    const mailer = open(
      openMail({
        smtpUrl: config.SMTP_URL,
        from: config.MAIL_FROM,
        folder: mailFolder(config),
        log: levels.logger('mail'),
      }),
    );
    const counters = open(openCounters(config.REDIS_URL, config.REDIS_PREFIX, levels.logger('redis')));
    const dispatcher = await openDispatcher(config, levels.logger('task'));
    if (dispatcher) open(dispatcher);
    await reach(database, config);
    const { applied } = await migrateUp(database);
    if (applied.length > 0) logger.info({ applied }, 'database migrated');
    const { app, environment, drain } = await buildApp({
      moreFeatures,
      config,
      database,
      log,
      metrics,
      tracing,
      bus,
      counters,
      mailer,
      archive,
      dispatcher,
      consoleFolder: fromRoot('web/dist'),
    });
    opened.defer(() => app.close());
    const system = systemContext(environment, logger);
    const firstStart = await prepareData(system);
    await addBuiltInJobs(system);
    await warmCaches(system, system.cacheSpecs);
    await listen(app, config);
    const work = await startWork(system, config, dispatcher);
    const { port } = app.server.address() as AddressInfo;
    const host = ['0.0.0.0', '::'].includes(config.HOST) ? 'localhost' : config.HOST;
    const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
    return {
      app,
      url,
      firstStart,
      stopsWithinMs: config.SHUTDOWN_DELAY_MS + config.SHUTDOWN_TIMEOUT_MS + CLOSING_MS,
      async stop() {
        // Whoever sends requests here sees first that it should not, and then that it cannot.
        drain();
        await sleep(config.SHUTDOWN_DELAY_MS);
        await Promise.all([closeApp(app, config.SHUTDOWN_TIMEOUT_MS), work.stop(config.SHUTDOWN_TIMEOUT_MS)]);
        await opened.disposeAsync();
      },
    };
  } catch (error) {
    // Why it could not start matters more than what could not be closed.
    await opened.disposeAsync().catch(() => undefined);
    throw error;
  }
}

/** Lets open requests finish for so long. Cuts again what has come after the first cut: a connection that was just being taken, for one. */
async function closeApp(app: FastifyInstance, timeoutMs: number): Promise<void> {
  const cut = setInterval(() => {
    app.log.warn('open requests did not finish in time and are cut');
    app.server.closeAllConnections();
  }, timeoutMs);
  try {
    await app.close();
  } finally {
    clearInterval(cut);
  }
}

async function openStore(
  config: Config,
  log: FastifyBaseLogger,
  metrics: Metrics,
  tracing: Tracing,
): Promise<Database> {
  const onStatement = observeStatements({ log, slowMs: config.SLOW_QUERY_MS, metrics, tracing });
  try {
    return await openDatabase({ ...databaseOptions(config), onStatement }, entities);
  } catch (error) {
    throw new StartError(`DATABASE_URL: ${(error as Error).message}`);
  }
}

async function openOldLogs(config: Config, log: FastifyBaseLogger): Promise<Archive> {
  try {
    return await openArchive(archiveOptions(config, log));
  } catch (error) {
    throw new StartError(`MONGODB_URL ${(error as Error).message}`);
  }
}

/** BullMQ is loaded only where there is a Redis. */
async function openDispatcher(config: Config, log: FastifyBaseLogger): Promise<Dispatcher | null> {
  if (!config.REDIS_URL) return null;
  const { openQueue } = await import('#extensions/queue.ts');
  return openQueue({ redisUrl: config.REDIS_URL, prefix: config.REDIS_PREFIX, log });
}

/** Without a mail server a developer finds the messages in a folder; production sends none. */
function mailFolder(config: Config): string | null {
  return config.APP_ENV === 'production' ? null : fromRoot(join(config.DATA_DIR, 'mail'));
}

async function reach(database: Database, config: Config): Promise<void> {
  try {
    await database.ping();
  } catch (error) {
    throw new StartError(
      `The database ${redactDatabaseUrl(config.DATABASE_URL)} does not answer: ${(error as Error).message}`,
    );
  }
}

async function listen(app: FastifyInstance, config: Config): Promise<void> {
  try {
    await app.listen({
      host: config.HOST,
      port: config.PORT,
      listenTextResolver: (address) => `listening at ${address}`,
    });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE')
      throw new StartError(
        `Port ${config.PORT} on ${config.HOST} is taken; set PORT to another one or stop what uses it`,
      );
    if (code === 'EACCES') throw new StartError(`Port ${config.PORT} needs more rights; set PORT above 1023`);
    if (code === 'EADDRNOTAVAIL') throw new StartError(`HOST ${config.HOST} is not an address of this machine`);
    throw error;
  }
}
