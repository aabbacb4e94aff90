import { buildApp } from '../server/app.ts';
import { loadConfig } from '../server/config.ts';
import { systemContext } from '../server/core/context.ts';
import type { Entity } from '../server/core/entity.ts';
import { openDatabase } from '../server/extensions/database/index.ts';
import { openLog } from '../server/extensions/log.ts';
import { sealChain } from '../server/modules/audit/chain.service.ts';
import { entities } from '../server/modules/index.ts';
import { databaseOptions } from '../server/start.ts';
import { printTable } from './figures.ts';
import { createInstallation } from './installation.ts';

// What does the audit cost a service that is busy? One process answers reads as fast as it can, and between them so many edits that there
// are 200 in a second of its processor time: with records and without, in turns. Counted are the reads in a second of processor time.
// Sealing the records is part of it.
const ROUNDS = 30;
const ROUND_MS = 500;
/** In these rounds the records of all of them are sealed: about as many at once as the job takes in one transaction. */
const ROUNDS_PER_SEAL = 5;
const EDITS_PER_SECOND = 200;
const SIDES = ['with records', 'without'] as const;

const installation = await createInstallation({ users: 2000, settings: { LOG_LEVEL: 'warn' } });
const config = loadConfig(installation.environment);
const log = openLog({ level: 'warn', pretty: false });
const database = await openDatabase(databaseOptions(config), entities);
const { app, environment } = await buildApp({ config, database, log });
await app.ready();
const system = systemContext(environment, log.logger);
const why = 'a measurement edits its own rows';

const [caller] = installation.auditors;
if (!caller) throw new Error('nobody may read');
const headers = { authorization: `Bearer ${caller.token}` };
const audited = entities.find(({ table }) => table === 'positions') as { -readonly [K in keyof Entity]: Entity[K] };
const declared = audited.audit;
const ids: number[] = [];
for (let row = 0; row < 50; row++)
  ids.push(await system.unscoped('positions', why).insert({ code: `bench-${row}`, name: `bench ${row}` }));

let reads = 0;
let edits = 0;
let recorded = 0;
async function read(): Promise<void> {
  const url = `/api/v1/users/${installation.userIds[reads % installation.userIds.length]}`;
  const { statusCode, payload } = await app.inject({ method: 'GET', url, headers });
  if (statusCode !== 200) throw new Error(payload);
  reads += 1;
}
/** What a PATCH does below its route, in a transaction of its own. */
async function edit(): Promise<void> {
  const id = ids[edits % ids.length] as number;
  edits += 1;
  await system.inTransaction((ctx) =>
    ctx
      .unscoped('positions', why)
      .update({ name: `bench ${edits}`, order: edits })
      .where('id', '=', id)
      .execute(),
  );
}

const processorMs = () => {
  const { user, system: kernel } = process.cpuUsage();
  return (user + kernel) / 1000;
};

/** Reads in a second of processor time, with the edits of that second between them. */
async function round(withRecords: boolean): Promise<number> {
  audited.audit = withRecords ? declared : { none: 'a measurement without it' };
  const [start, readsBefore, editsBefore] = [processorMs(), reads, edits];
  for (let used = 0; used < ROUND_MS; used = processorMs() - start) {
    while (edits - editsBefore < (used / 1000) * EDITS_PER_SECOND) await edit();
    for (let many = 0; many < 4; many++) await read();
  }
  if (withRecords) recorded += 1;
  if (withRecords && recorded % ROUNDS_PER_SEAL === 0) await sealChain(system);
  return ((reads - readsBefore) / (processorMs() - start)) * 1000;
}

await round(true);
await round(false);
const measured: Record<(typeof SIDES)[number], number[]> = { 'with records': [], without: [] };
for (let turn = 0; turn < ROUNDS; turn++) {
  // Whoever comes second in one turn comes first in the next.
  const order = turn % 2 === 0 ? SIDES : SIDES.toReversed();
  for (const side of order) measured[side].push(await round(side === 'with records'));
}
audited.audit = declared;
const [{ kept }] = (await system
  .unscoped('audit_logs', why)
  .select()
  .select((eb) => eb.fn.countAll<number>().as('kept'))
  .execute()) as [{ kept: number }];
/** Of all rounds together, as the harmonic mean: those that seal count as much as the others. */
const mean = (rates: readonly number[]) => rates.length / rates.reduce((sum, rate) => sum + 1 / rate, 0);
const [withRecords, without] = [mean(measured['with records']), mean(measured.without)];
printTable(
  ['reads per second of processor time, 200 edits beside them', 'with records', 'without', 'ratio'],
  [['read one user', withRecords.toFixed(0), without.toFixed(0), (withRecords / without).toFixed(3)]],
);
console.log(`${ROUNDS} turns of ${ROUND_MS} ms each; ${kept} records kept and sealed`);
await app.close();
await database.close();
await log.close();
await installation.remove();
