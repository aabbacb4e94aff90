import { ConfigError, loadConfig } from '#config';
import { MigrationError } from '#extensions/database/migration-error.ts';
import { StartError, type Started, start } from './start.ts';

const started = await begin();
announce(started);
for (const event of ['uncaughtException', 'unhandledRejection'] as const)
  process.on(event, (error) => fail(started, error));

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => end(started));

async function begin(): Promise<Started> {
  try {
    return await start(loadConfig());
  } catch (error) {
    const expected = [ConfigError, StartError, MigrationError].some((kind) => error instanceof kind);
    console.error(expected ? (error as Error).message : error);
    process.exit(1);
  }
}

function announce({ url, firstStart, app }: Started): void {
  const lines = ['', `  Fastify Vue3 Admin  ${url}`];
  if (app.hasRoute({ method: 'GET', url: '/openapi.json' }))
    lines.push(`  Documents           ${url}/docs  ${url}/redoc`);
  if (firstStart.adminPassword) {
    lines.push(`  Administrator       admin / ${firstStart.adminPassword}`);
    lines.push(
      firstStart.passwordIsRandom
        ? '                      shown this once; it must be changed at the first sign-in'
        : '                      set ADMIN_PASSWORD before the first start to choose it',
    );
  }
  console.log(`${lines.join('\n')}\n`);
}

let hasFailed = false;

/** Nobody knows what state the process is in, so it goes: says why, lets open requests finish, and ends with a code of failure. */
async function fail(started: Started, error: unknown): Promise<void> {
  started.app.log.fatal({ err: error }, 'an error that nobody handled ends the process');
  // Another one on the way out.
  if (hasFailed) process.exit(1);
  hasFailed = true;
  process.exitCode = 1;
  endAnyway(started);
  await started.stop().catch(() => undefined);
  process.exit(1);
}

/** Lets open requests finish, then goes. */
async function end(started: Started): Promise<void> {
  endAnyway(started);
  await started.stop();
  process.exit(0);
}

/** Where the way out leads nowhere: something hangs that cutting connections does not end. */
function endAnyway({ app, stopsWithinMs }: Started): void {
  setTimeout(() => {
    app.log.fatal('the process did not come to its end in time and is ended');
    process.exit(1);
  }, stopsWithinMs).unref();
}
