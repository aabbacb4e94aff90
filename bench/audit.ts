import { setImmediate as endOfTurn } from 'node:timers/promises';
import { buildApp } from '../server/app.ts';
import { loadConfig } from '../server/config.ts';
import { systemContext } from '../server/core/context.ts';
import type { Entity } from '../server/core/entity.ts';
import { openDatabase } from '../server/extensions/database/index.ts';
import { openLog } from '../server/extensions/log.ts';
import { sealChain } from '../server/modules/audit/chain.service.ts';
import { entities } from '../server/modules/index.ts';
import { databaseOptions } from '../server/start.ts';
import { median, printTable } from './figures.ts';
import { createInstallation } from './installation.ts';

// What does the audit cost a service that is busy? One process answers reads as fast as it can, and between them so many edits that there
// are 200 in a second of its processor time: with records and without, in turns. Counted are the reads in a second of processor time.
// Sealing the records is part of it.
const ROUNDS = 61;
const ROUND_MS = 500;
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
    // What is done with a request only afterwards must not pile up until the round is over.
    await endOfTurn();
  }
  if (withRecords) await sealChain(system);
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
// Of the turns one by one: what else the machine does may double the time of any of them.
const ratios = measured['with records'].map((rate, turn) => rate / (measured.without[turn] ?? Number.NaN));
printTable(
  ['reads per second of processor time, 200 edits beside them', 'with records', 'without', 'ratio'],
  [
    [
      'read one user, medians of turns',
      median(measured['with records']).toFixed(0),
      median(measured.without).toFixed(0),
      median(ratios).toFixed(3),
    ],
  ],
);
console.log(`${ROUNDS} turns of ${ROUND_MS} ms each; ${kept} records kept and sealed`);
await app.close();
await database.close();
await log.close();
await installation.remove();
