import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Child, startChild } from './child.ts';
import { median, printTable } from './figures.ts';
import { createInstallation } from './installation.ts';
import { type LoadRequest, sendAll } from './load.ts';

// What watching costs: the same read by the same program, once with everything off and once with log lines, files and metrics, in turns.
const { values: options } = parseArgs({
  options: {
    users: { type: 'string', default: '1000' },
    requests: { type: 'string', default: '500' },
    rounds: { type: 'string', default: '25' },
    connections: { type: 'string', default: '8' },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log('--users 1000 --requests 500 (a round) --rounds 25 --connections 8');
  process.exit();
}
/** Requests before the first measured one: by then the code is compiled. */
const WARM_UP = 5000;
const [count, rounds, connections] = [options.requests, options.rounds, options.connections].map(Number) as [
  number,
  number,
  number,
];

const installation = await createInstallation({ users: Number(options.users) });
const { userIds, auditors, environment, folder } = installation;
const request = (index: number): LoadRequest => ({
  path: `/api/v1/users/${userIds[(index * 7919) % userIds.length]}`,
  token: auditors[index % auditors.length]?.token ?? '',
});

async function cost(child: Child): Promise<number> {
  const before = await child.usage();
  await sendAll(child.port, request, count, connections);
  return ((await child.usage()).cpu - before.cpu) / count;
}

const ways = {
  'nothing is logged or counted': {
    script: 'bench/unwatched.ts',
    settings: { LOG_LEVEL: 'silent', SLOW_REQUEST_MS: '0', SLOW_QUERY_MS: '0' },
  },
  'log lines, log files, metrics': {
    script: 'server/main.ts',
    settings: { LOG_LEVEL: 'info', LOG_DIR: join(folder, 'logs'), METRICS_ADDRESSES: '127.0.0.1' },
  },
};
const children: { name: string; child: Child; costs: number[] }[] = [];
try {
  for (const [name, { script, settings }] of Object.entries(ways)) {
    // The first works on the database itself, the second on a copy.
    const file = children.length === 0 ? environment['DATABASE_URL'] : `sqlite:${await installation.copyDatabase()}`;
    const child = await startChild(
      script,
      { ...environment, ...settings, DATABASE_URL: file ?? '' },
      join(folder, `${children.length}.log`),
    );
    children.push({ name, child, costs: [] });
    await sendAll(child.port, request, WARM_UP, connections);
  }
  for (let round = 0; round < rounds; round++) {
    // The order turns, so that neither always runs in the other's wake.
    for (const one of round % 2 === 0 ? children : children.toReversed()) one.costs.push(await cost(one.child));
  }
  const [plain, watched] = children.map(({ costs }) => costs) as [number[], number[]];
  const ratios = watched.map((cost, round) => cost / (plain[round] ?? Number.NaN));
  console.log(
    `read one user; ${rounds} rounds of ${count} requests each over ${connections} connections; Node ${process.version}; medians of rounds\n`,
  );
  printTable(
    ['', 'processor µs per request'],
    children.map(({ name, costs }) => [name, median(costs).toFixed(0)]),
  );
  console.log(`\nlog lines, log files and metrics cost ${((median(ratios) - 1) * 100).toFixed(1)} % of a read`);
} finally {
  for (const { child } of children) await child.stop();
  await installation.remove();
}
