import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { environmentFor } from '../server/app.ts';
import { loadConfig } from '../server/config.ts';
import { type Context, systemContext } from '../server/core/context.ts';
import { type Database, type Dialect, openDatabase } from '../server/extensions/database/index.ts';
import { migrateUp } from '../server/extensions/database/migrations.ts';
import { runOnServer, withDatabase } from '../server/extensions/database/testing.ts';
import { parseDatabaseUrl, type ServerAddress } from '../server/extensions/database/url.ts';
import { openLog } from '../server/extensions/log.ts';
import { entities } from '../server/modules/index.ts';
import { prepareData } from '../server/scripts/seed/seeds.ts';
import { databaseOptions } from '../server/start.ts';

const why = 'a measurement prepares its data';
const NAME = 'bench_scope';
const REGIONS = 10;
const GROUPS = 100;
const TEAMS = 9;
/** Rows that are added in one transaction. */
const ROWS_PER_TRANSACTION = 20_000;

/** Somebody with a data scope. */
export interface ScopedCaller {
  readonly label: string;
  readonly userId: number;
}

/** A large installation on one database. It is kept, and made again only with another number of users. */
export interface ScopeInstallation {
  readonly dialect: Dialect;
  readonly database: Database;
  readonly system: Context;
  readonly callers: readonly ScopedCaller[];
  /** How long the making took; 0 when it was there. */
  readonly seconds: number;
}

/** Opens the installation on a database and makes it when it is not there: `users` users in ten thousand departments. */
export async function openScopeInstallation(
  dialect: Dialect,
  folder: string,
  users: number,
): Promise<ScopeInstallation> {
  const url = await databaseUrl(dialect, folder);
  const config = loadConfig({
    APP_ENV: 'production',
    DATA_DIR: folder,
    DATABASE_URL: url,
    JWT_SECRET_KEY: randomBytes(48).toString('base64url'),
    ADMIN_PASSWORD: randomBytes(18).toString('base64url'),
    LOG_LEVEL: 'warn',
    LOG_PRETTY: 'false',
  });
  const database = await openDatabase(databaseOptions(config), entities);
  await migrateUp(database);
  const log = openLog({ level: 'warn', pretty: false });
  const system = systemContext(environmentFor(config, database, log), log.logger);
  await prepareData(system);
  const started = performance.now();
  const made = await fill(system, users);
  if (made) await analyse(system, database);
  const seconds = made ? (performance.now() - started) / 1000 : 0;
  return { dialect, database, system, callers: await listCallers(system), seconds };
}

async function databaseUrl(dialect: Dialect, folder: string): Promise<string> {
  if (dialect === 'sqlite') {
    mkdirSync(folder, { recursive: true });
    return `sqlite:${join(folder, 'app.db')}`;
  }
  const variable = dialect === 'mysql' ? 'TEST_MYSQL_URL' : 'TEST_POSTGRES_URL';
  const server = process.env[variable];
  if (!server) throw new Error(`${variable} is not set`);
  const home = parseDatabaseUrl(withDatabase(server, dialect === 'mysql' ? 'information_schema' : 'postgres'));
  const create =
    dialect === 'mysql'
      ? `create database if not exists ${NAME} character set utf8mb4 collate utf8mb4_bin`
      : `create database ${NAME} encoding 'UTF8' template template0`;
  await runOnServer(home as ServerAddress, create).catch((error: Error) => {
    if (!/already exists/.test(error.message)) throw error;
  });
  return withDatabase(server, NAME);
}

/** Removes what `openScopeInstallation` made on a server. */
export async function dropScopeDatabase(dialect: Exclude<Dialect, 'sqlite'>): Promise<void> {
  const server = process.env[dialect === 'mysql' ? 'TEST_MYSQL_URL' : 'TEST_POSTGRES_URL'] ?? '';
  const home = parseDatabaseUrl(withDatabase(server, dialect === 'mysql' ? 'information_schema' : 'postgres'));
  await runOnServer(
    home as ServerAddress,
    `drop database if exists ${NAME}${dialect === 'mysql' ? '' : ' with (force)'}`,
  );
}

/** Adds departments, people and the callers, unless they are there. Tells whether it had to. */
async function fill(ctx: Context, users: number): Promise<boolean> {
  const wanted = `scope-${users}`;
  const known = await ctx.unscoped('roles', why).select().select('remark').where('code', '=', 'scope-bench').execute();
  if (known[0]?.remark === wanted) return false;
  if (known.length > 0) throw new Error('another number of users is stored; run with --drop first');
  const { groups, regions } = await ctx.inTransaction(addDepts);
  await addUsers(ctx, users, groups);
  await ctx.inTransaction((ctx) => addCallers(ctx, wanted, groups, regions));
  return true;
}

interface Depts {
  /** The departments of each group: itself and its teams. */
  readonly groups: readonly (readonly number[])[];
  readonly regions: readonly number[];
}

/** Ten regions of a hundred groups of ten departments. */
async function addDepts(ctx: Context): Promise<Depts> {
  const rows = ctx.unscoped('depts', why);
  const top = await rows.select().select(['id', 'path']).orderBy('id').executeTakeFirstOrThrow();
  // The keys are given, so that a path can be written with its row.
  const last = await rows.select().select('id').orderBy('id', 'desc').executeTakeFirstOrThrow();
  let next = last.id;
  const stamps = { created_at: ctx.now(), updated_at: ctx.now() };
  const made: { id: number; parent_id: number; path: string; name: string; code: string }[] = [];
  const add = (parent: { id: number; path: string }, code: string) => {
    next += 1;
    const dept = { id: next, parent_id: parent.id, path: `${parent.path}${next}/`, name: code, code, ...stamps };
    made.push(dept);
    return dept;
  };
  const regions: number[] = [];
  const groups: number[][] = [];
  for (let region = 0; region < REGIONS; region++) {
    const regionDept = add(top, `R${region}`);
    regions.push(regionDept.id);
    for (let group = 0; group < GROUPS; group++) {
      const groupDept = add(regionDept, `R${region}-${group}`);
      const teams = Array.from({ length: TEAMS }, (_, team) => add(groupDept, `R${region}-${group}-${team}`).id);
      groups.push([groupDept.id, ...teams]);
    }
  }
  await rows.insertMany(made);
  return { groups, regions };
}

/**
 * Every other user is spread over the departments of the first five regions; those between came department by department into the
 * others, as an import brings them: the newest row of such a scope may lie far behind the newest of all.
 */
async function addUsers(ctx: Context, users: number, groups: readonly (readonly number[])[]): Promise<void> {
  const depts = groups.flat();
  const half = depts.length / 2;
  const perDept = Math.ceil(users / 2 / half);
  const deptOf = (index: number) => {
    const place = Math.floor(index / 2);
    return depts[index % 2 === 0 ? place % half : half + Math.floor(place / perDept)] ?? null;
  };
  for (let start = 0; start < users; start += ROWS_PER_TRANSACTION) {
    const count = Math.min(ROWS_PER_TRANSACTION, users - start);
    const people = Array.from({ length: count }, (_, offset) => {
      const index = start + offset;
      const at = new Date(Date.UTC(2025, 0, 1) + index * 31_003);
      return {
        username: `user${index}`,
        email: `user${index}@example.com`,
        name: `用户 ${index}`,
        phone: index % 3 === 0 ? `138${String(index).padStart(8, '0')}` : null,
        hashed_password: '!',
        dept_id: deptOf(index),
        created_at: at,
        updated_at: at,
      };
    });
    await ctx.inTransaction((ctx) => ctx.unscoped('users', why).insertMany(people));
  }
}

async function addCallers(ctx: Context, wanted: string, groups: Depts['groups'], regions: Depts['regions']) {
  const rows = ctx.unscoped('roles', why);
  const chosen = (region: number) => ({ data_scope: 'custom', includes_below: true, depts: [regions[region] ?? 0] });
  const group = (number: number) => ({
    data_scope: 'custom',
    includes_below: true,
    depts: [groups[number]?.[0] ?? 0],
  });
  const scopes: Record<string, { data_scope: string; includes_below: boolean; depts: readonly number[] }> = {
    'own row': { data_scope: 'self', includes_below: false, depts: [] },
    '1,000 spread': group(7),
    '1,000 together': group(507),
    '100,000 spread': chosen(0),
    '100,000 together': chosen(5),
    all: { data_scope: 'all', includes_below: false, depts: [] },
  };
  for (const [label, { depts, ...scope }] of Object.entries(scopes)) {
    const code = `scope ${label}`;
    const role_id = await rows.insert({ code, name: code, ...scope });
    await ctx.unscoped('role_depts', why).insertMany(depts.map((dept_id) => ({ role_id, dept_id })));
    await ctx
      .unscoped('role_permissions', why)
      .insertMany(['system:user:query', 'system:dept:query'].map((permission) => ({ role_id, permission })));
    const user_id = await ctx
      .unscoped('users', why)
      .insert({ username: code, email: `${code.replaceAll(' ', '.')}@example.com`, hashed_password: '!' });
    await ctx.unscoped('user_roles', why).insert({ user_id, role_id });
  }
  await rows.insert({ code: 'scope-bench', name: 'bench', remark: wanted });
}

async function listCallers(ctx: Context): Promise<ScopedCaller[]> {
  const rows = await ctx
    .unscoped('users', why)
    .select()
    .select(['id', 'username'])
    .where('username', '>=', 'scope ')
    .where('username', '<', 'scope!')
    .orderBy('id')
    .execute();
  return rows.map(({ id, username }) => ({ label: username.slice('scope '.length), userId: id }));
}

/** What a server does by itself sooner or later; SQLite has no such habit, and gets none here. */
async function analyse(ctx: Context, database: Database): Promise<void> {
  if (ctx.dialect === 'mysql') await sql`analyze table users, depts`.execute(database.kysely);
  if (ctx.dialect === 'postgresql') await sql`vacuum analyze`.execute(database.kysely);
}
