import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Context } from '../server/core/context.ts';
import { measureParts, type PartSize, readIds } from '../server/core/page.ts';
import type { Dialect } from '../server/extensions/database/index.ts';
import { loadActor } from '../server/modules/access/access.service.ts';
import { listUsers } from '../server/modules/user/user.service.ts';
import { printTable, quantile } from './figures.ts';
import { dropScopeDatabase, openScopeInstallation, type ScopeInstallation } from './scope-data.ts';

// What does a data scope cost, and what does it save, among a million users in ten thousand departments?
const { values: options, positionals } = parseArgs({
  options: {
    users: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '30' },
    folder: { type: 'string', default: join(tmpdir(), 'bench-scope') },
    drop: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
const dialects: Dialect[] = positionals.length > 0 ? (positionals as Dialect[]) : configured();
const PAGE_SIZE = 20;

function configured(): Dialect[] {
  const servers = { mysql: 'TEST_MYSQL_URL', postgresql: 'TEST_POSTGRES_URL' } as const;
  return ['sqlite', ...(['mysql', 'postgresql'] as const).filter((dialect) => process.env[servers[dialect]])];
}

/** What it costs while little else runs on the machine: a tenth of the runs are faster. */
const fastest = (values: readonly number[]) =>
  quantile(
    values.toSorted((one, other) => one - other),
    0.1,
  );

/** Milliseconds of one run. */
interface Times {
  readonly count: number;
  /** The ids of page 1. */
  readonly first: number;
  /** The ids of the page in the middle of the scope. */
  readonly deep: number;
  /** Page 1 as the service answers it: count, ids and rows. */
  readonly page: number;
}

async function timed<R>(work: () => Promise<R>): Promise<{ ms: number; result: R }> {
  const started = performance.now();
  const result = await work();
  return { ms: performance.now() - started, result };
}

/** One run of each statement as `ctx` sees the users; `deepPage` starts after that many of them. */
async function run(ctx: Context, deepAfter: number): Promise<Times> {
  const matching = ctx.rows('users').matching((users) => users);
  const ids = (sizes: readonly PartSize[], skipped: number) =>
    readIds(matching, sizes, 'users', { orderBy: undefined, skipped, pageSize: PAGE_SIZE });
  const { ms: count, result: sizes } = await timed(() => measureParts(matching, 'users'));
  const { ms: first } = await timed(() => ids(sizes, 0));
  const { ms: deep } = await timed(() => ids(sizes, deepAfter));
  const { ms: page } = await timed(() => listUsers(ctx, { page_size: PAGE_SIZE }));
  return { count, first, deep, page };
}

async function measure({ system, callers, dialect }: ScopeInstallation): Promise<void> {
  const scoped = [];
  for (const { label, userId } of callers) {
    const actor = await loadActor(system, userId);
    if (actor === null || actor === 'inactive') throw new Error(`${label} may not act`);
    const ctx = system.seenBy(actor);
    const { total } = await listUsers(ctx, { page_size: 1 });
    scoped.push({ label, ctx, total, deepAfter: Math.floor(total / 2), own: [] as Times[], all: [] as Times[] });
  }
  const everything = scoped.find(({ label }) => label === 'all');
  if (!everything) throw new Error('nobody sees all users');
  // In turns, so that what else happens on the machine falls on all of them alike; the first round warms up.
  for (let round = 0; round <= Number(options.rounds); round++) {
    for (const { ctx, deepAfter, own, all } of scoped) {
      const [times, unscoped] = [await run(ctx, deepAfter), await run(everything.ctx, deepAfter)];
      if (round === 0) continue;
      own.push(times);
      all.push(unscoped);
    }
  }
  console.log(`\n${dialect}\n`);
  printTable(
    ['scope', 'rows', 'page 1', 'deep page', 'count', 'page 1 with count and rows'],
    scoped.map(({ label, total, own, all }) => [
      label,
      String(total),
      ...(['first', 'deep', 'count', 'page'] as const).map((kind) => {
        const [mine, theirs] = [own, all].map((times) => fastest(times.map((one) => one[kind])));
        return `${mine?.toFixed(2)} (${((mine ?? 0) / (theirs ?? 1)).toFixed(2)})`;
      }),
    ]),
  );
}

console.log(
  `${options.users} users; the tenth percentile of ${options.rounds} runs in ms, in brackets the ratio to the same without a scope`,
);
for (const dialect of dialects) {
  const installation = await openScopeInstallation(dialect, options.folder, Number(options.users));
  try {
    if (installation.seconds > 0) console.log(`\n${dialect} filled in ${installation.seconds.toFixed(0)} s`);
    await measure(installation);
  } finally {
    await installation.database.close();
  }
  if (options.drop && dialect !== 'sqlite') await dropScopeDatabase(dialect);
}
