import { randomBytes } from 'node:crypto';
import type { Insertable } from 'kysely';
import type { Context } from '#core/context.ts';
import type { Tables } from '#core/entity.ts';
import { hashPassword } from '#core/password.ts';
import { beginChain } from '#modules/audit/head.service.ts';
import { prepareEvents } from '#modules/event/event.service.ts';
import { synchroniseMenus } from '#modules/menu/menu.service.ts';
import demoUsers from './data/demo-users.json' with { type: 'json' };
import depts from './data/depts.json' with { type: 'json' };
import menus from './data/menus.json' with { type: 'json' };
import roles from './data/roles.json' with { type: 'json' };

/** What a first start has to tell the person who started it. */
export interface FirstStart {
  readonly adminPassword?: string;
  readonly passwordIsRandom?: boolean;
}

interface Seed {
  readonly name: string;
  run(ctx: Context): Promise<FirstStart | undefined>;
}

const why = 'the first rows of an installation belong to nobody yet';

/**
 * Brings the data to where the program needs it: the seed sets that have not run yet, and a button for every permission that a route
 * declares. Safe when several instances start at once.
 */
export async function prepareData(ctx: Context): Promise<FirstStart> {
  const told = await runSeeds(ctx);
  await prepareEvents(ctx);
  await ctx.inTransaction(async (ctx) => {
    // Whoever holds this row adds the buttons; the other instances wait, and then find them there.
    await ctx
      .unscoped('seed_runs', why)
      .updateQuietly({ name: consoleMenus.name })
      .where('name', '=', consoleMenus.name)
      .execute();
    await synchroniseMenus(ctx);
  });
  return told;
}

/** Adds what an empty installation needs. Each set runs once for ever, so what an administrator changes or deletes stays so. */
export async function runSeeds(ctx: Context): Promise<FirstStart> {
  const wanted = ctx.settings.SEED_DEMO_DATA ?? ctx.settings.APP_ENV === 'development';
  const seeds = [organisation, accessRoles, consoleMenus, administrator, ...(wanted ? [demonstration] : [])];
  const applied = await listApplied(ctx);
  let told: FirstStart = {};
  for (const seed of seeds.filter(({ name }) => !applied.has(name))) told = { ...told, ...(await runOnce(ctx, seed)) };
  return told;
}

/** Runs a set unless another instance is faster: the key of its row lets only one of them through. */
async function runOnce(ctx: Context, seed: Seed): Promise<FirstStart | undefined> {
  try {
    return await ctx.inTransaction(async (ctx) => {
      await ctx.unscoped('seed_runs', why).insert({ name: seed.name, applied_at: ctx.now() });
      return seed.run(ctx);
    });
  } catch (error) {
    if ((await listApplied(ctx)).has(seed.name)) return undefined;
    throw error;
  }
}

async function listApplied(ctx: Context): Promise<Set<string>> {
  const runs = await ctx.unscoped('seed_runs', why).select().select('name').execute();
  return new Set(runs.map((run) => run.name));
}

const consoleMenus: Seed = {
  name: 'console-menus',
  async run(ctx) {
    const ids = new Map<string, number>();
    for (const { parent, ...menu } of menus as (Omit<Insertable<Tables['menus']>, 'parent_id'> & {
      parent?: string;
    })[]) {
      const parentId = parent === undefined ? null : (ids.get(parent) ?? null);
      ids.set(menu.name, await ctx.unscoped('menus', why).insert({ ...menu, parent_id: parentId, is_builtin: true }));
    }
    return undefined;
  },
};

const organisation: Seed = {
  name: 'departments',
  async run(ctx) {
    // Here, and not by itself: the head of the audit must not come back in an installation that has data.
    await beginChain(ctx);
    const placed = new Map<string, { id: number; path: string }>();
    for (const { code, name, parent, order } of depts as {
      code: string;
      name: string;
      parent?: string;
      order: number;
    }[]) {
      const above = parent === undefined ? undefined : placed.get(parent);
      const rows = ctx.unscoped('depts', why);
      const id = await rows.insert({
        code,
        name,
        order,
        parent_id: above?.id ?? null,
        path: `/new-${code}/`,
        created_at: ctx.now(),
        updated_at: ctx.now(),
      });
      const path = `${above?.path ?? '/'}${id}/`;
      await rows.updateQuietly({ path }).where('id', '=', id).execute();
      placed.set(code, { id, path });
    }
    return undefined;
  },
};

const accessRoles: Seed = {
  name: 'roles',
  async run(ctx) {
    for (const { permissions, ...role } of roles) {
      const stamps = { created_at: ctx.now(), updated_at: ctx.now() };
      const roleId = await ctx.unscoped('roles', why).insert({ ...role, is_builtin: true, ...stamps });
      await ctx
        .unscoped('role_permissions', why)
        .insertMany(permissions.map((permission) => ({ role_id: roleId, permission })));
    }
    return undefined;
  },
};

const administrator: Seed = {
  name: 'administrator',
  async run(ctx) {
    const given = ctx.settings.ADMIN_PASSWORD;
    const adminPassword = given || randomBytes(15).toString('base64url');
    const userId = await insertUser(ctx, {
      username: 'admin',
      email: ctx.settings.ADMIN_EMAIL.toLowerCase(),
      name: '超级管理员',
      hashed_password: await hashPassword(adminPassword),
      is_superuser: true,
      must_change_password: !given,
      dept_id: await idOf(ctx, 'depts', 'HQ'),
    });
    await giveRole(ctx, userId, await idOf(ctx, 'roles', 'admin'));
    return { adminPassword, passwordIsRandom: !given };
  },
};

const demonstration: Seed = {
  name: 'demonstration-users',
  async run(ctx) {
    // One hash for all: their password is published anyway, and forty hashes would take a second of the first start.
    const hashedPassword = await hashPassword(ctx.settings.ADMIN_PASSWORD);
    const add = async (username: string, name: string, dept: string, role: string) => {
      const email = `${username}@example.com`;
      const userId = await insertUser(ctx, {
        username,
        email,
        name,
        hashed_password: hashedPassword,
        dept_id: await idOf(ctx, 'depts', dept),
      });
      await giveRole(ctx, userId, await idOf(ctx, 'roles', role));
    };
    for (const { username, name, dept, role } of demoUsers.special) await add(username, name, dept, role);
    for (let number = 1; number <= demoUsers.count - demoUsers.special.length; number++) {
      const digits = String(number).padStart(2, '0');
      const dept = demoUsers.depts[number % demoUsers.depts.length] ?? 'HQ';
      await add(`demo${digits}`, `演示用户 ${digits}`, dept, demoUsers.role);
    }
    return undefined;
  },
};

type NewUser = {
  username: string;
  email: string;
  name: string;
  hashed_password: string;
  dept_id: number;
  is_superuser?: boolean;
  must_change_password?: boolean;
};

function insertUser(ctx: Context, user: NewUser): Promise<number> {
  return ctx.unscoped('users', why).insert({ ...user, created_at: ctx.now(), updated_at: ctx.now() });
}

async function giveRole(ctx: Context, userId: number, roleId: number): Promise<void> {
  await ctx.unscoped('user_roles', why).insert({ user_id: userId, role_id: roleId });
}

async function idOf(ctx: Context, table: 'depts' | 'roles', code: string): Promise<number> {
  const row = await ctx.unscoped(table, why).select().select('id').where('code', '=', code).executeTakeFirstOrThrow();
  return row.id;
}
