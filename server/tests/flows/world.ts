import { randomUUID } from 'node:crypto';
import { DATA_SCOPES, type DataScopeName } from '#core/access.ts';
import type { Context } from '#core/context.ts';
import { loadActor } from '#modules/access/access.service.ts';
import type { Client, TestApp } from '#tests/harness.ts';

const why = 'a test makes an organisation';

/** Numbers that look random and come again with the same seed (mulberry32), so that a failure can be repeated. */
export class Random {
  readonly seed: number;
  #state: number;

  constructor(seed: number) {
    this.seed = seed;
    this.#state = seed;
  }

  /** From 0 up to, not including, 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  one<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }

  some<T>(items: readonly T[], most: number): T[] {
    const left = [...items];
    const taken: T[] = [];
    for (let count = this.below(most + 1); count > 0 && left.length > 0; count--)
      taken.push(...left.splice(this.below(left.length), 1));
    return taken;
  }
}

/** What is stored of the access model, read past everything that is under test. */
export interface Stored {
  readonly users: readonly {
    id: number;
    username: string;
    dept_id: number | null;
    created_by: number | null;
    is_active: boolean;
    is_superuser: boolean;
    hashed_password: string;
    name: string | null;
  }[];
  readonly depts: readonly { id: number; parent_id: number | null; path: string }[];
  readonly roles: readonly {
    id: number;
    code: string;
    data_scope: string;
    includes_below: boolean;
    is_enabled: boolean;
  }[];
  readonly userRoles: readonly { user_id: number; role_id: number }[];
  readonly permissions: readonly { role_id: number; permission: string }[];
  readonly roleDepts: readonly { role_id: number; dept_id: number }[];
}

export async function readStored({ system }: Pick<TestApp, 'system'>): Promise<Stored> {
  return {
    users: await system
      .unscoped('users', why)
      .select()
      .select(['id', 'username', 'dept_id', 'created_by', 'is_active', 'is_superuser', 'hashed_password', 'name'])
      .orderBy('id')
      .execute(),
    depts: await system.unscoped('depts', why).select().select(['id', 'parent_id', 'path']).orderBy('id').execute(),
    roles: await system
      .unscoped('roles', why)
      .select()
      .select(['id', 'code', 'data_scope', 'includes_below', 'is_enabled'])
      .orderBy('id')
      .execute(),
    userRoles: await system.unscoped('user_roles', why).select().select(['user_id', 'role_id']).execute(),
    permissions: await system
      .unscoped('role_permissions', why)
      .select()
      .select(['role_id', 'permission'])
      .orderBy('permission')
      .execute(),
    roleDepts: await system
      .unscoped('role_depts', why)
      .select()
      .select(['role_id', 'dept_id'])
      .orderBy('dept_id')
      .execute(),
  };
}

/** What somebody may do and see, worked out from the rows alone: no path, no range, no code of the program. */
export interface Oracle {
  readonly all: boolean;
  /** Departments whose rows are visible. */
  readonly depts: ReadonlySet<number>;
  /** Codes of the given catalogue that are held, menus aside. */
  readonly codes: ReadonlySet<string>;
}

/** `potential` counts disabled roles too. */
export function rightsIn(stored: Stored, userId: number, catalogue: Iterable<string>, potential = false): Oracle {
  const user = stored.users.find(({ id }) => id === userId);
  const everyDept = new Set(stored.depts.map(({ id }) => id));
  if (!user) return { all: false, depts: new Set(), codes: new Set() };
  if (user.is_superuser) return { all: true, depts: everyDept, codes: new Set(catalogue) };
  const mine = new Set(stored.userRoles.filter(({ user_id }) => user_id === userId).map(({ role_id }) => role_id));
  const roles = stored.roles.filter(({ id, is_enabled }) => mine.has(id) && (is_enabled || potential));
  const depts = new Set<number>();
  const addBelow = (deptId: number) => {
    depts.add(deptId);
    for (const dept of stored.depts) if (dept.parent_id === deptId) addBelow(dept.id);
  };
  for (const role of roles) {
    if (role.data_scope === 'dept' && user.dept_id !== null) depts.add(user.dept_id);
    if (role.data_scope === 'dept_and_below' && user.dept_id !== null) addBelow(user.dept_id);
    if (role.data_scope === 'custom') {
      for (const { role_id, dept_id } of stored.roleDepts) {
        if (role_id !== role.id) continue;
        if (role.includes_below) addBelow(dept_id);
        else depts.add(dept_id);
      }
    }
  }
  const all = roles.some(({ data_scope }) => data_scope === 'all');
  const grants = stored.permissions
    .filter(({ role_id }) => roles.some(({ id }) => id === role_id))
    .map(({ permission }) => new RegExp(`^${permission.replaceAll('*', '[^:]+')}$`));
  const codes = new Set([...catalogue].filter((code) => grants.some((grant) => grant.test(code))));
  return { all, depts: all ? everyDept : depts, codes };
}

/** The users that somebody sees by these rights. */
export function visibleUserIds(stored: Stored, userId: number, rights: Oracle): number[] {
  return stored.users
    .filter(
      ({ id, created_by, dept_id }) =>
        rights.all || id === userId || created_by === userId || (dept_id !== null && rights.depts.has(dept_id)),
    )
    .map(({ id }) => id);
}

export interface RoleSpec {
  readonly scope: DataScopeName;
  readonly enabled?: boolean;
  readonly below?: boolean;
  readonly depts?: readonly number[];
  readonly permissions?: readonly string[];
}

export interface UserSpec {
  readonly dept: number | null;
  readonly createdBy?: number | null;
  readonly active?: boolean;
  readonly roles?: readonly number[];
}

/** Adds rows straight to the database, so that making an organisation proves nothing and costs little. */
export class World {
  readonly t: TestApp;
  readonly random: Random;
  #made = 0;

  constructor(t: TestApp, random: Random) {
    this.t = t;
    this.random = random;
  }

  name(kind: string): string {
    this.#made += 1;
    return `${kind}-${this.random.seed}-${this.#made}`;
  }

  async dept(parentId: number): Promise<number> {
    const { system } = this.t;
    const rows = system.unscoped('depts', why);
    const parent = await rows.select().select('path').where('id', '=', parentId).executeTakeFirstOrThrow();
    const code = this.name('D');
    const id = await rows.insert({ code, name: code, parent_id: parentId, path: `/${code}/` });
    await rows
      .updateQuietly({ path: `${parent.path}${id}/` })
      .where('id', '=', id)
      .execute();
    return id;
  }

  async role({ scope, enabled = true, below = false, depts = [], permissions = [] }: RoleSpec): Promise<number> {
    const { system } = this.t;
    const code = this.name('role');
    const id = await system
      .unscoped('roles', why)
      .insert({ code, name: code, data_scope: scope, includes_below: below, is_enabled: enabled });
    await system.unscoped('role_depts', why).insertMany(depts.map((dept_id) => ({ role_id: id, dept_id })));
    await system
      .unscoped('role_permissions', why)
      .insertMany(permissions.map((permission) => ({ role_id: id, permission })));
    return id;
  }

  async user({ dept, createdBy = null, active = true, roles = [] }: UserSpec): Promise<number> {
    const { system } = this.t;
    const username = this.name('user');
    const id = await system.unscoped('users', why).insert({
      username,
      email: `${username}@example.com`,
      hashed_password: '!',
      dept_id: dept,
      created_by: createdBy,
      is_active: active,
    });
    await system.unscoped('user_roles', why).insertMany(roles.map((role_id) => ({ user_id: id, role_id })));
    return id;
  }

  randomRole(deptIds: readonly number[], permissions: readonly string[] = []): Promise<number> {
    const { random } = this;
    return this.role({
      scope: random.one(DATA_SCOPES),
      enabled: random.chance(0.8),
      below: random.chance(0.5),
      depts: random.some(deptIds, 3),
      permissions,
    });
  }

  /** Signs a user in without a password. */
  async client(userId: number): Promise<Client> {
    const { system, tokens } = this.t;
    const id = randomUUID();
    const at = new Date();
    await system
      .unscoped('sessions', why)
      .insert({ id, user_id: userId, last_seen_at: at, expires_at: new Date(at.getTime() + 3_600_000) });
    return { ...this.t.withToken(tokens.sign({ sub: String(userId), sid: id })), userId, sessionId: id };
  }

  /** The statements of a user, as a request of theirs would have them. */
  async context(userId: number): Promise<Context> {
    const actor = await loadActor(this.t.system, userId);
    if (actor === null || actor === 'inactive') throw new Error(`user ${userId} is not active`);
    return this.t.system.seenBy(actor);
  }
}
