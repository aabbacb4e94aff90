import { loadConfig } from '#config';
import { systemContext } from '#core/context.ts';
import { openDatabase } from '#extensions/database/index.ts';
import { openLog } from '#extensions/log.ts';
import { entities } from '#modules/index.ts';
import { environmentFor } from '../app.ts';
import { databaseOptions } from '../start.ts';
import { prepareData } from './seed/seeds.ts';

// `npm run seed`: what the first start does by itself, for installations that migrate and seed in a step of their own.
const config = loadConfig();
const database = await openDatabase(databaseOptions(config), entities);
try {
  const log = openLog({ level: config.LOG_LEVEL, pretty: true });
  const { adminPassword, passwordIsRandom } = await prepareData(
    systemContext(environmentFor(config, database, log), log.logger),
  );
  if (adminPassword)
    console.log(passwordIsRandom ? `First password of admin: ${adminPassword}` : 'The administrator was created.');
  else console.log('Nothing to do: every set of seed data has run.');
} finally {
  await database.close();
}
