import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { sql } from 'kysely';
import type { Context } from '#core/context.ts';
import { Random, readStored, rightsIn, type Stored, visibleUserIds, World } from '#tests/flows/world.ts';
import { useApp } from '#tests/harness.ts';
import { tableByWay } from './scope.ts';

describe('the scope of what belongs to another row', () => {
  const t = useApp();
  let ctx: Context;
  let stored: Stored;
  let seen: Set<number>;

  before(async () => {
    const world = new World(t, new Random(5));
    const [own, foreign] = [await world.dept(1), await world.dept(1)];
    const roles = [await world.role({ scope: 'self' }), await world.role({ scope: 'dept' })];
    for (let count = 0; count < 6; count++) {
      await world.user({ dept: own, roles: roles.slice(0, count % 3) });
      await world.user({ dept: foreign, roles });
    }
    const userId = await world.user({ dept: own, roles });
    stored = await readStored(t);
    seen = new Set(visibleUserIds(stored, userId, rightsIn(stored, userId, [])));
    ctx = await world.context(userId);
    assert.ok(seen.size === 7 && stored.users.length > 13);
  });

  const rolesOf = (userId: number) => stored.userRoles.filter((row) => row.user_id === userId).length;
  const count = sql<number>`count(*)`.as('n');

  test('is that row, and asked for no second time beside it', async () => {
    const query = ctx
      .rows('users')
      .select()
      .select((eb) => [
        'users.id',
        eb.selectFrom('user_roles as given').select(count).whereRef('given.user_id', '=', 'users.id').as('roles'),
      ]);
    const rows = await query.execute();
    assert.deepEqual(new Set(rows.map(({ id }) => id)), seen);
    for (const row of rows) assert.equal(Number(row.roles), rolesOf(row.id));
    assert.equal(query.compile().sql.match(/scope_users/g), null);

    const joined = await ctx
      .rows('user_roles')
      .select()
      .innerJoin('users as holder', (join) => join.onTrue())
      .select('user_roles.user_id')
      .whereRef('holder.id', '=', 'user_roles.user_id')
      .execute();
    assert.equal(joined.length, stored.userRoles.filter((row) => seen.has(row.user_id)).length);
    assert.ok(joined.every((row) => seen.has(row.user_id)));
  });

  test('is looked up wherever the row beside it is another, or not tied to it', async () => {
    const visible = stored.userRoles.filter((row) => seen.has(row.user_id)).length;
    assert.equal((await ctx.rows('user_roles').select().select(count).executeTakeFirstOrThrow()).n, visible);
    const first = await ctx
      .rows('users')
      .select()
      .select((eb) => {
        const given = () => eb.selectFrom('user_roles as r').select(count);
        return [
          'users.id',
          given()
            .where((on) => on.or([on('r.user_id', '=', on.ref('users.id')), on('r.role_id', '>', 0)]))
            .as('one_side_of_an_or'),
          given()
            .where((on) => on.not(on('r.user_id', '=', on.ref('users.id'))))
            .as('a_not'),
          given().whereRef('r.user_id', '<>', 'users.id').as('another_comparison'),
          given().whereRef('r.role_id', '=', 'users.id').as('another_column'),
        ];
      })
      .orderBy('users.id')
      .executeTakeFirstOrThrow();
    const others = visible - rolesOf(first.id);
    assert.equal(Number(first.one_side_of_an_or), visible);
    assert.deepEqual([Number(first.a_not), Number(first.another_comparison)], [others, others]);
    const sameNumber = stored.userRoles.filter((row) => row.role_id === first.id && seen.has(row.user_id)).length;
    assert.equal(Number(first.another_column), sameNumber);
  });

  test('is not taken from a table of another kind under the same name', async () => {
    const rows = await ctx
      .rows('users')
      .select()
      .select((eb) =>
        eb
          .selectFrom(['user_roles as r', 'roles as users'])
          .select(count)
          .whereRef('r.user_id', '=', 'users.id')
          .as('n'),
      )
      .limit(1)
      .execute();
    const roleIds = new Set(stored.roles.map(({ id }) => id));
    const expected = stored.userRoles.filter((row) => roleIds.has(row.user_id) && seen.has(row.user_id)).length;
    assert.equal(Number(rows[0]?.n), expected);
    assert.ok(stored.userRoles.some((row) => roleIds.has(row.user_id) && !seen.has(row.user_id)));
  });

  test('cannot be narrowed by a name: an unknown way or schema, or a way past the scope, is closed', async () => {
    const from = (source: string) =>
      ctx
        .rows('users')
        .select()
        .where('users.id', 'in', (eb) => eb.selectFrom(source as 'users').select('users.id'))
        .select('users.id');
    await assert.rejects(from(tableByWay('users', 'fly')).execute(), /in the scope by fly/);
    await assert.rejects(from('elsewhere.users as users').execute(), /no data scope is declared for the schema/);
    await assert.rejects(
      t.system
        .unscoped('users', 'a test leaves the scope')
        .select()
        .where('users.id', 'in', (eb) => eb.selectFrom(tableByWay('users', 'dept') as 'users').select('users.id'))
        .select('users.id')
        .execute(),
    );
    const nested = ctx
      .rows('users')
      .select()
      .select('users.id')
      .where('users.id', 'in', (eb) =>
        (eb as never as { selectFrom: (source: unknown) => never }).selectFrom(
          t.database.kysely
            .with('mine', (cte) => cte.selectFrom('users').select('users.id'))
            .selectFrom('mine')
            .select('mine.id')
            .as('m') as never,
        ),
      );
    await assert.rejects(nested.execute(), /belong to the whole statement|no data scope/);
  });
});
