import { expect, test } from '../support/fixtures.ts';
import { ListScreen, navigation, pick, toast } from '../support/screens.ts';
import { zh } from '../support/texts.ts';

test('a directory and a link in it are made, shown in the navigation at once, hidden, and deleted', async ({
  page,
  service,
  visit,
}) => {
  await visit('admin', '/system/menus');
  const screen = new ListScreen(page, 'menus.one');
  const form = await screen.openNew();
  await form.getByText(zh('menus.kinds.directory'), { exact: true }).click();
  // What a kind does not have is not asked.
  await expect(form.getByLabel(zh('menus.component'))).toHaveCount(0);
  await form.getByLabel(zh('menus.titleZh')).fill('常用工具');
  await form.getByLabel(zh('menus.titleEn')).fill('Handy tools');
  await form.getByLabel(zh('menus.id'), { exact: true }).fill('handy-tools');
  const icons = form.getByRole('combobox', { name: zh('menus.icon') });
  await icons.fill('wrench');
  await form.getByRole('option', { name: 'wrench', exact: true }).click();
  await expect(icons).toHaveValue('wrench');
  await screen.save();
  await expect(toast(page, zh('crud.created'))).toBeVisible();
  await expect(screen.row('常用工具')).toBeVisible();
  // A directory without pages is not shown.
  await expect(navigation(page).getByText('常用工具')).toHaveCount(0);

  await screen.choose('常用工具', zh('menus.addBelow'));
  const below = screen.form;
  await below.getByText(zh('menus.kinds.link'), { exact: true }).click();
  await below.getByLabel(zh('menus.titleZh')).fill('官方文档');
  await below.getByLabel(zh('menus.id'), { exact: true }).fill('handy-documents');
  await below.getByLabel(zh('menus.link')).fill('https://docs.example.com/');
  await screen.save();
  await expect(screen.row('官方文档')).toBeVisible();
  const link = navigation(page).getByRole('link', { name: /官方文档/ });
  await expect(link).toHaveAttribute('href', 'https://docs.example.com/');
  await expect(link).toHaveAttribute('target', '_blank');

  const edit = await screen.openRow('官方文档');
  await edit.getByLabel(zh('menus.titleZh')).fill('产品手册');
  await edit.getByRole('switch', { name: zh('menus.visible') }).press('Space');
  await screen.save();
  await expect(toast(page, zh('crud.saved'))).toBeVisible();
  await expect(screen.row('产品手册')).toBeVisible();
  await expect(navigation(page).getByText('产品手册')).toHaveCount(0);
  const { items } = await service.admin.done('GET', 'menus');
  const stored = items.find(({ name }: { name: string }) => name === 'handy-documents');
  expect([stored.title, stored.is_visible]).toEqual(['产品手册', false]);

  const asked = page.waitForRequest((request) => request.method() === 'DELETE');
  await screen.remove('产品手册');
  expect((await asked).url()).toMatch(new RegExp(`/menus/${stored.id}$`));
  await expect(screen.row('产品手册')).toHaveCount(0);
  await screen.remove('常用工具');
  await expect(screen.row('常用工具')).toHaveCount(0);
});

test('the buttons of a page come from the catalogue: they are there, can be switched off, and cannot be deleted', async ({
  page,
  service,
  visit,
}) => {
  await visit('admin', '/system/menus');
  const screen = new ListScreen(page, 'menus.one');
  await expect(screen.row('system:position:delete')).toHaveCount(0);
  await page.getByRole('button', { name: '岗位管理', exact: true }).click();
  const button = screen.row('system:position:delete');
  await expect(button).toContainText(zh('menus.kinds.button'));
  await screen.openMenu('system:position:delete');
  await expect(page.getByRole('menuitem', { name: zh('menus.declared') })).toHaveAttribute('aria-disabled', 'true');
  await page.keyboard.press('Escape');

  const edit = await screen.openRow('system:position:delete');
  await edit.getByRole('switch', { name: zh('common.status') }).press('Space');
  await screen.save();
  await expect(toast(page, zh('crud.saved'))).toBeVisible();
  await expect(button).toContainText(zh('common.disabled'));
  // Nobody but the administrator has it now, whatever their roles give.
  const role = { code: 'all-of-positions', name: '岗位全权', data_scope: 'all', permissions: ['system:position:*'] };
  const { id: role_id } = await service.admin.done('POST', 'roles', role);
  const user = { username: 'positioner', email: 'positioner@example.com', password: 'a keeper of positions' };
  await service.admin.done('POST', 'users', { ...user, role_ids: [role_id] });
  const theirs = await service.as('positioner', user.password);
  const { permissions } = await theirs.done('GET', 'users/me/permissions');
  expect(permissions).toContain('system:position:update');
  expect(permissions).not.toContain('system:position:delete');

  const again = await screen.openRow('system:position:delete');
  await again.getByRole('switch', { name: zh('common.status') }).press('Space');
  await screen.save();
  await expect(button).toContainText(zh('common.enabled'));
});

test('a menu that is moved stands in its new place; it cannot go below itself', async ({ page, service, visit }) => {
  const directory = (name: string, parent_id: number | null = null) =>
    service.admin.done('POST', 'menus', { kind: 'directory', name, title: `目录 ${name}`, parent_id, order: 90 });
  const first = await directory('moved-first');
  await directory('moved-second');
  await directory('moved-inner', first.id);
  await visit('admin', '/system/menus');
  const screen = new ListScreen(page, 'menus.one');
  const form = await screen.openRow('目录 moved-first');
  await pick(form, zh('menus.parent'), '目录 moved-second');
  await screen.save();
  await expect(toast(page, zh('crud.saved'))).toBeVisible();
  await page.getByRole('button', { name: '目录 moved-second', exact: true }).click();
  await expect(screen.row('目录 moved-inner')).toHaveCount(0);
  const ring = await service.admin.send('PATCH', `menus/${first.id}`, { parent_id: first.id });
  expect(ring.status).toBeGreaterThanOrEqual(400);
});
