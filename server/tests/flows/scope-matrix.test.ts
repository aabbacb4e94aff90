import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { sql } from 'kysely';
import { DATA_SCOPES } from '#core/access.ts';
import type { Context } from '#core/context.ts';
import { ScopePlugin } from '#core/scope.ts';
import { type Client, useApp } from '#tests/harness.ts';
import { testDialect } from '../dialect.ts';
import { Random, readStored, rightsIn, type Stored, visibleUserIds, World } from './world.ts';

const why = 'a test looks at what is stored';
const onSqlite = testDialect() === 'sqlite';
const seed = Number(process.env['TEST_SEED'] ?? 20_261_123);

class RollBack extends Error {}

/** Runs a change, answers with what it says, and takes it back. */
async function tried<R>(ctx: Context, work: (ctx: Context) => Promise<R>): Promise<R> {
  let result: { value: R } | undefined;
  try {
    await ctx.inTransaction(async (ctx) => {
      result = { value: await work(ctx) };
      throw new RollBack();
    });
  } catch (error) {
    if (!(error instanceof RollBack)) throw error;
  }
  return (result as { value: R }).value;
}

const sorted = (ids: readonly number[]) => ids.toSorted((one, other) => one - other);
const idsOf = (rows: readonly { id: number }[]) => sorted(rows.map(({ id }) => id));

describe('the data scope, for every scope and random unions of them, against an oracle', () => {
  const t = useApp();
  const random = new Random(seed);
  let world: World;
  let stored: Stored;
  const actors: { label: string; id: number; client: Client }[] = [];

  before(async () => {
    world = new World(t, random);
    const first = (await readStored(t)).depts.map(({ id }) => id);
    for (let count = 0; count < 12; count++) first.push(await world.dept(random.one(first)));
    const position = await t.system.unscoped('positions', why).insert({ code: 'P', name: 'P' });
    const permissions = ['system:user:*', 'system:dept:*', 'system:role:query', 'monitor:online:*'];
    const makers: number[] = [];
    const add = async (label: string, dept: number | null, roles: readonly number[]) => {
      const id = await world.user({ dept, roles });
      makers.push(id);
      actors.push({ label, id, client: await world.client(id) });
    };
    const base = await world.role({ scope: 'self', permissions });
    for (const scope of DATA_SCOPES) {
      const chosen = scope === 'custom' ? [random.one(first), random.one(first.slice(0, 4))] : [];
      const depts = [...new Set(chosen)];
      const role = await world.role({ scope, depts });
      await add(scope, random.one(first.slice(1, 6)), [base, role]);
      await add(`${scope}, without a department`, null, [base, role]);
      await add(`${scope}, disabled`, first[0] ?? null, [base, await world.role({ scope, enabled: false, depts })]);
    }
    await add('custom with below', null, [
      base,
      await world.role({ scope: 'custom', below: true, depts: [first[1]!] }),
    ]);
    await add('custom without any department', first[0]!, [base, await world.role({ scope: 'custom' })]);
    for (let union = 0; union < 20; union++) {
      const roles = [await world.randomRole(first), await world.randomRole(first)];
      if (random.chance(0.5)) roles.push(await world.randomRole(first));
      await add(`union ${union}`, random.chance(0.8) ? random.one(first) : null, [base, ...roles]);
    }
    // A department that is gone takes itself out of the scopes that named it.
    const gone = await world.dept(first[0]!);
    await add('custom of a deleted department', null, [base, await world.role({ scope: 'custom', depts: [gone] })]);
    assert.equal((await t.admin.delete(`depts/${gone}`)).status, 200);
    for (let count = 0; count < 25; count++) {
      const id = await world.user({
        dept: random.chance(0.85) ? random.one(first) : null,
        createdBy: random.chance(0.4) ? random.one(makers) : null,
        active: random.chance(0.8),
        roles: random.chance(0.3) ? [base] : [],
      });
      await t.system.unscoped('user_positions', why).insert({ user_id: id, position_id: position });
      await world.client(id);
    }
    stored = await readStored(t);
  });

  const expectedFor = (actorId: number) => {
    const rights = rightsIn(stored, actorId, []);
    const users = visibleUserIds(stored, actorId, rights);
    return { users, seen: new Set(users), depts: sorted([...rights.depts]), rights };
  };

  test('lists, counts, options and exports hold exactly the rows of the scope', async () => {
    const sessions = await t.system.unscoped('sessions', why).select().select(['id', 'user_id']).execute();
    for (const { label, id, client } of actors) {
      const { users, seen, depts } = expectedFor(id);
      const note = `${label} (TEST_SEED=${seed})`;
      const list = await client.get('users?page_size=200');
      assert.deepEqual(idsOf(list.body.data.items), users, note);
      assert.equal(list.body.data.total, users.length, note);
      const active = stored.users.filter((user) => user.is_active && seen.has(user.id)).map((user) => user.id);
      const options = await client.get('users/options?page_size=200');
      assert.deepEqual([idsOf(options.body.data.items), options.body.data.total], [active, active.length], note);
      const csv = (await client.post('users/export', {})).text.trim().split(/\r?\n/).slice(1);
      assert.deepEqual(sorted(csv.map((line) => Number(line.split(',')[0]?.replaceAll('"', '')))), users, note);
      assert.deepEqual(idsOf((await client.get('depts')).body.data.items), depts, note);
      const online = (await client.get('online-users?page_size=200')).body.data;
      const signedIn = sessions.filter((session) => seen.has(session.user_id)).map(({ id }) => id);
      const shown = online.items.map((row: { id: string }) => row.id);
      assert.deepEqual([shown.toSorted(), online.total], [signedIn.toSorted(), signedIn.length], note);
      assert.deepEqual(idsOf((await client.get('depts/options')).body.data.items), depts, note);
      for (const role of stored.roles.slice(-3)) {
        const members = stored.userRoles.filter((row) => row.role_id === role.id && seen.has(row.user_id));
        const { data } = (await client.get(`roles/${role.id}/users?page_size=200`)).body;
        assert.deepEqual([idsOf(data.items), data.total], [sorted(members.map((row) => row.user_id)), members.length]);
      }
      for (const dept of random.some(stored.depts, 3)) {
        const { total } = (await client.get(`users?dept_id=${dept.id}`)).body.data;
        const below = new Set(stored.depts.filter(({ path }) => path.startsWith(dept.path)).map((one) => one.id));
        const inside = stored.users.filter((user) => seen.has(user.id) && below.has(user.dept_id ?? 0));
        // A department outside the scope cannot be asked about, not even for the own row in it.
        assert.equal(
          total,
          depts.includes(dept.id) ? inside.filter((user) => depts.includes(user.dept_id ?? 0)).length : 0,
        );
      }
    }
  });

  test('a row outside the scope is not there: read, changed, deleted, reset, given a role', async (context) => {
    let asked = 0;
    for (const { label, id, client } of actors) {
      const { seen, depts } = expectedFor(id);
      const users = onSqlite ? stored.users : random.some(stored.users, 12);
      for (const user of users) {
        const note = `${label} → user ${user.id} (TEST_SEED=${seed})`;
        asked += 1;
        assert.equal((await client.get(`users/${user.id}`)).status, seen.has(user.id) ? 200 : 404, note);
        if (!random.chance(0.4)) continue;
        const change = await client.patch(`users/${user.id}`, { remark: 'x' });
        assert.ok(seen.has(user.id) ? change.status === 200 || change.status === 403 : change.status === 404, note);
        if (seen.has(user.id) || !random.chance(0.1)) continue;
        const refused = [
          await client.delete(`users/${user.id}`),
          await client.put(`users/${user.id}/roles`, { role_ids: [] }),
          await client.put(`users/${user.id}/roles?dry_run=true`, { role_ids: [] }),
          await client.post(`users/${user.id}/reset-password`, { password: 'a new password' }),
          await client.get(`users/${user.id}/sessions`),
        ];
        assert.deepEqual(
          refused.map(({ status }) => status),
          [404, 404, 404, 404, 404],
          note,
        );
        const batch = await client.post('users/batch-delete', { ids: [user.id, id] });
        assert.deepEqual([batch.status, batch.body.details[0]?.path], [409, 'ids.0'], note);
      }
      for (const dept of onSqlite ? stored.depts : random.some(stored.depts, 8)) {
        const there = depts.includes(dept.id);
        const note = `${label} → dept ${dept.id} (TEST_SEED=${seed})`;
        assert.equal((await client.get(`depts/${dept.id}`)).status, there ? 200 : 404, note);
        assert.equal((await client.patch(`depts/${dept.id}`, { order: 1 })).status, there ? 200 : 404, note);
        if (!there) assert.equal((await client.delete(`depts/${dept.id}`)).status, 404, note);
      }
    }
    assert.deepEqual(await readStored(t), stored, `TEST_SEED=${seed}`);
    context.diagnostic(`${actors.length} actors, ${asked} users asked for, TEST_SEED=${seed}`);
  });

  test('statements of ctx.rows: select, count, join, sub-query, CTE, aggregate, update, delete', async () => {
    const sessions = await t.system.unscoped('sessions', why).select().select(['id', 'user_id']).execute();
    const positions = await t.system.unscoped('user_positions', why).select().select('user_id').execute();
    for (const { label, id } of actors) {
      const note = `${label} (TEST_SEED=${seed})`;
      const { users, seen, depts, rights } = expectedFor(id);
      const ctx = await world.context(id);
      const through = (rows: readonly { user_id: number }[]) => rows.filter((row) => seen.has(row.user_id)).length;
      const count = async (table: 'users' | 'depts' | 'sessions' | 'user_roles' | 'user_positions') =>
        (await ctx.rows(table).select().select(sql<number>`count(*)`.as('n')).executeTakeFirstOrThrow()).n;
      const expected = {
        users: users.length,
        depts: depts.length,
        sessions: through(sessions),
        user_roles: through(stored.userRoles),
        user_positions: through(positions),
      };
      for (const [table, rows] of Object.entries(expected))
        assert.equal(await count(table as keyof typeof expected), rows, `${note}: count of ${table}`);

      const joined = await ctx
        .rows('users')
        .select()
        .innerJoin('depts as d', 'd.id', 'users.dept_id')
        .leftJoin('users as creator', 'creator.id', 'users.created_by')
        .select(['users.id', 'd.id as dept', 'creator.id as creator', 'users.created_by'])
        .execute();
      const inDepts = stored.users.filter((user) => seen.has(user.id) && rights.depts.has(user.dept_id ?? 0));
      assert.deepEqual(idsOf(joined), idsOf(inDepts), note);
      for (const row of joined)
        assert.equal(row.creator, row.created_by !== null && seen.has(row.created_by) ? row.created_by : null, note);

      const nested = await ctx
        .rows('depts')
        .select()
        .select((eb) => [
          'depts.id',
          eb
            .selectFrom('users as u')
            .select((inner) => inner.fn.countAll<number>().as('n'))
            .whereRef('u.dept_id', '=', 'depts.id')
            .as('users'),
        ])
        .where('depts.id', 'in', (eb) =>
          eb.selectFrom('users').select('users.dept_id').where('dept_id', 'is not', null),
        )
        .execute();
      for (const row of nested)
        assert.equal(Number(row.users), stored.users.filter((user) => user.dept_id === row.id).length, note);
      assert.deepEqual(idsOf(nested), sorted([...new Set(inDepts.map((user) => user.dept_id ?? 0))]), note);

      const grouped = await ctx
        .rows('users')
        .select()
        .select(['dept_id', (eb) => eb.fn.max('users.id').as('last')])
        .groupBy('dept_id')
        .execute();
      assert.ok(
        grouped.every((row) => seen.has(row.last)),
        note,
      );

      const changed = {
        users: await tried(
          ctx,
          async (ctx) => (await ctx.rows('users').updateQuietly({ remark: 'y' }).executeTakeFirst()).numUpdatedRows,
        ),
        depts: await tried(
          ctx,
          async (ctx) =>
            (await ctx.rows('depts').updateQuietly({ order: 9 }).where('id', '>', 0).executeTakeFirst()).numUpdatedRows,
        ),
        sessions: await tried(
          ctx,
          async (ctx) =>
            (await ctx.rows('sessions').updateQuietly({ revoked_reason: 'z' }).executeTakeFirst()).numUpdatedRows,
        ),
        user_roles: await tried(
          ctx,
          async (ctx) => (await ctx.rows('user_roles').delete().executeTakeFirst()).numDeletedRows,
        ),
        user_positions: await tried(
          ctx,
          async (ctx) =>
            (await ctx.rows('user_positions').delete().where('user_id', '>', 0).executeTakeFirst()).numDeletedRows,
        ),
      };
      for (const [table, rows] of Object.entries(changed)) {
        const most = expected[table as keyof typeof expected];
        assert.equal(Number(rows), most, `${note}: changed of ${table}`);
      }
      // Whoever goes leaves what they made without an owner, on MariaDB in the middle of the statement; so all but the own row.
      const gone = await tried(ctx, async (ctx) => {
        const result = await ctx.rows('users').delete().where('users.id', '<>', id).executeTakeFirst();
        return result.numDeletedRows;
      });
      assert.equal(Number(gone), users.length - 1, note);
    }
  });

  test('common table expressions carry the scope; a table that nobody declared, or a name that hides one, is closed', async () => {
    const actor = actors[0] as (typeof actors)[number];
    for (const { id, label } of actors) {
      const ctx = await world.context(id);
      if (ctx.actor.scope.all) continue;
      const { users, seen } = expectedFor(id);
      const db = t.database.kysely.withPlugin(new ScopePlugin(t.environment.entities, ctx.actor.scope));
      const chosen = await db
        .with('chosen', (cte) => cte.selectFrom('users').select(['users.id', 'users.created_by']))
        .selectFrom('chosen')
        .leftJoin('users as creator', 'creator.id', 'chosen.created_by')
        .select(['chosen.id', 'creator.id as creator'])
        .execute();
      assert.deepEqual(idsOf(chosen), users, label);
      assert.ok(
        chosen.every((row) => row.creator === null || seen.has(row.creator)),
        label,
      );
      // The rule itself asks for departments; a CTE of that name would answer instead of them.
      const hidden = db.with('depts', (cte) => cte.selectFrom('users').select(['users.id', sql.lit('/1/').as('path')]));
      await assert.rejects(hidden.selectFrom('users').select('users.id').execute(), /depts hides a table/, label);
    }
    const ctx = await world.context((actors.find(({ label }) => label === 'self') ?? actor).id);
    assert.throws(() => ctx.rows('schema_migrations' as 'users'), /no entity declares/);
    // This table exists, so only the scope itself can refuse it.
    await t.database.kysely.schema.createTable('undeclared').addColumn('id', 'integer').execute();
    const sneaky = ctx
      .rows('users')
      .select()
      .select('users.id')
      .where('users.id', 'in', (eb) => eb.selectFrom('undeclared' as 'users').select('id'));
    await assert.rejects(sneaky.execute(), /no data scope is declared for the table undeclared/);
    const joined = ctx
      .rows('users')
      .select()
      .innerJoin('undeclared as u' as 'users as u', (join) => join.onTrue())
      .select('users.id');
    await assert.rejects(joined.execute(), /no data scope is declared for the table undeclared/);
    await t.database.kysely.schema.dropTable('undeclared').execute();
  });
});
