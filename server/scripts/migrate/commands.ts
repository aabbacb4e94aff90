import { stdin, stdout } from 'node:process';
import { createInterface } from 'node:readline/promises';
import type { Dialect } from '#extensions/database/index.ts';
import { loadMigration, migrationNames, migrationsFolder } from '#extensions/database/migration-files.ts';
import { migrateDown, migrateUp, migrationStatus } from '#extensions/database/migrations.ts';
import { entities } from '#modules/index.ts';
import { loadConfig } from '../../config.ts';
import type { Rename } from './comparator.ts';
import { configuredDialect, databaseExists, withDatabase } from './configured-database.ts';
import { diffAll, makeMigration } from './make.ts';

const log = (message: string): void => console.log(message);

export async function make(name: string, renames: readonly Rename[]): Promise<number> {
  const { files, losses } = await makeMigration({ folder: migrationsFolder, entities, name, renames });
  if (files.length === 0) {
    log('Nothing to do: the snapshots already say what the entities say.');
    return 0;
  }
  for (const file of files) log(`wrote server/migrations/${file}`);
  for (const loss of losses) log(`mind: it ${loss}`);
  if (losses.some((loss) => loss.startsWith('drops the column'))) {
    log('If a column was only renamed, delete these files, restore snapshot.json, and use --rename table.old:new.');
  }
  return 0;
}

export async function up(to: string | undefined): Promise<number> {
  return withDatabase(async (database) => {
    const { applied } = await migrateUp(database, to === undefined ? { log } : { log, to });
    for (const name of applied) log(`applied ${name}`);
    if (applied.length === 0) log('Nothing to do: every migration is applied.');
    return 0;
  });
}

export async function down(steps: number, isConfirmed: boolean): Promise<number> {
  return withDatabase(async (database) => {
    const applied = (await migrationStatus(database)).filter(({ appliedAt }) => appliedAt !== null);
    const affected = applied.slice(-steps).map(({ name }) => name);
    if (affected.length === 0) {
      log('Nothing to do: no migration is applied.');
      return 0;
    }
    if (!isConfirmed && !(await isAgreed(affected))) return 1;
    const { reverted } = await migrateDown(database, { steps, log });
    for (const name of reverted) log(`reverted ${name}`);
    return 0;
  });
}

async function isAgreed(affected: readonly string[]): Promise<boolean> {
  const names = affected.toReversed().join(', ');
  if (loadConfig().APP_ENV === 'production' || !stdin.isTTY) {
    console.error(`Taking back ${names} can destroy data. If that is meant, say so with --yes.`);
    return false;
  }
  const terminal = createInterface({ input: stdin, output: stdout });
  const answer = await terminal.question(`Take back ${names}? What it had added goes with its data. [y/N] `);
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}

export async function status(): Promise<number> {
  if (!databaseExists()) {
    log('There is no database yet; every migration is pending.');
    return 0;
  }
  return withDatabase(async (database) => {
    const rows = await migrationStatus(database);
    if (rows.length === 0) log('There are no migrations.');
    const width = Math.max(...rows.map(({ name }) => name.length));
    for (const { name, state, appliedAt } of rows) {
      log(
        `${name.padEnd(width)}  ${state.padEnd('partly reverted'.length)}  ${appliedAt?.toISOString() ?? ''}`.trimEnd(),
      );
    }
    return 0;
  });
}

export async function check(isOffline: boolean): Promise<number> {
  const { diffDatabase } = await import('./schema-diff.ts');
  const differing = (await diffAll(migrationsFolder, entities)).filter(
    ({ diff, snapshot }) => diff.up.length > 0 || diff.snapshot !== snapshot,
  );
  for (const { dialect, diff } of differing) {
    const statements = diff.up.length > 0 ? diff.up : ['-- only the snapshot differs'];
    printStatements(`The entities differ from server/migrations/${dialect}/snapshot.json:`, statements);
  }
  if (differing.length > 0) log('Write the migration with "npm run migrate -- make <name>".');
  else log('The entities are what the snapshots say.');
  if (isOffline) return differing.length > 0 ? 1 : 0;
  if (!databaseExists()) {
    log('There is no database yet: "npm run migrate -- up" makes it.');
    return 1;
  }
  return withDatabase(async (database) => {
    const pending = (await migrationStatus(database)).filter(({ state }) => state === 'pending');
    const drift = await diffDatabase(entities, database);
    if (drift.length > 0) printStatements('The database differs from the entities; this would make it equal:', drift);
    else log('The database is what the entities say.');
    if (pending.length > 0) log(`${pending.length} migrations are pending: "npm run migrate -- up" applies them.`);
    return differing.length + drift.length + pending.length > 0 ? 1 : 0;
  });
}

export async function printSql(dialect: Dialect | undefined, isDown: boolean): Promise<number> {
  const chosen = dialect ? await allNames(dialect) : await namesOfDatabase(isDown);
  for (const name of isDown ? chosen.names.toReversed() : chosen.names) {
    const { up, down } = await loadMigration(migrationsFolder, chosen.dialect, name);
    printStatements(`-- ${name}${isDown ? ' (down)' : ''}`, isDown ? down : up);
  }
  if (chosen.names.length === 0) log(isDown ? '-- nothing is applied' : '-- nothing is pending');
  return 0;
}

type Chosen = { dialect: Dialect; names: string[] };

async function allNames(dialect: Dialect): Promise<Chosen> {
  return { dialect, names: await migrationNames(migrationsFolder, dialect) };
}

async function namesOfDatabase(isDown: boolean): Promise<Chosen> {
  if (!databaseExists()) return allNames(configuredDialect());
  return withDatabase(async (database) => {
    const wanted = (await migrationStatus(database)).filter(
      ({ state, appliedAt }) => state !== 'missing' && (appliedAt !== null) === isDown,
    );
    return { dialect: database.dialect, names: wanted.map(({ name }) => name) };
  });
}

function printStatements(title: string, statements: readonly string[]): void {
  log(
    [title, ...statements.map((statement) => (statement.startsWith('--') ? statement : `${statement};`)), ''].join(
      '\n',
    ),
  );
}
