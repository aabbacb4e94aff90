import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { prepared } from '#core/prepared.ts';
import { useApp } from '#tests/harness.ts';
import type { Actor } from './access.ts';
import { Context } from './context.ts';
import { AppError } from './errors.ts';

const why = 'a test looks at what is stored';

describe('prepared statements', () => {
  const t = useApp();
  let builds = 0;
  const usersById = prepared((tables, { ids }: { ids: readonly number[] }) => {
    builds += 1;
    return tables
      .rows('users')
      .select()
      .select(['users.id', 'users.username'])
      .where('users.id', 'in', ids)
      .orderBy('users.id');
  });
  const allUsers = prepared((tables, { active }: { active: boolean }) =>
    tables.rows('users').select().select('users.id').where('users.is_active', '=', active).orderBy('users.id'),
  );

  /** A context of that user, with the rights that the service reads for them. */
  const contextOf = async (client: { userId: number; get(path: string): Promise<unknown> }) => {
    await client.get('users/me');
    const actor = t.environment.access.actor(client.userId) as Actor;
    return new Context(t.environment, { ...t.system.caller, actor });
  };

  test('find what the same statement finds when it is built for each caller', async () => {
    const clients = [
      t.admin,
      await t.as({ scope: 'dept_and_below', dept: 'NORTH' }),
      await t.as({ scope: 'dept_and_below', dept: 'SOUTH' }),
      await t.as({ scope: 'dept', dept: 'NORTH-RD' }),
      await t.as({ scope: 'dept', dept: 'SOUTH-RD' }),
      await t.as({ scope: 'custom', customDepts: ['NORTH-RD', 'SOUTH-RD'] }),
      await t.as({ scope: 'custom', customDepts: ['NORTH', 'HQ'] }),
      await t.as({ scope: 'self', dept: 'NORTH' }),
      await t.as({ scope: 'self', dept: 'SOUTH' }),
    ];
    const seen = new Set<string>();
    for (const client of clients) {
      const ctx = await contextOf(client);
      const plain = await ctx
        .rows('users')
        .select()
        .select('users.id')
        .where('users.is_active', '=', true)
        .orderBy('users.id')
        .execute();
      assert.deepEqual(await ctx.run(allUsers, { active: true }), plain);
      assert.deepEqual(await ctx.run(allUsers, { active: false }), []);
      seen.add(plain.map((user) => user.id).join());
    }
    assert.equal(seen.size, clients.length, 'every caller sees other rows, or this test shows nothing');
  });

  test('are built once for each length of their lists, not for each caller', async () => {
    const north = await contextOf(await t.as({ scope: 'dept_and_below', dept: 'NORTH' }));
    const south = await contextOf(await t.as({ scope: 'dept_and_below', dept: 'SOUTH' }));
    builds = 0;
    const own = async (ctx: Context, ids: readonly number[]) =>
      (await ctx.run(usersById, { ids })).map((user) => user.id);
    assert.deepEqual(await own(north, [north.actor.userId, south.actor.userId]), [north.actor.userId]);
    assert.deepEqual(await own(south, [north.actor.userId, south.actor.userId]), [south.actor.userId]);
    assert.equal(builds, 1);
    assert.deepEqual(await own(south, [south.actor.userId]), [south.actor.userId]);
    assert.equal(builds, 2);
  });

  test('are not remembered for lists of any length', async () => {
    const ctx = await contextOf(t.admin);
    const ids = Array.from({ length: 201 }, (_, index) => index + 1);
    builds = 0;
    await ctx.run(usersById, { ids });
    await ctx.run(usersById, { ids });
    assert.equal(builds, 2);
  });

  test('run in the transaction of their context', async () => {
    const ctx = await contextOf(t.admin);
    const { userId } = t.admin;
    await assert.rejects(
      ctx.inTransaction(async (inside) => {
        await inside.rows('users').updateQuietly({ username: 'renamed' }).where('id', '=', userId).execute();
        assert.equal((await inside.run(usersById, { ids: [userId] }))[0]?.username, 'renamed');
        throw new Error('undo');
      }),
      /undo/,
    );
    assert.equal((await ctx.run(usersById, { ids: [userId] }))[0]?.username, 'admin');
  });

  test('never change a table whose writes are kept: they would go past what keeps them', async () => {
    const { system } = t;
    const renaming = prepared((tables, { id }: { id: number }) =>
      tables.unscoped('positions', why).updateQuietly({ name: 'renamed' }).where('id', '=', id),
    );
    const removal = prepared((tables, { id }: { id: number }) =>
      tables.unscoped('positions', why).delete().where('id', '=', id),
    );
    const id = await system.unscoped('positions', why).insert({ code: 'KEPT', name: 'kept' });
    for (const statement of [renaming, removal]) {
      await assert.rejects(system.run(statement, { id }), /positions, whose writes are kept/);
      await assert.rejects(system.run(statement, { id }), /positions, whose writes are kept/, 'not only once');
    }
    const kept = await system.unscoped('positions', why).select().select('name').where('id', '=', id).execute();
    assert.deepEqual(kept, [{ name: 'kept' }]);
  });

  test('reach no rows without an actor', async () => {
    const fresh = prepared((tables, { id }: { id: number }) =>
      tables.rows('users').select().select('id').where('id', '=', id),
    );
    const isUnauthenticated = (error: unknown) => error instanceof AppError && error.definition.status === 401;
    await assert.rejects(t.system.run(fresh, { id: 1 }), isUnauthenticated);
    await (await contextOf(t.admin)).run(fresh, { id: 1 });
    await assert.rejects(t.system.run(fresh, { id: 1 }), isUnauthenticated);
  });
});
