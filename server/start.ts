import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { type Config, fromRoot } from '#config';
import { systemContext } from '#core/context.ts';
import { type Bus, openBus } from '#extensions/bus.ts';
import { type Database, type DatabaseOptions, openDatabase } from '#extensions/database/index.ts';
import { migrateUp } from '#extensions/database/migrations.ts';
import { redactDatabaseUrl } from '#extensions/database/url.ts';
import { createLogger } from '#extensions/log.ts';
import { entities } from '#modules/index.ts';
import { buildApp } from './app.ts';
import { type FirstStart, prepareData } from './scripts/seed/seeds.ts';

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

/** A service that listens; `stop` lets open requests finish, then closes everything. */
export interface Started {
  readonly app: FastifyInstance;
  readonly url: string;
  readonly firstStart: FirstStart;
  readonly shutdownTimeoutMs: number;
  stop(): Promise<void>;
}

/** Why the service could not start, in one line for the person who started it. */
export class StartError extends Error {}

/** Opens the database, migrates and seeds it, and listens. Throws StartError with one clear message; leaves nothing open then. */
export async function start(config: Config): Promise<Started> {
  const logger = createLogger({ level: config.LOG_LEVEL, pretty: config.LOG_PRETTY ?? process.stdout.isTTY === true });
  const database = await open(config);
  const bus = openBus(config.REDIS_URL, logger);
  let app: FastifyInstance | undefined;
  try {
    await reach(database, config);
    const { applied } = await migrateUp(database);
    if (applied.length > 0) logger.info({ applied }, 'database migrated');
    const built = await buildApp({ config, database, logger, bus });
    app = built.app;
    const firstStart = await prepareData(systemContext(built.environment, logger));
    await listen(app, config);
    const { port } = app.server.address() as AddressInfo;
    const host = ['0.0.0.0', '::'].includes(config.HOST) ? 'localhost' : config.HOST;
    const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
    return {
      app,
      url,
      firstStart,
      shutdownTimeoutMs: config.SHUTDOWN_TIMEOUT_MS,
      stop: () => stop(built.app, bus, database),
    };
  } catch (error) {
    await app?.close();
    await bus.close();
    await database.close();
    throw error;
  }
}

async function open(config: Config): Promise<Database> {
  try {
    return await openDatabase(databaseOptions(config), entities);
  } catch (error) {
    throw new StartError(`DATABASE_URL: ${(error as Error).message}`);
  }
}

async function stop(app: FastifyInstance, bus: Bus, database: Database): Promise<void> {
  await app.close();
  await bus.close();
  await database.close();
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
