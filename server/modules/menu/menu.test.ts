import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { assertFails } from '#tests/assert.ts';
import { type Client, useApp } from '#tests/harness.ts';
import menus from '../../scripts/seed/data/menus.json' with { type: 'json' };
import type { MenuOut, UserMenu } from './menu.schema.ts';
import { synchroniseMenus } from './menu.service.ts';

const why = 'a test simulates what another version of the program left behind';

describe('menus', () => {
  const t = useApp();
  let system: MenuOut;
  let users: MenuOut;
  const list = async (query = ''): Promise<MenuOut[]> => (await t.admin.get(`menus${query}`)).body.data.items;
  const named = async (name: string) => (await list()).find((menu) => menu.name === name);
  const create = async (fields: object): Promise<MenuOut> => {
    const answer = await t.admin.post('menus', { title: '标题', ...fields });
    assert.equal(answer.status, 200, answer.text);
    return answer.body.data;
  };
  const namesOf = (items: readonly UserMenu[]): string[] =>
    items.flatMap(({ name, children }) => [name, ...namesOf(children)]);
  const seenBy = async (client: Client) => namesOf((await client.get('users/me/menus')).body.data.items);
  before(async () => {
    system = (await named('system')) as MenuOut;
    users = (await named('system-users')) as MenuOut;
  });

  test('of every kind are created with their fields, read, changed, filtered and deleted', async () => {
    const kinds = {
      directory: { icon: 'folder', redirect: '/x/y' },
      menu: {
        path: '/x/page',
        component: 'x/page',
        is_keep_alive: true,
        is_affix: true,
        permission: 'system:dept:query',
      },
      embedded: { path: '/x/frame', link: 'https://example.com/' },
      link: { link: 'https://example.com/docs' },
    };
    for (const [kind, fields] of Object.entries(kinds)) {
      const menu = await create({ kind, name: `x-${kind}`, title_en: 'X', parent_id: system.id, order: 9, ...fields });
      for (const [name, value] of Object.entries(fields)) assert.equal(menu[name as keyof MenuOut], value, name);
      assert.deepEqual([menu.is_visible, menu.is_enabled, menu.is_builtin, menu.is_orphan], [true, true, false, false]);
      assert.deepEqual((await t.admin.get(`menus/${menu.id}`)).body.data, menu);
      const { body } = await t.admin.patch(`menus/${menu.id}`, { title: '新', is_visible: false, version: 1 });
      assert.deepEqual([body.data.title, body.data.is_visible, body.data.version], ['新', false, 2]);
      assertFails(await t.admin.patch(`menus/${menu.id}`, { title: 'late', version: 1 }), 409, 'conflict.stale');
      assert.deepEqual(
        (await list(`?kind=${kind}&keyword=X-`)).map(({ id }) => id),
        [menu.id],
      );
      assert.equal((await t.admin.delete(`menus/${menu.id}`)).status, 200);
      assertFails(await t.admin.get(`menus/${menu.id}`), 404, 'menu.not_found');
    }
    const button = { kind: 'button', name: 'x-button', parent_id: users.id, permission: 'system:dept:query' };
    const { id } = await create(button);
    assert.equal((await t.admin.delete(`menus/${id}`)).status, 200, 'its code is carried elsewhere too');
  });

  test('refuse a wrong place, missing fields, unknown codes, names taken, scripts as links', async () => {
    const fresh = { name: 'fresh', title: 'x' };
    const page = { ...fresh, kind: 'menu', path: '/f', component: 'f' };
    const refusals: [object, number, string, string?][] = [
      [{ ...page, parent_id: 999_999 }, 409, 'menu.parent_missing', 'parent_id'],
      [{ ...fresh, kind: 'directory', parent_id: users.id }, 422, 'menu.parent_kind', 'parent_id'],
      [{ ...fresh, kind: 'button', permission: 'system:user:query' }, 422, 'menu.parent_kind', 'parent_id'],
      [{ ...fresh, kind: 'link', link: 'https://e.com', parent_id: users.id }, 422, 'menu.parent_kind', 'parent_id'],
      [{ ...fresh, kind: 'menu', component: 'f' }, 422, 'menu.field_needed', 'path'],
      [{ ...fresh, kind: 'menu', path: '/f' }, 422, 'menu.field_needed', 'component'],
      [{ ...fresh, kind: 'button', parent_id: users.id }, 422, 'menu.field_needed', 'permission'],
      [{ ...fresh, kind: 'link' }, 422, 'menu.field_needed', 'link'],
      [{ ...fresh, kind: 'embedded', link: 'https://e.com' }, 422, 'menu.field_needed', 'path'],
      [{ ...page, permission: 'system:user:fly' }, 422, 'menu.unknown_permission', 'permission'],
      [{ ...page, permission: '*:*:*' }, 422, 'menu.unknown_permission', 'permission'],
      [{ ...page, name: 'system' }, 409, 'menu.name_taken'],
    ];
    for (const [body, status, error, path] of refusals)
      assertFails(await t.admin.post('menus', body), status, error, path);
    for (const wrong of [
      { link: 'javascript:alert(1)' },
      { link: 'data:text/html,x' },
      { path: 'https://elsewhere' },
      { component: '../../x y' },
      { is_builtin: true },
      { is_orphan: true },
      { kind: 'page' },
      { name: 'A b' },
    ])
      assert.equal((await t.admin.post('menus', { ...page, ...wrong })).status, 400, JSON.stringify(wrong));
    assert.equal(await named('fresh'), undefined);
  });

  test('A26 are not moved below themselves, nor deleted while something is below or their code is declared', async () => {
    const outer = await create({ kind: 'directory', name: 'outer' });
    const inner = await create({ kind: 'directory', name: 'inner', parent_id: outer.id });
    for (const parent_id of [outer.id, inner.id])
      assertFails(await t.admin.patch(`menus/${outer.id}`, { parent_id }), 409, 'menu.cycle', 'parent_id');
    const refused = await t.admin.delete(`menus/${outer.id}`);
    assertFails(refused, 409, 'menu.has_children');
    assert.match(refused.body.message, /标题/);
    const button = (await list('?kind=button')).find(({ permission }) => permission === 'system:user:create');
    assertFails(await t.admin.delete(`menus/${button?.id}`), 409, 'menu.declared');
    assertFails(
      await t.admin.post('menus/batch-delete', { ids: [inner.id, button?.id] }),
      409,
      'conflict.batch_refused',
    );
    assert.ok(await named('inner'));
    assert.equal(
      (await t.admin.post('menus/batch-delete', { ids: [outer.id, inner.id] })).status,
      200,
      'those below first',
    );
  });

  test('are brought in line with the routes: missing ones added, lost ones marked, none deleted, titles kept', async () => {
    const rows = t.system.unscoped('menus', why);
    const before = await list();
    assert.deepEqual(await synchroniseMenus(t.system), { added: [], orphaned: [] });
    assert.deepEqual(await list(), before, 'a second run finds nothing to do');
    const button = before.find(({ kind, permission }) => kind === 'button' && permission === 'system:user:export');
    await rows
      .delete()
      .where('id', '=', button?.id ?? 0)
      .execute();
    await rows.updateQuietly({ title: '我的用户', order: 77 }).where('id', '=', users.id).execute();
    const ghost = await rows.insert({
      kind: 'button',
      name: 'ghost',
      title: 'x',
      parent_id: users.id,
      permission: 'system:ghost:query',
    });
    const result = await synchroniseMenus(t.system);
    assert.deepEqual(result, { added: ['system:user:export'], orphaned: ['system:ghost:query'] });
    const after = await list();
    const added = after.find(({ permission }) => permission === 'system:user:export');
    assert.deepEqual(
      [added?.kind, added?.parent_id, added?.title, added?.title_en, added?.is_builtin],
      ['button', users.id, '导出', 'Export', true],
    );
    assert.deepEqual([after.find(({ id }) => id === ghost)?.is_orphan, after.length], [true, before.length + 1]);
    const page = after.find(({ id }) => id === users.id);
    assert.deepEqual([page?.title, page?.order], ['我的用户', 77]);
    // A code that comes back is no orphan any more.
    await rows.updateQuietly({ permission: 'system:user:import' }).where('id', '=', ghost).execute();
    await rows.updateQuietly({ permission: 'system:user:query' }).where('id', '=', ghost).execute();
    await rows.updateQuietly({ parent_id: null }).where('id', '=', ghost).execute();
    await synchroniseMenus(t.system);
    const { is_orphan, parent_id } = (await t.admin.get(`menus/${ghost}`)).body.data;
    assert.deepEqual([is_orphan, parent_id], [false, users.id], 'and stands at its page');
    await rows.delete().where('id', '=', ghost).execute();
    await rows.updateQuietly({ title: users.title, order: users.order }).where('id', '=', users.id).execute();
  });

  test('an orphaned page shows to nobody', async () => {
    const page = await create({
      kind: 'menu',
      name: 'lost',
      path: '/lost',
      component: 'lost',
      permission: 'system:user:query',
    });
    assert.ok((await seenBy(t.admin)).includes('lost'));
    await t.system
      .unscoped('menus', why)
      .updateQuietly({ permission: 'system:ghost:query' })
      .where('id', '=', page.id)
      .execute();
    await synchroniseMenus(t.system);
    assert.ok(!(await seenBy(t.admin)).includes('lost'));
    await t.admin.delete(`menus/${page.id}`);
  });

  test('links and embedded pages carry a code of their own, which can be granted like any other', async () => {
    const link = await create({ kind: 'link', name: 'wiki', parent_id: system.id, link: 'https://example.com/wiki' });
    assert.equal(link.permission, 'menu:system:wiki');
    const reader = await t.as({ permissions: ['system:user:query'] });
    assert.ok(!(await seenBy(reader)).includes('wiki'));
    const role = (await t.admin.post('roles', { code: 'wiki', name: 'x', permissions: ['menu:system:wiki'] })).body
      .data;
    await t.admin.post(`roles/${role.id}/users`, { user_ids: [reader.userId] });
    assert.ok((await seenBy(reader)).includes('wiki'));
    assert.ok((await reader.get('users/me/permissions')).body.data.permissions.includes('menu:system:wiki'));
    assert.equal(
      (await t.admin.patch(`menus/${link.id}`, { permission: 'system:role:query', title: 'w' })).body.data.permission,
      'menu:system:wiki',
    );
    await t.admin.patch(`menus/${link.id}`, { is_enabled: false });
    assert.ok(!(await seenBy(reader)).includes('wiki'));
    await t.admin.delete(`menus/${link.id}`);
    assertFails(
      await t.admin.post('roles', { code: 'w2', name: 'x', permissions: ['menu:system:wiki'] }),
      422,
      'role.unknown_permission',
    );
  });

  test('users/me/menus holds what somebody may open, in their language', async () => {
    const nobody = await t.as({ permissions: [], scope: 'self' });
    const one = await t.as({ permissions: ['system:role:query'] });
    const some = await t.as({ permissions: ['system:*:query'] });
    const none = await t.as({ permissions: ['system:user:create'] });
    assert.deepEqual(await seenBy(nobody), ['dashboard']);
    assert.deepEqual(await seenBy(one), ['dashboard', 'system', 'system-roles']);
    assert.deepEqual(await seenBy(none), ['dashboard'], 'a button alone opens no page');
    const all = [
      'dashboard',
      'system',
      'system-users',
      'system-roles',
      'system-menus',
      'system-depts',
      'system-positions',
      'system-permissions',
      'system-api-keys',
    ];
    assert.deepEqual(await seenBy(some), all);
    const seeded = menus.map(({ name }) => name).sort();
    assert.deepEqual((await seenBy(t.admin)).sort(), seeded);
    const title = async (language: string) =>
      (await one.get('users/me/menus', { headers: { 'accept-language': language } })).body.data.items[1].children[0]
        .title;
    assert.deepEqual([await title('zh-CN'), await title('en')], ['角色管理', 'Roles']);
    const untranslated = await create({ kind: 'menu', name: 'only', path: '/only', component: 'only' });
    const { items } = (await nobody.get('users/me/menus', { headers: { 'accept-language': 'en' } })).body.data;
    assert.ok(
      items.some((menu: UserMenu) => menu.title === '标题'),
      'a title without a translation stays',
    );
    await t.admin.delete(`menus/${untranslated.id}`);
    assert.equal((await t.anonymous.get('users/me/menus')).status, 401);
  });

  test('a disabled menu switches its code off for every wildcard, but not for the administrator', async () => {
    const holder = await t.as({ permissions: ['*:*:*'] });
    const page = (await named('system-positions')) as MenuOut;
    assert.equal((await holder.get('positions')).status, 200);
    const { data } = (await t.admin.patch(`menus/${page.id}`, { is_enabled: false })).body;
    assert.equal(data.is_enabled, false);
    for (const path of ['positions', 'positions/1']) assert.equal((await holder.get(path)).status, 403, path);
    assert.equal((await holder.post('positions', {})).status, 403, 'the buttons of the page go with it');
    assert.ok(!(await seenBy(holder)).includes('system-positions'));
    assert.ok(!(await holder.get('users/me/permissions')).body.data.permissions.includes('system:position:query'));
    assert.equal((await t.admin.get('positions')).status, 200);
    const { items } = (await t.admin.get('permissions')).body.data;
    assert.ok(items.find(({ code }: { code: string }) => code === 'system:position:delete').is_switched_off);
    // A second row that carries the code and is on keeps it on.
    const second = await create({
      kind: 'menu',
      name: 'again',
      path: '/p',
      component: 'p',
      permission: 'system:position:query',
    });
    assert.equal((await holder.get('positions')).status, 200);
    await t.admin.delete(`menus/${second.id}`);
    assert.equal((await holder.get('positions')).status, 403);
    await t.admin.patch(`menus/${page.id}`, { is_enabled: true });
    assert.equal((await holder.get('positions')).status, 200);
  });

  test('statements of each endpoint', async () => {
    const found: Record<string, number> = {};
    for (const [name, path] of Object.entries({
      list: 'menus',
      read: `menus/${system.id}`,
      own: 'users/me/menus',
      codes: 'users/me/permissions',
    })) {
      await t.admin.get('users/me');
      found[name] = (await t.admin.get(path)).statements;
    }
    assert.deepEqual(found, { list: 1, read: 1, own: 1, codes: 0 });
  });
});
