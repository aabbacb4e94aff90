import { join } from 'node:path';
import { startChild } from './child.ts';
import { median, printTable, quantile } from './figures.ts';
import { createInstallation } from './installation.ts';
import { Connection } from './load.ts';

// Twenty people sign in at once: how long do other people's requests wait, against an idle service?
const SIGN_INS = 20;
const ROUNDS = 7;
const IDLE_REQUESTS = 400;

const installation = await createInstallation({
  users: 200,
  settings: { SIGN_IN_RATE_PER_MINUTE: '100000', LOG_LEVEL: 'warn' },
});
const service = await startChild('server/main.ts', installation.environment, join(installation.folder, 'service.log'));
const token = installation.auditors[0]?.token ?? '';
const me = { path: '/api/v1/users/me', token };

try {
  const asking = await Connection.open(service.port);
  for (let warm = 0; warm < 500; warm++) await asking.send(me);
  const idle: number[] = [];
  const busy: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const quiet: number[] = [];
    for (let count = 0; count < IDLE_REQUESTS; count++) quiet.push((await asking.send(me)).milliseconds);
    const signing = await Promise.all(Array.from({ length: SIGN_INS }, () => Connection.open(service.port)));
    let running = true;
    const body = { username: 'admin', password: installation.environment['ADMIN_PASSWORD'] };
    const signedIn = Promise.all(
      signing.map((connection) => connection.send({ method: 'POST', path: '/api/v1/auth/login', token: '', body })),
    ).finally(() => {
      running = false;
    });
    const waiting: number[] = [];
    while (running) waiting.push((await asking.send(me)).milliseconds);
    const failed = (await signedIn).find((answer) => answer.status !== 200);
    if (failed) throw new Error(`a sign-in failed: ${failed.body}`);
    for (const connection of signing) connection.close();
    idle.push(
      quantile(
        quiet.sort((a, b) => a - b),
        0.99,
      ),
    );
    busy.push(
      quantile(
        waiting.sort((a, b) => a - b),
        0.99,
      ),
    );
  }
  asking.close();
  const ratio = median(busy.map((value, round) => value / (idle[round] ?? Number.NaN)));
  printTable(
    ['GET /users/me', 'idle p99 ms', `p99 ms during ${SIGN_INS} sign-ins`, 'ratio'],
    [['median of rounds', median(idle).toFixed(2), median(busy).toFixed(2), ratio.toFixed(2)]],
  );
} finally {
  await service.stop();
  await installation.remove();
}
