import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { DATA_SCOPES } from '#core/access.ts';
import { type Answer, type Client, useApp } from '#tests/harness.ts';
import { testDialect } from '../dialect.ts';
import { type Oracle, Random, readStored, rightsIn, type Stored, visibleUserIds, World } from './world.ts';

const seed = Number(process.env['TEST_SEED'] ?? 20_261_123);
const SEQUENCES = Number(process.env['TEST_SEQUENCES'] ?? (testDialect() === 'sqlite' ? 300 : 60));
const STEPS = 5;

const GRANTS = [
  'system:user:query',
  'system:user:create',
  'system:user:update',
  'system:user:delete',
  'system:user:assign',
  'system:user:reset-password',
  'system:role:query',
  'system:role:create',
  'system:role:update',
  'system:role:delete',
  'system:role:assign',
  'system:dept:query',
  'system:dept:create',
  'system:dept:update',
  'system:dept:delete',
  'system:menu:query',
  'system:menu:update',
  'system:user:*',
  'system:role:*',
  '*:*:query',
];

describe('the grant ceiling, by random sequences of administrative actions', () => {
  const t = useApp();
  const random = new Random(seed);
  const codes = () => [...t.environment.catalogue.keys()];
  let menus: { id: number; permission: string | null }[];
  before(async () => {
    menus = (await t.admin.get('menus')).body.data.items;
  });

  /** One administrative action by somebody, with whatever it names picked blindly. */
  const act = async (client: Client, stored: Stored, making: World): Promise<[string, Answer]> => {
    const rights = rightsIn(stored, client.userId, []);
    const seen = new Set(visibleUserIds(stored, client.userId, rights));
    // Mostly at what they see, or nearly all would be refused; blindly else.
    const aimed = <T extends { id: number }>(rows: readonly T[], ids: ReadonlySet<number>): T => {
      const near = rows.filter(({ id }) => ids.has(id));
      return random.one(near.length > 0 && random.chance(0.75) ? near : rows);
    };
    const user = aimed(stored.users.slice(-40), seen);
    const role = random.one(stored.roles.slice(-20));
    const dept = aimed(stored.depts, rights.depts);
    const scope = random.one(DATA_SCOPES);
    const deptIds = [...new Set([aimed(stored.depts, rights.depts).id, aimed(stored.depts, rights.depts).id])];
    const permissions = random.some(GRANTS, 2);
    const userIds = [...new Set([user.id, ...(random.chance(0.3) ? [client.userId] : [])])];
    const roleIds = random.some(stored.roles.slice(-25), 2).map(({ id }) => id);
    const dataScope = { data_scope: scope, dept_ids: deptIds, includes_below: random.chance(0.5) };
    const name = making.name('new');
    const fresh = { username: name, email: `${name}@example.com`, password: 'a good password' };
    const actions: [string, number, () => Promise<Answer>][] = [
      ['create role', 3, () => client.post('roles', { code: name, name, permissions, ...dataScope })],
      ['set permissions', 4, () => client.put(`roles/${role.id}/permissions`, { permissions })],
      ['set data scope', 4, () => client.put(`roles/${role.id}/data-scope`, dataScope)],
      ['add members', 5, () => client.post(`roles/${role.id}/users`, { user_ids: userIds })],
      ['remove members', 2, () => client.delete(`roles/${role.id}/users`, { user_ids: userIds })],
      ['switch role', 2, () => client.patch(`roles/${role.id}`, { is_enabled: random.chance(0.6) })],
      ['delete role', 1, () => client.delete(`roles/${role.id}`)],
      ['create user', 1, () => client.post('users', { ...fresh, dept_id: dept.id, role_ids: roleIds.slice(0, 1) })],
      ['give roles', 4, () => client.put(`users/${user.id}/roles`, { role_ids: roleIds })],
      ['change user', 3, () => client.patch(`users/${user.id}`, { name, role_ids: roleIds.slice(0, 1) })],
      ['move user', 3, () => client.patch(`users/${user.id}`, { dept_id: random.chance(0.9) ? dept.id : null })],
      ['switch user', 2, () => client.patch(`users/${user.id}`, { is_active: random.chance(0.6) })],
      ['reset password', 1, () => client.post(`users/${user.id}/reset-password`, { password: 'a good password' })],
      ['delete user', 1, () => client.delete(`users/${user.id}`)],
      ['move dept', 4, () => client.patch(`depts/${dept.id}`, { parent_id: aimed(stored.depts, rights.depts).id })],
      ['create dept', 1, () => client.post('depts', { code: name, name, parent_id: dept.id })],
      ['delete dept', 1, () => client.delete(`depts/${dept.id}`)],
      ['switch menu', 2, () => client.patch(`menus/${random.one(menus).id}`, { is_enabled: random.chance(0.7) })],
    ];
    let left = random.below(actions.reduce((sum, [, weight]) => sum + weight, 0));
    for (const [label, weight, send] of actions) {
      left -= weight;
      if (left < 0) return [label, await send()];
    }
    throw new Error('the weights add up');
  };

  const lacks = (holder: Oracle, other: Oracle) => ({
    all: other.all && !holder.all,
    codes: [...other.codes].filter((code) => !holder.codes.has(code)),
    depts: [...other.depts].filter((id) => !holder.depts.has(id)),
  });
  const nothing = ({ all, codes, depts }: ReturnType<typeof lacks>) => !all && codes.length + depts.length === 0;

  /** What one successful action of somebody did to everybody, against what they held before it. */
  const judge = (actorId: number, label: string, before: Stored, after: Stored, note: string) => {
    const held = rightsIn(before, actorId, codes(), true);
    const seen = new Set(visibleUserIds(before, actorId, rightsIn(before, actorId, [])));
    const rolesOf = (stored: Stored, id: number) =>
      JSON.stringify(
        stored.userRoles
          .filter((row) => row.user_id === id)
          .map((row) => row.role_id)
          .sort(),
      );
    // Whose maker is deleted has none any more; nobody touched them.
    const rowOf = (user: Stored['users'][number]) => JSON.stringify({ ...user, created_by: null });
    for (const user of before.users) {
      const now = after.users.find(({ id }) => id === user.id);
      const rightsBefore = rightsIn(before, user.id, codes(), true);
      const touched = !now || rowOf(now) !== rowOf(user) || rolesOf(before, user.id) !== rolesOf(after, user.id);
      if (user.is_superuser) assert.ok(!touched, `${note}: root was touched`);
      if (touched && user.id !== actorId) {
        assert.ok(seen.has(user.id), `${note}: ${user.username} is out of sight`);
        const above = lacks(held, rightsBefore);
        assert.ok(nothing(above), `${note}: ${user.username} is above: ${JSON.stringify(above)}`);
      }
    }
    for (const user of after.users) {
      if (user.is_superuser) continue;
      const gained = lacks(rightsIn(before, user.id, codes(), true), rightsIn(after, user.id, codes(), true));
      const beyond = {
        all: gained.all && !held.all,
        codes: gained.codes.filter((code) => !held.codes.has(code)),
        // A department that is made below one of the actor's is nobody's loss.
        depts: gained.depts.filter((id) => !held.depts.has(id) && before.depts.some((dept) => dept.id === id)),
      };
      assert.ok(nothing(beyond), `${note}: ${user.username} gained by ${label}: ${JSON.stringify(beyond)}`);
    }
    for (const role of before.roles) {
      const grantsOf = (stored: Stored) => [
        stored.roles.find(({ id }) => id === role.id),
        stored.permissions.filter((row) => row.role_id === role.id),
        stored.roleDepts.filter((row) => row.role_id === role.id),
      ];
      if (JSON.stringify(grantsOf(before)) === JSON.stringify(grantsOf(after)) || label.endsWith('dept')) continue;
      for (const { user_id } of before.userRoles.filter((row) => row.role_id === role.id)) {
        const above = lacks(held, rightsIn(before, user_id, codes(), true));
        assert.ok(nothing(above), `${note}: a role of user ${user_id}, who is above, was changed`);
      }
    }
    for (const dept of after.depts) {
      const parent = after.depts.find(({ id }) => id === dept.parent_id);
      assert.equal(dept.path, `${parent?.path ?? '/'}${dept.id}/`, `${note}: the path of department ${dept.id}`);
    }
  };

  test(`${SEQUENCES} sequences: nobody comes to hold what nobody who acted held`, {
    timeout: 300_000,
  }, async (context) => {
    const done: Record<string, number> = {};
    let refused = 0;
    const making = new World(t, random);
    let stored = await readStored(t);
    for (let sequence = 0; sequence < SEQUENCES; sequence++) {
      if (sequence % 25 === 0) {
        // A new organisation, before too much of the old one is gone or locked out.
        const top = stored.depts[0]?.id ?? 1;
        const depts = [top];
        for (let count = 0; count < 6; count++) depts.push(await making.dept(random.one(depts)));
        const roles: number[] = [];
        for (let count = 0; count < 12; count++) roles.push(await making.randomRole(depts, random.some(GRANTS, 4)));
        const administrative = [
          await making.role({ scope: 'self', permissions: ['system:*:*'] }),
          await making.role({ scope: 'dept_and_below', permissions: ['system:*:*'] }),
          await making.role({ scope: 'custom', depts: depts.slice(1, 4), permissions: ['system:*:*'] }),
          await making.role({ scope: 'custom', below: true, depts: depts.slice(2, 4), permissions: ['*:*:*'] }),
        ];
        for (let count = 0; count < 20; count++) {
          const given = random.some(roles, 3);
          const dept = random.chance(0.9) ? random.one(depts) : null;
          await making.user({ dept, roles: count < 8 ? [random.one(administrative), ...given] : given });
        }
        t.environment.access.forgetActors();
        stored = await readStored(t);
      }
      const start = stored;
      const active = stored.users.filter((user) => user.is_active && !user.is_superuser).slice(-30);
      const able = active.filter(({ id }) => rightsIn(stored, id, codes()).codes.size > 8);
      const pool = able.length > 0 ? able : active;
      const actors = [...new Set([random.one(pool), ...random.some(pool, 1)])];
      const clients = await Promise.all(actors.map(({ id }) => making.client(id)));
      const first = clients[0];
      if (!first) continue;
      const steps: string[] = [];
      for (let step = 0; step < STEPS; step++) {
        const client = random.chance(0.7) ? first : random.one(clients);
        const [label, answer] = await act(client, stored, making);
        steps.push(`${client.userId} ${label} ${answer.status}`);
        const note = `TEST_SEED=${seed}, sequence ${sequence}: ${steps.join('; ')}`;
        assert.ok(answer.status < 500, `${note}: ${answer.text}`);
        const after = await readStored(t);
        if (answer.status !== 200) {
          refused += 1;
          assert.deepEqual(after, stored, `${note}: refused, and yet something changed`);
          continue;
        }
        done[label] = (done[label] ?? 0) + 1;
        judge(client.userId, label, stored, after, note);
        stored = after;
      }
      // Over the whole sequence: what anybody has more than at its start, one of those who acted had then.
      const held = actors.map(({ id }) => rightsIn(start, id, codes(), true));
      for (const user of stored.users.filter(({ is_superuser }) => !is_superuser)) {
        const gained = lacks(rightsIn(start, user.id, codes(), true), rightsIn(stored, user.id, codes(), true));
        const note = `TEST_SEED=${seed}, sequence ${sequence}: ${steps.join('; ')}: ${user.username}`;
        assert.ok(!gained.all || held.some(({ all }) => all), note);
        for (const code of gained.codes)
          assert.ok(
            held.some(({ codes }) => codes.has(code)),
            `${note} ${code}`,
          );
      }
    }
    const successful = Object.values(done).reduce((sum, count) => sum + count, 0);
    context.diagnostic(`${successful} actions done, ${refused} refused, TEST_SEED=${seed}: ${JSON.stringify(done)}`);
    assert.ok(successful > SEQUENCES / 2, 'most sequences do something');
  });
});
