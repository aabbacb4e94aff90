import { join } from 'node:path';
import { startChild } from './child.ts';
import { median, printTable, quantile } from './figures.ts';
import { createInstallation } from './installation.ts';
import { Connection, type LoadRequest } from './load.ts';

// Twenty people sign in at once: how long do other people's requests wait, against an idle service?
const SIGN_INS = 20;
const ROUNDS = 11;
/** About as many as are answered during twenty sign-ins. */
const IDLE_REQUESTS = 1000;
/** `correct horse battery`, hashed with bcrypt at cost 10 as older systems did: verified, then hashed anew with argon2id. */
const OLD_PASSWORD = 'correct horse battery';
const OLD_HASH = '$2y$10$yIgTKr7kGyQ7o7Y9mULWwehSZHO9mbd9.iyH.Sk2XJLWs9j2/Fwra';

const installation = await createInstallation({
  users: 200,
  settings: { SIGN_IN_RATE_PER_MINUTE: '100000', LOG_LEVEL: 'warn' },
  prepare: (ctx) =>
    ctx.unscoped('users', 'a measurement prepares its data').insertMany(
      // Each signs in once: after that its hash is a new one.
      Array.from({ length: SIGN_INS * ROUNDS }, (_, index) => ({
        username: `old${index}`,
        email: `old${index}@example.com`,
        hashed_password: OLD_HASH,
      })),
    ),
});
const service = await startChild('server/main.ts', installation.environment, join(installation.folder, 'service.log'));
const me: LoadRequest = { path: '/api/v1/users/me', token: installation.auditors[0]?.token ?? '' };

const p99 = (values: readonly number[]) =>
  quantile(
    [...values].sort((a, b) => a - b),
    0.99,
  );

/** Times of a cheap request, one after the other, for as long as `lasts` says. */
async function timesWhile(asking: Connection, lasts: (count: number) => boolean): Promise<number[]> {
  const times: number[] = [];
  while (lasts(times.length)) times.push((await asking.send(me)).milliseconds);
  return times;
}

async function timesDuringSignIns(asking: Connection, bodies: readonly object[]): Promise<number[]> {
  const connections = await Promise.all(bodies.map(() => Connection.open(service.port)));
  let running = true;
  const signedIn = Promise.all(
    connections.map((connection, index) =>
      connection.send({ method: 'POST', path: '/api/v1/auth/login', token: '', body: bodies[index] }),
    ),
  ).finally(() => {
    running = false;
  });
  const times = await timesWhile(asking, () => running);
  const failed = (await signedIn).find((answer) => answer.status !== 200);
  for (const connection of connections) connection.close();
  if (failed) throw new Error(`a sign-in failed: ${failed.body}`);
  return times;
}

async function compare(asking: Connection, name: string, body: (index: number) => object): Promise<string[]> {
  const idle: number[] = [];
  const busy: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    idle.push(...(await timesWhile(asking, (count) => count < IDLE_REQUESTS)));
    const bodies = Array.from({ length: SIGN_INS }, (_, index) => body(round * SIGN_INS + index));
    busy.push(...(await timesDuringSignIns(asking, bodies)));
  }
  const both = (value: (times: readonly number[]) => number) => [idle, busy].map((times) => value(times).toFixed(2));
  return [name, (p99(busy) / p99(idle)).toFixed(2), ...both(p99), ...both(median), String(busy.length)];
}

try {
  const asking = await Connection.open(service.port);
  await timesWhile(asking, (count) => count < 500);
  const administrator = { username: 'admin', password: installation.environment['ADMIN_PASSWORD'] };
  const rows = [
    await compare(asking, 'argon2id', () => administrator),
    await compare(asking, 'bcrypt, replaced by argon2id', (index) => ({
      username: `old${index}`,
      password: OLD_PASSWORD,
    })),
  ];
  asking.close();
  console.log(`GET /users/me, idle and during ${SIGN_INS} sign-ins at once; all requests of ${ROUNDS} rounds\n`);
  printTable(
    ['stored hash', 'ratio of p99', 'idle p99 ms', 'busy p99 ms', 'idle p50 ms', 'busy p50 ms', 'busy requests'],
    rows,
  );
} finally {
  await service.stop();
  await installation.remove();
}
