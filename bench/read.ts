import assert from 'node:assert/strict';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Child, startChild } from './child.ts';
import { median, printTable, quantile } from './figures.ts';
import { type Caller, createInstallation, type Installation } from './installation.ts';
import { ask, type LoadRequest, type Round, sendAll } from './load.ts';

// The service beside a bare node:http + node:sqlite server, on files of the same content, in turns: `node bench/read.ts --help`.
const { values: options } = parseArgs({
  options: {
    users: { type: 'string', default: '10000' },
    requests: { type: 'string', default: '500' },
    rounds: { type: 'string', default: '25' },
    connections: { type: 'string', default: '8' },
    log: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log('--users 10000 --requests 500 (a round) --rounds 25 --connections 8 --log (both log) --only read');
  process.exit();
}
/** Requests before the first measured one: by then the code is compiled. */
const WARM_UP = 8_000;
const count = Number(options.requests);
const rounds = Number(options.rounds);
const connections = Number(options.connections);

interface Job {
  readonly name: string;
  request(index: number): LoadRequest;
}

interface Measured extends Round {
  readonly microseconds: number;
}

function jobsOn({ userIds, auditors, managers }: Installation): Job[] {
  // A stride that is prime to the number of users visits all of them in an order no cache can guess.
  const userId = (index: number) => userIds[(index * 7919) % userIds.length] ?? 0;
  const caller = (callers: readonly Caller[], index: number) => callers[index % callers.length] as Caller;
  const read = (callers: readonly Caller[], id: (index: number) => number) => (index: number) => ({
    path: `/api/v1/users/${id(index)}`,
    token: caller(callers, index).token,
  });
  const list = (callers: readonly Caller[]) => (index: number) => ({
    path: '/api/v1/users?page=1&page_size=20',
    token: caller(callers, index).token,
  });
  return [
    { name: 'read one user', request: read(auditors, userId) },
    { name: 'list 20 users', request: list(auditors) },
    // A narrowed caller sees at least their own row, whatever department chance gave them.
    { name: 'read one user, data scope', request: read(managers, (index) => caller(managers, index).userId) },
    { name: 'list 20 users, data scope', request: list(managers) },
  ].filter(({ name }) => name.includes(options.only));
}

async function assertSameAnswers(service: Child, bare: Child, jobs: readonly Job[]): Promise<void> {
  for (const job of jobs) {
    for (const index of [0, 1, 17, 42, 99]) {
      const [ours, theirs] = await Promise.all([
        ask(service.port, job.request(index)),
        ask(bare.port, job.request(index)),
      ]);
      assert.equal(ours.status, 200, ours.body);
      assert.equal(ours.body, theirs.body, `${job.name}: the two servers answer differently`);
    }
    const forged = { ...job.request(0), token: `${job.request(0).token.slice(0, -4)}AAAA` };
    for (const child of [service, bare]) assert.equal((await ask(child.port, forged)).status, 401);
  }
}

async function measure(child: Child, job: Job): Promise<Measured> {
  const before = await child.usage();
  const round = await sendAll(child.port, job.request, count, connections);
  const after = await child.usage();
  return { ...round, microseconds: (after.cpu - before.cpu) / count };
}

async function compare(service: Child, bare: Child, job: Job): Promise<string[]> {
  const results = { service: [] as Measured[], bare: [] as Measured[] };
  for (const child of [service, bare]) await sendAll(child.port, job.request, WARM_UP, connections);
  for (let round = 0; round < rounds; round++) {
    // The order turns, so that neither always runs in the other's wake.
    const order = round % 2 === 0 ? (['service', 'bare'] as const) : (['bare', 'service'] as const);
    for (const name of order) {
      results[name].push(await measure(name === 'service' ? service : bare, job));
    }
  }
  const ratios = results.service.map(
    (ours, index) => ours.microseconds / (results.bare[index]?.microseconds ?? Number.NaN),
  );
  const both = (value: (measured: Measured) => number, digits: number) =>
    [results.service, results.bare].map((list) => median(list.map(value)).toFixed(digits)).join(' / ');
  return [
    job.name,
    median(ratios).toFixed(2),
    both((measured) => measured.microseconds, 0),
    both((measured) => measured.perSecond, 0),
    both((measured) => quantile(measured.milliseconds, 0.5), 2),
    both((measured) => quantile(measured.milliseconds, 0.99), 2),
  ];
}

const installation = await createInstallation({
  users: Number(options.users),
  settings: { LOG_LEVEL: options.log ? 'info' : 'warn' },
});
const children: Child[] = [];
try {
  const log = (name: string) => join(installation.folder, `${name}.log`);
  const bareSettings = {
    DATABASE_FILE: await installation.copyDatabase(),
    JWT_SECRET_KEY: installation.environment['JWT_SECRET_KEY'] ?? '',
    LOG: options.log ? '1' : '',
  };
  const service = await startChild('server/main.ts', installation.environment, log('service'));
  children.push(service);
  const bare = await startChild('bench/bare-server.ts', bareSettings, log('bare'));
  children.push(bare);
  const jobs = jobsOn(installation);
  await assertSameAnswers(service, bare, jobs);
  console.log(
    `${options.users} users; ${rounds} rounds of ${count} requests each over ${connections} connections; Node ${process.version}; ${options.log ? 'both log every request' : 'neither logs requests'}; service / bare, medians of rounds\n`,
  );
  const rows: string[][] = [];
  for (const job of jobs) rows.push(await compare(service, bare, job));
  printTable(['job', 'ratio', 'processor µs per request', 'requests per second', 'p50 ms', 'p99 ms'], rows);
  const memory = await Promise.all(children.map(async (child) => Math.round((await child.usage()).rss / 2 ** 20)));
  console.log(`\nresident memory: ${memory.join(' / ')} MB`);
} finally {
  for (const child of children) await child.stop();
  await installation.remove();
}
