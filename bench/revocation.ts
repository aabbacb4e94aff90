import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { environmentFor } from '../server/app.ts';
import { loadConfig } from '../server/config.ts';
import { type Context, systemContext } from '../server/core/context.ts';
import { openDatabase } from '../server/extensions/database/index.ts';
import { openLog } from '../server/extensions/log.ts';
import { accessTokens } from '../server/modules/auth/token.ts';
import { entities } from '../server/modules/index.ts';
import { databaseOptions } from '../server/start.ts';
import { type Child, startChild } from './child.ts';
import { printTable, quantile } from './figures.ts';
import { createInstallation } from './installation.ts';
import { Connection } from './load.ts';

// Three processes, one database, one Redis: something is revoked through the first; after how long do the two others refuse?
const { values: options } = parseArgs({ options: { rounds: { type: 'string', default: '100' } } });
const rounds = Number(options.rounds);
const INSTANCES = 3;
const GIVE_UP_MS = 5000;
const why = 'a measurement prepares its data';

const redisUrl = process.env['TEST_REDIS_URL'] ?? 'redis://127.0.0.1:6379/2';
const installation = await createInstallation({ users: 10, settings: { LOG_LEVEL: 'warn', REDIS_URL: redisUrl } });
const config = loadConfig(installation.environment);
const database = await openDatabase(databaseOptions(config), entities);
const log = openLog({ level: 'warn', pretty: false });
const ctx = systemContext(environmentFor(config, database, log), log.logger);
const children: Child[] = [];
const connections: Connection[] = [];

async function tokenOf(ctx: Context, userId: number): Promise<string> {
  const id = randomUUID();
  const at = ctx.now();
  const expires = new Date(at.getTime() + 86_400_000);
  await ctx
    .unscoped('sessions', why)
    .insert({ id, user_id: userId, created_at: at, last_seen_at: at, expires_at: expires });
  return accessTokens(config).sign({ sub: String(userId), sid: id });
}

/** Milliseconds until `connection` answers one of `wanted`, asked every millisecond at most. Throws when it never does. */
async function answersAfter(connection: Connection, path: string, token: string, wanted: readonly number[]) {
  const started = performance.now();
  while (performance.now() - started < GIVE_UP_MS) {
    if (wanted.includes((await connection.send({ path, token })).status)) return performance.now() - started;
    await sleep(1);
  }
  throw new Error(`${path} was not answered with ${wanted} within ${GIVE_UP_MS} ms`);
}

async function expectStatus(answer: Promise<{ status: number; body: string }>, wanted: number): Promise<void> {
  const { status, body } = await answer;
  if (status !== wanted) throw new Error(`status ${status} instead of ${wanted}: ${body.slice(0, 300)}`);
}

interface Revocation {
  readonly path: string;
  readonly token: string;
  /** The statuses of an answer once it is revoked. */
  readonly refused: readonly number[];
  revoke(): Promise<void>;
}

/** A department right below the top one. */
async function addDept(code: string, topId: number): Promise<number> {
  const id = await ctx.unscoped('depts', why).insert({ code, name: code, parent_id: topId, path: `/new-${code}/` });
  await ctx
    .unscoped('depts', why)
    .updateQuietly({ path: `/${topId}/${id}/` })
    .where('id', '=', id)
    .execute();
  return id;
}

const line = (name: string, times: readonly number[]) => [
  name,
  quantile(times, 0.5).toFixed(2),
  quantile(times, 0.99).toFixed(2),
  (times.at(-1) ?? Number.NaN).toFixed(2),
];

/** Measured from the moment the revoking request was answered; below zero is counted as zero. */
async function measure(prepare: () => Promise<Revocation>): Promise<number[]> {
  const others = connections.slice(1);
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const { path, token, refused, revoke } = await prepare();
    // Every instance has the snapshot in its memory before it is revoked.
    for (const connection of connections) await answersAfter(connection, path, token, [200]);
    await revoke();
    times.push(...(await Promise.all(others.map((other) => answersAfter(other, path, token, refused)))));
  }
  return times.sort((a, b) => a - b);
}

try {
  for (let index = 0; index < INSTANCES; index++) {
    const log = join(installation.folder, `service-${index}.log`);
    children.push(await startChild('server/main.ts', installation.environment, log));
  }
  for (const child of children) connections.push(await Connection.open(child.port));
  const [first] = connections as [Connection];
  const [userId = 0, row = 0] = installation.userIds;
  const root = await ctx
    .unscoped('users', why)
    .select()
    .select('id')
    .where('username', '=', 'admin')
    .executeTakeFirstOrThrow();
  const admin = await tokenOf(ctx, root.id);
  const [dept, inside, elsewhere] = [
    await addDept('holder', 1),
    await addDept('inside', 1),
    await addDept('elsewhere', 1),
  ];
  await ctx.unscoped('users', why).updateQuietly({ dept_id: dept }).where('id', '=', userId).execute();
  await ctx.unscoped('users', why).updateQuietly({ dept_id: inside }).where('id', '=', row).execute();
  const roleId = await ctx
    .unscoped('roles', why)
    .insert({ code: 'revoked', name: 'revoked', data_scope: 'dept_and_below' });
  await ctx.unscoped('user_roles', why).delete().where('user_id', '=', userId).execute();
  const change = async (method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body: unknown) => {
    await expectStatus(first.send({ method, path: `/api/v1/${path}`, token: admin, body }), 200);
  };
  const set = {
    roles: (role_ids: readonly number[]) => change('PUT', `users/${userId}/roles`, { role_ids }),
    permissions: (permissions: readonly string[]) => change('PUT', `roles/${roleId}/permissions`, { permissions }),
    scope: (data_scope: string) => change('PUT', `roles/${roleId}/data-scope`, { data_scope }),
    roleEnabled: (is_enabled: boolean) => change('PATCH', `roles/${roleId}`, { is_enabled }),
    active: (is_active: boolean) => change('PATCH', `users/${userId}`, { is_active }),
    parent: (parent_id: number) => change('PATCH', `depts/${inside}`, { parent_id }),
  };
  await set.roles([roleId]);
  await set.permissions(['system:user:query']);
  await set.parent(dept);
  const holder = await tokenOf(ctx, userId);
  const seesRow = (refused: number, give: () => Promise<void>, revoke: () => Promise<void>) => async () => {
    await give();
    return { path: `/api/v1/users/${row}`, token: holder, refused: [refused], revoke };
  };
  const kinds: Record<string, () => Promise<Revocation>> = {
    "a role's permission": seesRow(
      403,
      () => set.permissions(['system:user:query']),
      () => set.permissions([]),
    ),
    'a role, disabled': seesRow(
      403,
      () => set.roleEnabled(true),
      () => set.roleEnabled(false),
    ),
    'a role, taken from its holder': seesRow(
      403,
      () => set.roles([roleId]),
      () => set.roles([]),
    ),
    'a scope, narrowed': seesRow(
      404,
      () => set.scope('dept_and_below'),
      () => set.scope('self'),
    ),
    'a department, moved away': seesRow(
      404,
      () => set.parent(dept),
      () => set.parent(elsewhere),
    ),
    'a session, signed out': async () => {
      const token = await tokenOf(ctx, userId);
      const logout = { method: 'POST', path: '/api/v1/auth/logout', token } as const;
      return { path: '/api/v1/users/me', token, refused: [401], revoke: () => expectStatus(first.send(logout), 200) };
    },
    'a user, disabled': async () => {
      await set.active(true);
      const token = await tokenOf(ctx, userId);
      return { path: '/api/v1/users/me', token, refused: [400, 401], revoke: () => set.active(false) };
    },
  };
  const rows: string[][] = [];
  for (const [name, prepare] of Object.entries(kinds)) {
    // What the kind before it took away is there again.
    await set.roles([roleId]);
    await set.permissions(['system:user:query']);
    await set.scope('dept_and_below');
    await set.roleEnabled(true);
    await set.parent(dept);
    rows.push(line(name, await measure(prepare)));
  }
  console.log(
    `${rounds} rounds, ${INSTANCES} instances; milliseconds from the answer to the first refusal of each other\n`,
  );
  printTable(['what is revoked', 'p50', 'p99', 'slowest'], rows);
} finally {
  for (const connection of connections) connection.close();
  for (const child of children) await child.stop();
  await database.close();
  await installation.remove();
}
