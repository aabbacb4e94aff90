import type { Config } from '#config';
import { type Context, systemContext } from '#core/context.ts';
import { openDatabase } from '#extensions/database/index.ts';
import { openLog } from '#extensions/log.ts';
import { openQueue } from '#extensions/queue.ts';
import { entities } from '#modules/index.ts';
import { buildApp } from '../../app.ts';
import { databaseOptions } from '../../start.ts';
import { clusterFeature } from './feature.ts';

/** The program without its port and its workers: it queues and looks. */
export interface Program {
  readonly ctx: Context;
  close(): Promise<void>;
}

/** Opens the program on a database that is migrated; what it completes it writes into the file. */
export async function openProgram(config: Config, file: string): Promise<Program> {
  const log = openLog({ level: 'silent', pretty: false });
  const database = await openDatabase(databaseOptions(config), entities);
  const { REDIS_URL: redisUrl, REDIS_PREFIX: prefix } = config;
  const dispatcher = redisUrl ? openQueue({ redisUrl, prefix, log: log.logger }) : null;
  const { app, environment } = await buildApp({
    config,
    database,
    log,
    dispatcher,
    moreFeatures: [clusterFeature(file)],
  });
  await app.ready();
  return {
    ctx: systemContext(environment, log.logger),
    async close() {
      await app.close();
      await dispatcher?.close();
      await database.close();
    },
  };
}
