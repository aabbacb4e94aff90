import { randomBytes, randomUUID } from 'node:crypto';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environmentFor } from '../server/app.ts';
import { loadConfig } from '../server/config.ts';
import { type Context, systemContext } from '../server/core/context.ts';
import { openDatabase } from '../server/extensions/database/index.ts';
import { migrateUp } from '../server/extensions/database/migrations.ts';
import { openLog } from '../server/extensions/log.ts';
import { type AccessTokens, accessTokens } from '../server/modules/auth/token.ts';
import { entities } from '../server/modules/index.ts';
import { prepareData } from '../server/scripts/seed/seeds.ts';
import { databaseOptions } from '../server/start.ts';

const DEPTS = 60;
const SESSIONS = 100;
const why = 'a measurement prepares its data';

/** Somebody with a live session. */
export interface Caller {
  readonly userId: number;
  readonly token: string;
}

/** A database file with people in it, in a temporary folder, and everything a server needs to work on it. */
export interface Installation {
  readonly folder: string;
  /** The settings of a production server on this database. */
  readonly environment: Record<string, string>;
  readonly userIds: readonly number[];
  /** Signed-in users who may read all users. */
  readonly auditors: readonly Caller[];
  /** Signed-in users who may read the users of their department and those below. */
  readonly managers: readonly Caller[];
  /** Another file with the same content, for what is compared. */
  copyDatabase(name?: string): Promise<string>;
  remove(): Promise<void>;
}

export interface InstallationOptions {
  readonly users: number;
  readonly settings?: Record<string, string>;
  /** Adds what one measurement needs besides. */
  readonly prepare?: (ctx: Context) => Promise<void>;
}

/** Makes a production installation on SQLite with `users` users in departments and roles, written through the program's own data layer. */
export async function createInstallation({ users, settings, prepare }: InstallationOptions): Promise<Installation> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'));
  const file = join(folder, 'app.db');
  const environment = {
    APP_ENV: 'production',
    DATA_DIR: folder,
    DATABASE_URL: `sqlite:${file}`,
    JWT_SECRET_KEY: randomBytes(48).toString('base64url'),
    ADMIN_PASSWORD: randomBytes(18).toString('base64url'),
    LOG_PRETTY: 'false',
    // The file of settings for production names one.
    REDIS_URL: '',
    ...settings,
  };
  const config = loadConfig(environment);
  const log = openLog({ level: 'warn', pretty: false });
  const database = await openDatabase(databaseOptions(config), entities);
  try {
    await migrateUp(database);
    const system = systemContext(environmentFor(config, database, log), log.logger);
    await prepareData(system);
    const people = await system.inTransaction((ctx) => addPeople(ctx, users, accessTokens(config)));
    await prepare?.(system);
    return {
      folder,
      environment,
      ...people,
      copyDatabase: async (name = 'copy') => {
        const copy = join(folder, `${name}.db`);
        await copyFile(file, copy);
        return copy;
      },
      remove: () => rm(folder, { recursive: true, force: true }),
    };
  } finally {
    await database.close();
  }
}

async function addPeople(ctx: Context, count: number, tokens: AccessTokens) {
  const deptIds = await addDepts(ctx);
  const stamp = (index: number) => new Date(Date.UTC(2026, 0, 1) + index * 61_007);
  await ctx.unscoped('users', why).insertMany(
    Array.from({ length: count }, (_, index) => ({
      username: `user${index}`,
      email: `user${index}@example.com`,
      name: `用户 ${index}`,
      phone: index % 3 === 0 ? `1380000${String(index).padStart(5, '0')}` : null,
      remark: index % 5 === 0 ? 'works on "both" sites' : null,
      hashed_password: '!',
      dept_id: deptIds[index % deptIds.length] ?? null,
      last_sign_in_at: index % 2 === 0 ? stamp(index + 7) : null,
      created_at: stamp(index),
      updated_at: stamp(index),
    })),
  );
  const added = await ctx.unscoped('users', why).select().select(['id', 'username']).orderBy('id').execute();
  const userIds = added.filter((user) => user.username.startsWith('user')).map((user) => user.id);
  const roles = await ctx.unscoped('roles', why).select().select(['id', 'code']).execute();
  const roleId = (code: string) => roles.find((role) => role.code === code)?.id ?? 0;
  const isAuditor = (index: number) => index < SESSIONS;
  const isManager = (index: number) => index >= SESSIONS && index < 2 * SESSIONS;
  await ctx.unscoped('user_roles', why).insertMany(
    userIds.map((user_id, index) => ({
      user_id,
      role_id: roleId(isAuditor(index) ? 'auditor' : isManager(index) ? 'manager' : 'staff'),
    })),
  );
  const positionId = await ctx
    .unscoped('positions', why)
    .insert({ code: 'engineer', name: '工程师', created_at: stamp(0), updated_at: stamp(0) });
  await ctx
    .unscoped('user_positions', why)
    .insertMany(userIds.filter((_, index) => index % 3 === 0).map((user_id) => ({ user_id, position_id: positionId })));
  const signedIn = (chosen: (index: number) => boolean) =>
    openSessions(
      ctx,
      tokens,
      userIds.filter((_, index) => chosen(index)),
    );
  return { userIds, auditors: await signedIn(isAuditor), managers: await signedIn(isManager) };
}

/** Departments below those of the seed, two levels deep. */
async function addDepts(ctx: Context): Promise<number[]> {
  const depts = ctx.unscoped('depts', why);
  const known = await depts.select().select(['id', 'path']).orderBy('id').execute();
  const stamps = { created_at: ctx.now(), updated_at: ctx.now() };
  for (let number = 0; number < DEPTS; number++) {
    const parent = known[1 + (number % (known.length - 1))];
    if (!parent) throw new Error('the seed has no departments');
    const code = `TEAM-${number}`;
    const id = await depts.insert({ name: code, code, parent_id: parent.id, path: `/new-${code}/`, ...stamps });
    await depts
      .updateQuietly({ path: `${parent.path}${id}/` })
      .where('id', '=', id)
      .execute();
    known.push({ id, path: `${parent.path}${id}/` });
  }
  return known.map((dept) => dept.id);
}

async function openSessions(ctx: Context, tokens: AccessTokens, userIds: readonly number[]): Promise<Caller[]> {
  const expires = new Date(ctx.now().getTime() + 86_400_000);
  const sessions = userIds.map((user_id) => ({ id: randomUUID(), user_id }));
  await ctx
    .unscoped('sessions', why)
    .insertMany(
      sessions.map((session) => ({ ...session, created_at: ctx.now(), last_seen_at: ctx.now(), expires_at: expires })),
    );
  return sessions.map(({ id, user_id }) => ({
    userId: user_id,
    token: tokens.sign({ sub: String(user_id), sid: id }),
  }));
}
