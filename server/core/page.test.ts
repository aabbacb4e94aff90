import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { Random, World } from '#tests/flows/world.ts';
import { type Client, useApp } from '#tests/harness.ts';

const why = 'a test looks at what is stored';
/** Above the number of rows from which the newest are looked for by department. */
const USERS = 2600;

describe('pages of a large scope', () => {
  const t = useApp();
  const random = new Random(11);
  let world: World;
  let client: Client;
  let expected: { id: number; username: string; dept_id: number | null }[];

  before(async () => {
    world = new World(t, random);
    const [region, elsewhere] = [await world.dept(1), await world.dept(1)];
    const teams = [region];
    for (let count = 0; count < 30; count++) teams.push(await world.dept(random.one(teams)));
    const role = await world.role({ scope: 'dept_and_below', permissions: ['system:user:query', 'system:dept:query'] });
    const other = await world.role({ scope: 'custom', depts: [teams[3] as number] });
    const userId = await world.user({ dept: region, roles: [role, other] });
    client = await world.client(userId);
    const people = Array.from({ length: USERS }, (_, index) => ({
      username: `p${String((index * 7919) % USERS).padStart(5, '0')}`,
      email: `p${index}@example.com`,
      hashed_password: '!',
      // Some teams came as a block, the others grow all the time; some rows are seen by their maker alone.
      dept_id: index < 400 ? (teams[1] as number) : random.chance(0.05) ? elsewhere : random.one(teams.slice(2)),
      created_by: random.chance(0.03) ? userId : null,
    }));
    await t.system.unscoped('users', why).insertMany(people);
    const stored = await t.system
      .unscoped('users', why)
      .select()
      .select(['id', 'username', 'dept_id', 'created_by'])
      .execute();
    const seen = new Set(teams);
    expected = stored.filter((user) => seen.has(user.dept_id ?? 0) || user.created_by === userId);
    assert.ok(expected.some(({ dept_id }) => dept_id === elsewhere) && expected.length > 2200);
  });

  const idsOf = async (query: string) => {
    const { status, body } = await client.get(`users?${query}`);
    assert.equal(status, 200);
    assert.equal(body.data.total, expected.length, query);
    return body.data.items.map(({ id }: { id: number }) => id);
  };

  test('hold every row once, in every order, first, deep and last', async () => {
    const orders: Record<
      string,
      (one: { id: number; username: string }, two: { id: number; username: string }) => number
    > = {
      '-id': (one, two) => two.id - one.id,
      id: (one, two) => one.id - two.id,
      username: (one, two) => (one.username < two.username ? -1 : 1),
      '-username': (one, two) => (one.username < two.username ? 1 : -1),
    };
    for (const [order, compare] of Object.entries(orders)) {
      const all = expected.toSorted(compare).map(({ id }) => id);
      for (const [page, size] of [
        [1, 20],
        [2, 20],
        [10, 20],
        [11, 20],
        [1, 200],
        [7, 200],
        [Math.ceil(all.length / 200), 200],
      ] as const) {
        const note = `order_by=${order}&page=${page}&page_size=${size}`;
        assert.deepEqual(await idsOf(note), all.slice((page - 1) * size, page * size), note);
      }
    }
  });

  test('follow the newest wherever they are: in one department, or made by oneself elsewhere', async () => {
    const [busy] = expected.filter(({ dept_id }) => dept_id !== null);
    const added: number[] = [];
    for (let count = 0; count < 25; count++) added.push(await world.user({ dept: busy?.dept_id ?? null }));
    added.push(await world.user({ dept: null, createdBy: client.userId }));
    await world.user({ dept: null });
    expected.push(...added.map((id) => ({ id, username: `user-${id}`, dept_id: busy?.dept_id ?? null })));
    assert.deepEqual(
      await idsOf('page_size=30'),
      expected
        .map(({ id }) => id)
        .toSorted((a, b) => b - a)
        .slice(0, 30),
    );
  });

  test('are read in three statements', async () => {
    await client.get('users');
    for (const query of ['', '?page=40', '?order_by=username', '?is_active=true'])
      assert.equal((await client.get(`users${query}`)).statements, 3, query);
  });

  test('are read in one more where the newest lie far apart, among many that are out of sight', async () => {
    const outside = Array.from({ length: 2100 }, (_, index) => ({
      username: `outside-${index}`,
      email: `outside-${index}@example.com`,
      hashed_password: '!',
    }));
    await t.system.unscoped('users', why).insertMany(outside);
    const late = await world.user({ dept: expected.find(({ dept_id }) => dept_id !== null)?.dept_id ?? null });
    expected.push({ id: late, username: 'late', dept_id: null });
    const newest = expected.map(({ id }) => id).toSorted((a, b) => b - a);
    for (const [page, statements] of [
      [1, 4],
      [3, 4],
      [40, 3],
    ] as const) {
      const answer = await client.get(`users?page=${page}`);
      assert.equal(answer.statements, statements, `page ${page}`);
      assert.deepEqual(
        answer.body.data.items.map(({ id }: { id: number }) => id),
        newest.slice((page - 1) * 20, page * 20),
      );
    }
  });
});
