import { expect, type Page, test } from '../support/fixtures.ts';
import { ListScreen, toast } from '../support/screens.ts';
import type { Service } from '../support/service.ts';
import { zh } from '../support/texts.ts';

const grantsOf = async (service: Service, id: number): Promise<string[]> =>
  (await service.admin.done('GET', `roles/${id}/permissions`)).permissions.sort();

/** A role with a member of its own in the northern branch. */
async function roleWithMember(service: Service, code: string, more: object = {}) {
  const role = { code, name: `角色 ${code}`, data_scope: 'self', permissions: ['system:user:query'], ...more };
  const { id } = await service.admin.done('POST', 'roles', role);
  const north = (await service.admin.done('GET', 'depts?keyword=NORTH')).items.find(
    (dept: { code: string }) => dept.code === 'NORTH',
  );
  const user = { username: `of-${code}`, email: `of-${code}@example.com`, password: 'a member of the role' };
  await service.admin.done('POST', 'users', { ...user, dept_id: north.id, role_ids: [id] });
  return { id, username: user.username, north };
}

const saveAfterPreview = async (page: Page, name: string): Promise<void> => {
  await page.getByRole('button', { name: zh('roles.previewSave') }).click();
  const preview = page.getByRole('dialog', { name: zh('roles.previewTitle', { name }) });
  await preview.getByRole('button', { name: zh('action.apply') }).click();
  await expect(toast(page, zh('permissions.change.applied'))).toBeVisible();
  await expect(preview).toBeHidden();
};

test('a role is created, renamed and deleted; a built-in one is not', async ({ page, service, visit }) => {
  await visit('admin', '/system/roles');
  const screen = new ListScreen(page, 'roles.one');
  const form = await screen.openNew();
  await form.getByLabel(zh('roles.name')).fill('访客');
  await form.getByLabel(zh('roles.code')).fill('guest');
  await screen.save();
  await expect(toast(page, zh('crud.created'))).toBeVisible();
  await expect(screen.row('guest')).toContainText(zh('roles.scopes.self.name'));
  const edit = await screen.openRow('guest');
  await edit.getByLabel(zh('roles.name')).fill('来访者');
  await screen.save();
  await expect(screen.row('guest')).toContainText('来访者');
  const { items } = await service.admin.done('GET', 'roles?keyword=guest');
  const asked = page.waitForRequest((request) => request.method() === 'DELETE');
  await screen.remove('来访者');
  expect((await asked).url()).toMatch(new RegExp(`/roles/${items[0].id}$`));
  await expect(screen.row('guest')).toHaveCount(0);
  await screen.openMenu('auditor');
  await expect(page.getByRole('menuitem', { name: zh('roles.builtIn') })).toHaveAttribute('aria-disabled', 'true');
});

test('permissions are given in the tree: linked with their page or each alone, after a look at who gains what', async ({
  page,
  service,
  visit,
}) => {
  const { id, username } = await roleWithMember(service, 'tree-role');
  await visit('admin', `/system/roles/${id}?tab=permissions`);
  const tree = page.getByRole('tree', { name: zh('roles.tree') });
  const positions = tree.getByRole('treeitem', { name: /岗位管理/ });
  await expect(positions).toHaveAttribute('aria-checked', 'false');
  await positions.focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowDown');
  const button = tree.getByRole('treeitem', { name: /system:position:create/ });
  await expect(button).toBeVisible();
  await button.click();
  // Linked: a button brings its page, without which it would be of no use.
  await expect(positions).toHaveAttribute('aria-checked', 'mixed');
  await expect(page.getByText(zh('roles.changed', { added: 2, removed: 0 }))).toBeVisible();
  await page.getByRole('button', { name: zh('roles.discard') }).click();
  await expect(positions).toHaveAttribute('aria-checked', 'false');

  await page.getByText(zh('roles.linked'), { exact: true }).click();
  await button.click();
  await expect(page.getByText(zh('roles.changed', { added: 1, removed: 0 }))).toBeVisible();
  await page.getByText(zh('roles.linked'), { exact: true }).click();
  await positions.click();
  await expect(positions).toHaveAttribute('aria-checked', 'true');
  await page.getByRole('button', { name: zh('roles.previewSave') }).click();
  const preview = page.getByRole('dialog', { name: zh('roles.previewTitle', { name: '角色 tree-role' }) });
  await expect(preview.getByText('system:position:delete')).toBeVisible();
  await expect(preview.getByRole('heading', { name: new RegExp(username) })).toBeVisible();
  expect(await grantsOf(service, id)).toEqual(['system:user:query']);
  await preview.getByRole('button', { name: zh('action.apply') }).click();
  await expect(toast(page, zh('permissions.change.applied'))).toBeVisible();
  const actions = ['create', 'delete', 'query', 'update'].map((action) => `system:position:${action}`);
  expect(await grantsOf(service, id)).toEqual([...actions, 'system:user:query']);

  // Unsaved choices are not lost by leaving.
  await positions.click();
  await page.getByRole('link', { name: zh('roles.scope') }).click();
  const question = page.getByRole('dialog', { name: zh('shell.leaveTitle') });
  await question.getByRole('button', { name: zh('shell.stay') }).click();
  await expect(positions).toHaveAttribute('aria-checked', 'false');
  await page.getByRole('button', { name: new RegExp(zh('shell.userMenu')) }).click();
  await page.getByRole('button', { name: zh('shell.signOut') }).click();
  await question.getByRole('button', { name: zh('shell.stay') }).click();
  await expect(positions).toHaveAttribute('aria-checked', 'false');
  await expect(page).toHaveURL(/\/system\/roles/);
});

test('the data scope is set by departments, and the member sees just these', async ({ page, service, visit }) => {
  const { id, username } = await roleWithMember(service, 'scope-role');
  const theirs = await service.as(username, 'a member of the role');
  expect((await theirs.done('GET', 'users')).total).toBe(1);
  await visit('admin', `/system/roles/${id}?tab=scope`);
  await page.getByRole('radio', { name: new RegExp(zh('roles.scopes.custom.name')) }).check();
  await expect(page.getByText(zh('roles.deptNeeded'))).toBeVisible();
  await expect(page.getByRole('button', { name: zh('roles.previewSave') })).toBeDisabled();
  const tree = page.getByRole('tree', { name: zh('roles.depts') });
  await tree.getByRole('treeitem', { name: /SOUTH$/ }).click();
  await page.getByText(zh('roles.below'), { exact: true }).click();
  await saveAfterPreview(page, '角色 scope-role');
  const { items } = await theirs.done('GET', 'users?page_size=100');
  const depts = new Set((items as { dept_name: string }[]).map(({ dept_name }) => dept_name));
  // Their own department is outside of the scope, and not named; they themselves are always there.
  expect([...depts].filter((name) => !/^南方/.test(name))).toEqual([null]);
  expect(depts.size).toBeGreaterThan(3);
  await page.reload();
  await expect(page.getByRole('radio', { name: new RegExp(zh('roles.scopes.custom.name')) })).toBeChecked();
  await expect(tree.getByRole('treeitem', { name: /SOUTH$/ })).toHaveAttribute('aria-checked', 'true');
});

test('members are added by name and removed, each after a preview', async ({ page, service, visit }) => {
  const { id } = await roleWithMember(service, 'member-role');
  await visit('admin', `/system/roles/${id}?tab=members`);
  const screen = new ListScreen(page, 'roles.member');
  await expect(screen.row('of-member-role')).toBeVisible();
  await page.getByRole('button', { name: zh('roles.addMembers') }).click();
  const dialog = page.getByRole('dialog', { name: zh('roles.addTitle', { name: '角色 member-role' }) });
  const field = dialog.getByRole('combobox', { name: zh('roles.users') });
  await field.fill('demo07');
  await dialog.getByRole('option', { name: /demo07/ }).click();
  await expect(dialog.getByRole('list', { name: zh('roles.users') })).toContainText('demo07');
  await dialog.getByRole('button', { name: zh('roles.previewAdd') }).click();
  const preview = page.getByRole('dialog', { name: zh('roles.addTitle', { name: '角色 member-role' }) });
  await preview.getByRole('button', { name: zh('action.apply') }).click();
  await expect(screen.row('demo07')).toBeVisible();
  await screen.choose('of-member-role', zh('roles.removeMember'));
  const removing = page.getByRole('dialog', { name: zh('roles.removeTitle', { name: '角色 member-role' }) });
  await expect(removing.getByText(zh('permissions.change.loses'))).toBeVisible();
  await removing.getByRole('button', { name: zh('action.apply') }).click();
  await expect(screen.row('of-member-role')).toHaveCount(0);
  const { items } = await service.admin.done('GET', `roles/${id}/users`);
  expect(items.map(({ username }: { username: string }) => username)).toEqual(['demo07']);
});

test('who can and why: from the role to those who hold its permissions, and by which role', async ({
  page,
  service,
  visit,
}) => {
  const { id, username } = await roleWithMember(service, 'why-role');
  await visit('admin', `/system/roles/${id}?tab=holders`);
  await page.getByRole('combobox', { name: zh('permissions.permission') }).fill('system:user:query');
  await page.getByRole('option', { name: /system:user:query/ }).click();
  await page.getByRole('search').getByRole('textbox').fill(username);
  await page
    .getByRole('search')
    .getByRole('button', { name: zh('action.search') })
    .click();
  await expect(page.getByRole('row').filter({ hasText: username })).toContainText('角色 why-role');
});
