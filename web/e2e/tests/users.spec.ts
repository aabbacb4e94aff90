import { readFile } from 'node:fs/promises';
import { expect, test } from '../support/fixtures.ts';
import { ListScreen, navigation, pick, signIn, toast } from '../support/screens.ts';
import { zh } from '../support/texts.ts';

const somebody = (username: string, more: object = {}) => ({
  ...{ username, name: `某人 ${username}`, email: `${username}@example.com`, password: 'somebody was here' },
  ...more,
});

test('a user is created in a department with a role, found by the department tree, changed and deleted', async ({
  page,
  service,
  visit,
}) => {
  await visit('admin', '/system/users');
  const screen = new ListScreen(page, 'users.one');
  const form = await screen.openNew();
  await form.getByLabel(zh('users.username')).fill('wang.wei');
  await form.getByLabel(zh('users.password'), { exact: true }).fill('first of her own');
  await form.getByLabel(zh('users.name'), { exact: true }).fill('王薇');
  await form.getByLabel(zh('users.email')).fill('wang.wei@example.com');
  await pick(form, zh('users.dept'), '北方研发部');
  await pick(form, zh('users.roles'), '普通员工');
  await screen.save();
  await expect(toast(page, zh('crud.created'))).toBeVisible();
  await expect(screen.addButton).toBeFocused();

  // The tree at the left, by mouse and by keyboard.
  const tree = page.getByRole('tree', { name: zh('users.depts') });
  const dept = tree.getByRole('treeitem', { name: '北方研发部' });
  if ((await dept.count()) === 0) {
    await tree.getByRole('treeitem', { name: '北方分公司' }).focus();
    await page.keyboard.press('ArrowRight');
  }
  await dept.click();
  await expect(page).toHaveURL(/dept_id=\d+/);
  await expect(dept).toHaveAttribute('aria-selected', 'true');
  await expect(screen.row('wang.wei')).toContainText('北方研发部');
  await tree.getByRole('treeitem', { name: '南方分公司' }).focus();
  await page.keyboard.press('Enter');
  await expect(screen.row('wang.wei')).toHaveCount(0);
  await tree.getByRole('treeitem', { name: zh('users.allDepts') }).click();
  await expect(page).toHaveURL('/system/users');

  await screen.search('wang.wei');
  const edit = await screen.openRow('wang.wei');
  await edit.getByLabel(zh('users.name'), { exact: true }).fill('王蔷薇');
  await pick(edit, zh('users.dept'), '南方研发部');
  await screen.save();
  await expect(toast(page, zh('crud.saved'))).toBeVisible();
  await expect(screen.row('wang.wei')).toContainText('南方研发部');
  const found = (await service.admin.done('GET', 'users?username=wang.wei')).items[0];
  const stored = await service.admin.done('GET', `users/${found.id}`);
  expect([stored.name, stored.dept_name, stored.role_ids.length]).toEqual(['王蔷薇', '南方研发部', 1]);

  const asked = page.waitForRequest((request) => request.method() === 'DELETE');
  await screen.remove('王蔷薇');
  expect((await asked).url()).toMatch(new RegExp(`/users/${found.id}$`));
  await expect(toast(page, zh('crud.deleted'))).toBeVisible();
  await expect(page.getByText(zh('crud.noMatch', { name: screen.one }))).toBeVisible();
});

test('roles are given after a look at what they change', async ({ page, service, visit }) => {
  const { id } = await service.admin.done('POST', 'users', somebody('promoted'));
  await visit('admin', '/system/users?username=promoted');
  const screen = new ListScreen(page, 'users.one');
  await screen.choose('promoted', zh('users.assign'));
  const dialog = page.getByRole('dialog', { name: zh('users.assignTitle', { name: '某人 promoted' }) });
  await expect(dialog.getByText(zh('users.noRoles'))).toBeVisible();
  await expect(dialog.getByRole('button', { name: zh('action.save') })).toBeDisabled();
  await dialog.getByText('审计员').click();
  await expect(dialog.getByRole('checkbox', { name: /审计员/ })).toBeChecked();
  await expect(dialog.getByText(zh('permissions.change.gains'))).toBeVisible();
  expect((await service.admin.done('GET', `users/${id}`)).role_ids).toEqual([]);
  await dialog.getByRole('button', { name: zh('action.save') }).click();
  await expect(toast(page, zh('users.assigned'))).toBeVisible();
  expect((await service.admin.done('GET', `users/${id}`)).role_ids).toHaveLength(1);
});

test('a password is reset: shown once, the sessions end, and the user has to choose another', async ({
  browser,
  baseURL,
  page,
  service,
  visit,
  watched,
}) => {
  watched.expect(/status of 422/);
  await service.admin.done('POST', 'users', somebody('forgetful'));
  const before = await service.as('forgetful', 'somebody was here');
  await visit('admin', '/system/users?username=forgetful');
  const screen = new ListScreen(page, 'users.one');
  await screen.choose('forgetful', zh('users.reset'));
  const dialog = page.getByRole('dialog', { name: zh('users.resetTitle', { name: '某人 forgetful' }) });
  await dialog.getByText(zh('users.resetOwn')).click();
  await dialog.getByLabel(zh('users.newPassword')).fill('x');
  await dialog.getByRole('button', { name: zh('users.reset') }).click();
  await expect(dialog.locator('.el-form-item__error')).toContainText(/\S/);
  await dialog.getByText(zh('users.resetOneTime')).click();
  await dialog.getByRole('button', { name: zh('users.reset') }).click();
  const shown = dialog.getByRole('textbox', { name: zh('users.oneTime') });
  await expect(shown).toBeVisible();
  const password = await shown.inputValue();
  expect((await before.send('GET', 'users/me')).status).toBe(401);
  await dialog
    .getByRole('button', { name: zh('action.close') })
    .last()
    .click();
  await expect(dialog).toBeHidden();
  await expect(screen.row('forgetful')).toContainText(zh('users.mustChange'));

  const elsewhere = await browser.newContext({ locale: 'zh-CN', ...(baseURL && { baseURL }) });
  const theirs = await elsewhere.newPage();
  await theirs.goto('/login');
  await signIn(theirs, 'forgetful', password);
  await expect(theirs).toHaveURL('/change-password');
  await elsewhere.close();
});

test('a user who is switched off is out at once, and back when switched on', async ({ page, service, visit }) => {
  await service.admin.done('POST', 'users', somebody('paused'));
  const theirs = await service.as('paused', 'somebody was here');
  await visit('admin', '/system/users?username=paused');
  const screen = new ListScreen(page, 'users.one');
  await screen.choose('paused', zh('users.disable'));
  const question = page.getByRole('dialog', { name: zh('users.disableTitle') });
  await expect(question).toContainText('某人 paused');
  await question.getByRole('button', { name: zh('users.disable') }).click();
  await expect(screen.row('paused')).toContainText(zh('common.disabled'));
  const { body } = await theirs.send('GET', 'users/me');
  expect(body.error).toBe('auth.inactive_user');
  await expect(service.as('paused', 'somebody was here')).rejects.toThrow(/cannot sign in/);
  await screen.choose('paused', zh('users.enable'));
  await page
    .getByRole('dialog', { name: zh('users.enableTitle') })
    .getByRole('button', { name: zh('users.enable') })
    .click();
  await expect(screen.row('paused')).toContainText(zh('common.enabled'));
  await service.as('paused', 'somebody was here');
});

test('the sessions of a user are listed, and one of them is ended', async ({ page, service, visit }) => {
  await service.admin.done('POST', 'users', somebody('elsewhere'));
  const theirs = await service.as('elsewhere', 'somebody was here');
  await visit('admin', '/system/users?username=elsewhere');
  const screen = new ListScreen(page, 'users.one');
  await screen.choose('elsewhere', zh('sessions.ofUser.action'));
  const dialog = page.getByRole('dialog', { name: zh('sessions.ofUser.title', { name: '某人 elsewhere' }) });
  await expect(dialog.getByText('127.0.0.1')).toBeVisible();
  await dialog.getByRole('button', { name: zh('sessions.signOut') }).click();
  await page
    .getByRole('dialog', { name: zh('sessions.signOutTitle') })
    .getByRole('button', { name: zh('sessions.signOut') })
    .click();
  await expect(dialog.getByText(zh('sessions.ofUser.empty'))).toBeVisible();
  expect((await theirs.send('GET', 'users/me')).status).toBe(401);
});

test('nobody takes away their own access; the page says why', async ({ page, visit }) => {
  await visit('admin', '/system/users?username=admin');
  const screen = new ListScreen(page, 'users.one');
  await expect(screen.row('admin')).toContainText(zh('users.isYou'));
  await screen.openMenu('admin');
  for (const [action, reason] of [
    ['action.delete', 'users.administratorProtected'],
    ['users.disable', 'users.administratorProtected'],
    ['users.reset', 'users.ownPassword'],
  ] as const) {
    const item = page.getByRole('menuitem', { name: new RegExp(`^${zh(action)}`) }).filter({ hasText: zh(reason) });
    await expect(item).toHaveAttribute('aria-disabled', 'true');
  }
});

test('more users than a page should wait for are exported by the service, and their file is in the tray', async ({
  page,
  visit,
}) => {
  await page.route(/\/api\/v1\/users\?/, async (route) => {
    const response = await route.fetch();
    const body = await response.json();
    await route.fulfill({ response, json: { ...body, data: { ...body.data, total: 10_001 } } });
  });
  await visit('admin', '/system/users?username=demo03');
  await expect(new ListScreen(page, 'users.one').row('demo03')).toBeVisible();
  await page.getByRole('button', { name: zh('action.export') }).click();
  await expect(toast(page, zh('users.exportQueued'))).toBeVisible();
  await page.getByRole('button', { name: zh('shell.tasks') }).click();
  const download = page.waitForEvent('download');
  await page
    .getByRole('dialog', { name: zh('shell.tasks') })
    .getByRole('button', { name: /users-.*\.csv/ })
    .click();
  expect(await readFile(await (await download).path(), 'utf8')).toMatch(
    /^\ufeffid,username,[^\n]*\r\n\d+,demo03,[^\n]*\r\n$/,
  );
});

test('the users who are listed are exported', async ({ page, visit }) => {
  await visit('admin', '/system/users?username=demo03');
  await expect(navigation(page)).toBeVisible();
  await expect(new ListScreen(page, 'users.one').row('demo03')).toBeVisible();
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: zh('action.export') }).click();
  expect((await download).suggestedFilename()).toMatch(/^users-\d{4}-\d\d-\d\d\.csv$/);
});
