import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { type Answer, useApp } from '#tests/harness.ts';
import { Random, readStored, World } from './world.ts';

const administrative = ['system:user:*', 'system:role:*', 'system:dept:*', 'system:menu:*', 'system:permission:query'];

describe('the grant ceiling, case by case', () => {
  const t = useApp();
  let world: World;
  let top: number;
  before(async () => {
    world = new World(t, new Random(1));
    top = (await readStored(t)).depts[0]?.id ?? 0;
  });

  const refused = ({ status, body }: Answer, error = 'ceiling.exceeded', expected = 403) =>
    assert.deepEqual([status, body.error], [expected, error], JSON.stringify(body));
  const unchanged = async (work: () => Promise<unknown>) => {
    const before = await readStored(t);
    await work();
    assert.deepEqual(await readStored(t), before);
  };

  test('A17 A26 moving a department does not bring what lies below it into the own scope', async () => {
    const [own, foreign] = [await world.dept(top), await world.dept(top)];
    const secret = await world.dept(foreign);
    const below = await world.role({ scope: 'dept_and_below', permissions: administrative });
    const alone = await world.role({ scope: 'custom', depts: [foreign] });
    const mover = await world.client(await world.user({ dept: own, roles: [below, alone] }));
    assert.equal((await mover.get(`depts/${secret}`)).status, 404);
    await unchanged(async () => refused(await mover.patch(`depts/${foreign}`, { parent_id: own })));
    assert.equal((await mover.get(`depts/${secret}`)).status, 404);
    assert.equal((await mover.patch(`depts/${foreign}`, { order: 5 })).status, 200, 'all else may be changed');
  });

  test('A26 a department made where its maker would not see it is refused as such', async () => {
    const own = await world.dept(top);
    const roles = [await world.role({ scope: 'dept', permissions: administrative })];
    const maker = await world.client(await world.user({ dept: own, roles }));
    const answer = await maker.post('depts', { code: 'unseen', name: 'x', parent_id: own });
    refused(answer, 'dept.parent_missing', 409);
    assert.equal(
      (await readStored(t)).depts.some(({ path }) => path.startsWith('/new-')),
      false,
    );
  });

  test('A21 a refusal counts those out of sight, and names none of them', async () => {
    const [own, foreign] = [await world.dept(top), await world.dept(top)];
    const below = await world.dept(own);
    const small = await world.role({ scope: 'self', permissions: ['system:user:query'] });
    const [near, far] = [
      await world.user({ dept: own, roles: [small] }),
      await world.user({ dept: foreign, roles: [small] }),
    ];
    const names = new Map((await readStored(t)).users.map((user) => [user.id, user.username]));
    const roles = [await world.role({ scope: 'dept', permissions: administrative })];
    const actor = await world.client(await world.user({ dept: own, roles }));
    const answers = [
      await actor.patch(`roles/${small}`, { name: 'mine' }),
      await actor.put(`roles/${small}/permissions`, { permissions: [] }),
      await actor.put(`roles/${small}/permissions?dry_run=true`, { permissions: [] }),
      await actor.put(`roles/${small}/data-scope`, { data_scope: 'self' }),
    ];
    for (const answer of answers) {
      refused(answer);
      assert.ok(!answer.text.includes(names.get(far) ?? '?'), answer.text);
      assert.match(answer.text, /1 /);
    }
    const used = await actor.delete(`roles/${small}`);
    assert.equal(used.status, 403);
    assert.ok(!used.text.includes(names.get(far) ?? '?'), used.text);
    await t.admin.delete(`roles/${small}/users`, { user_ids: [near] });
    const inUse = await t.admin.delete(`roles/${small}`);
    assert.ok(inUse.text.includes(names.get(far) ?? '?'), 'who sees all hears the names');
    const children = await actor.delete(`depts/${own}`);
    assert.equal(children.body.error, 'dept.has_children');
    const name = (await t.admin.get(`depts/${below}`)).body.data.name;
    assert.ok(!children.text.includes(name), children.text);
  });

  test('A17 rights lent to a role do not grow when another widens it', async () => {
    const own = await world.dept(top);
    const roles = [await world.role({ scope: 'dept_and_below', permissions: administrative })];
    const lender = await world.client(await world.user({ dept: own, roles }));
    const helper = await world.client(await world.user({ dept: own, roles }));
    const user_ids = [lender.userId];
    const { id } = (await lender.post('roles', { code: 'lent', name: 'x', permissions: ['system:user:query'] })).body
      .data;
    assert.equal((await lender.post(`roles/${id}/users`, { user_ids })).status, 200);
    for (const actor of [lender, helper]) {
      await unchanged(async () => {
        refused(await actor.put(`roles/${id}/permissions`, { permissions: ['*:*:*'] }));
        refused(await actor.put(`roles/${id}/data-scope`, { data_scope: 'all' }));
        refused(await actor.put(`roles/${id}/data-scope?dry_run=true`, { data_scope: 'all' }));
        const custom = { data_scope: 'custom', includes_below: true, dept_ids: [top] };
        refused(await actor.put(`roles/${id}/data-scope`, custom), 'role.dept_missing', 409);
      });
    }
    // Once somebody who may has widened it, those who lent it can neither hand it on nor change it.
    assert.equal((await t.admin.put(`roles/${id}/permissions`, { permissions: ['*:*:*'] })).status, 200);
    assert.equal((await t.admin.delete(`roles/${id}/users`, { user_ids })).status, 200);
    await unchanged(async () => {
      refused(await lender.post(`roles/${id}/users`, { user_ids }));
      refused(await helper.post(`roles/${id}/users`, { user_ids }));
      refused(await lender.put(`users/${lender.userId}/roles`, { role_ids: [...roles, id] }));
      refused(await lender.patch(`users/${helper.userId}`, { role_ids: [id] }));
      refused(await lender.patch(`roles/${id}`, { name: 'x' }));
      refused(await lender.delete(`roles/${id}`));
    });
  });

  test('A17 nothing hides in a disabled role, a disabled user or a switched-off menu', async () => {
    const own = await world.dept(top);
    const actor = await world.client(
      await world.user({
        dept: own,
        roles: [await world.role({ scope: 'dept_and_below', permissions: administrative })],
      }),
    );
    const strong = await world.role({ scope: 'all', permissions: ['*:*:*'], enabled: false });
    const sleeping = await world.user({ dept: own, roles: [strong], active: false });
    await unchanged(async () => {
      refused(await actor.patch(`roles/${strong}`, { is_enabled: true }));
      refused(await actor.post(`roles/${strong}/users`, { user_ids: [actor.userId] }));
      refused(
        await actor.post('roles', {
          code: 'hidden',
          name: 'x',
          permissions: ['a:b:c', '*:*:*'].slice(1),
          is_enabled: false,
        }),
      );
      refused(await actor.patch(`users/${sleeping}`, { is_active: true }));
      refused(await actor.post(`users/${sleeping}/reset-password`, {}));
      refused(await actor.delete(`users/${sleeping}`));
      refused(await actor.post('users/batch-delete', { ids: [sleeping] }));
      refused(await actor.patch(`users/${sleeping}`, { email: 'mine@example.com' }));
      refused(await actor.put(`users/${sleeping}/roles`, { role_ids: [] }));
    });
    const menus: { id: number; permission: string | null }[] = (await t.admin.get('menus')).body.data.items;
    const position = menus.find(({ permission }) => permission === 'system:position:query')?.id;
    const system = (await t.admin.get('menus?keyword=system')).body.data.items.find(
      (menu: { name: string }) => menu.name === 'system',
    );
    refused(await actor.patch(`menus/${position}`, { is_enabled: false }));
    refused(await actor.patch(`menus/${position}`, { permission: null }));
    refused(await actor.patch(`menus/${system.id}`, { is_enabled: false }));
    const button = { kind: 'button', name: 'again', title: 'x', parent_id: position };
    refused(await actor.post('menus', { ...button, permission: 'system:position:delete' }));
  });

  test('A17 what a role comes to depends on where its holder is, and is measured there', async () => {
    const [own, single] = [await world.dept(top), await world.dept(top)];
    await world.dept(single);
    const below = await world.role({ scope: 'dept_and_below', permissions: administrative });
    const alone = await world.role({ scope: 'custom', depts: [single], permissions: administrative });
    const actor = await world.client(await world.user({ dept: own, roles: [below, alone] }));
    const [holder, there] = [
      await world.user({ dept: own, roles: [await world.role({ scope: 'dept_and_below' })] }),
      await world.user({ dept: single }),
    ];
    const reaching = { data_scope: 'custom', dept_ids: [single], includes_below: true };
    await unchanged(async () => {
      refused(await actor.patch(`users/${holder}`, { dept_id: single }));
      refused(await actor.put(`users/${there}/roles`, { role_ids: [below] }));
      refused(await actor.post(`roles/${below}/users`, { user_ids: [there] }));
      refused(await actor.post('roles', { code: 'reaching', name: 'x', ...reaching }));
      const fresh = { username: 'sneaky', email: 'sneaky@example.com', password: 'long enough' };
      refused(await actor.post('users', { ...fresh, dept_id: single, role_ids: [below] }));
    });
    assert.equal((await actor.post(`roles/${below}/users`, { user_ids: [holder] })).status, 200);
  });

  test('A18 a department cannot be moved by somebody below those who work in it', async () => {
    const own = await world.dept(top);
    const [from, to] = [await world.dept(own), await world.dept(own)];
    const actor = await world.client(
      await world.user({
        dept: own,
        roles: [await world.role({ scope: 'dept_and_below', permissions: ['system:dept:*'] })],
      }),
    );
    const boss = await world.user({ dept: from, roles: [await world.role({ scope: 'all', permissions: ['*:*:*'] })] });
    await unchanged(async () => refused(await actor.patch(`depts/${from}`, { parent_id: to })));
    assert.equal((await t.admin.patch(`users/${boss}`, { dept_id: top })).status, 200);
    assert.equal((await actor.patch(`depts/${from}`, { parent_id: to })).status, 200);
  });

  test('A18 the administrator and the own account: not disabled, deleted, reset or stripped by anybody else', async () => {
    const equal = await world.client(
      await world.user({ dept: top, roles: [await world.role({ scope: 'all', permissions: ['*:*:*'] })] }),
    );
    const root = t.admin.userId;
    const second = await t.as({ superuser: true });
    const admin = (await t.admin.get('roles?keyword=admin')).body.data.items[0].id;
    await unchanged(async () => {
      for (const answer of [
        await equal.patch(`users/${root}`, { is_active: false }),
        await equal.patch(`users/${root}`, { name: 'x' }),
        await equal.patch(`users/${root}`, { dept_id: null }),
        await equal.delete(`users/${root}`),
        await equal.post(`users/${root}/reset-password`, {}),
        await equal.put(`users/${root}/roles`, { role_ids: [] }),
        await equal.delete(`roles/${admin}/users`, { user_ids: [root] }),
        await equal.put(`roles/${admin}/permissions`, { permissions: [] }),
        await equal.put(`roles/${admin}/data-scope`, { data_scope: 'self' }),
        await equal.patch(`roles/${admin}`, { is_enabled: false }),
        await t.admin.patch(`roles/${admin}`, { is_enabled: false }),
        await t.admin.delete(`roles/${admin}`),
        await t.admin.patch(`users/${root}`, { is_active: false }),
        await second.patch(`users/${root}`, { is_active: false }),
        await second.delete(`users/${root}`),
        await t.admin.delete(`users/${root}`),
        await equal.patch(`users/${equal.userId}`, { is_active: false }),
        await equal.delete(`users/${equal.userId}`),
      ])
        assert.equal(answer.status, 403, answer.text);
    });
  });

  test('of two moves and creations at once, each department keeps the path of its place', async () => {
    for (let round = 0; round < 5; round++) {
      const [a, b, c] = [await world.dept(top), await world.dept(top), await world.dept(top)];
      const answers = await Promise.all([
        t.admin.patch(`depts/${a}`, { parent_id: b }),
        t.admin.patch(`depts/${b}`, { parent_id: a }),
        t.admin.post('depts', { code: `c-${round}`, name: 'x', parent_id: a }),
        t.admin.patch(`depts/${c}`, { parent_id: a }),
        t.admin.post('depts', { code: `d-${round}`, name: 'x', parent_id: b }),
      ]);
      assert.ok(answers.every(({ status }) => status === 200 || status === 409));
      const { depts } = await readStored(t);
      for (const dept of depts) {
        const parent = depts.find(({ id }) => id === dept.parent_id);
        assert.equal(dept.path, `${parent?.path ?? '/'}${dept.id}/`, `department ${dept.id} in round ${round}`);
      }
    }
  });

  test('of two moves of menus at once, neither makes a menu its own ancestor', async () => {
    const make = async (name: string) =>
      (await t.admin.post('menus', { kind: 'directory', name, title: name })).body.data.id as number;
    for (let round = 0; round < 5; round++) {
      const [a, b] = [await make(`left-${round}`), await make(`right-${round}`)];
      await Promise.all([t.admin.patch(`menus/${a}`, { parent_id: b }), t.admin.patch(`menus/${b}`, { parent_id: a })]);
      const parents = [(await t.admin.get(`menus/${a}`)).body.data, (await t.admin.get(`menus/${b}`)).body.data];
      assert.ok(
        parents.some(({ parent_id }) => parent_id === null),
        `round ${round}`,
      );
    }
  });

  test('a scope of a thousand departments and all below them is a statement that every database takes', async () => {
    const depts: number[] = [];
    const parent = await world.dept(top);
    for (let count = 0; count < 1000; count++) depts.push(await world.dept(parent));
    const wide = await world.role({
      scope: 'custom',
      below: true,
      depts,
      permissions: ['system:user:*', 'system:dept:query'],
    });
    const seen = await world.user({ dept: depts[999] ?? null });
    const client = await world.client(await world.user({ dept: null, roles: [wide] }));
    assert.equal((await client.get(`users/${seen}`)).status, 200);
    assert.equal((await client.get('depts')).body.data.items.length, 1000);
    assert.equal((await client.patch(`users/${seen}`, { name: 'x' })).status, 200);
  });
});
