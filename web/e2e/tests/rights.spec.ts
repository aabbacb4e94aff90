import { expect, signInBehind, test } from '../support/fixtures.ts';
import { ListScreen, navigation, signIn, toast } from '../support/screens.ts';
import { zh } from '../support/texts.ts';

test('A16 an auditor finds no buttons, and the API refuses what they would do', async ({ page, service, visit }) => {
  const { id } = await service.admin.done('POST', 'positions', { name: '审计对象', code: 'audited' });
  await visit('auditor', '/system/positions?keyword=audited');
  const screen = new ListScreen(page, 'positions.one');
  await expect(screen.row('audited')).toBeVisible();
  await expect(screen.addButton).toHaveCount(0);
  await expect(page.getByRole('button', { name: zh('action.edit') })).toHaveCount(0);
  await expect(page.getByRole('button', { name: zh('action.delete') })).toHaveCount(0);
  await expect(page.getByRole('checkbox')).toHaveCount(0);
  const auditor = await service.as('auditor');
  const refused = [
    await auditor.send('POST', 'positions', { name: 'x', code: 'x1' }),
    await auditor.send('PATCH', `positions/${id}`, { name: 'x' }),
    await auditor.send('DELETE', `positions/${id}`),
    await auditor.send('POST', 'positions/batch-delete', { ids: [id] }),
  ];
  expect(refused.map(({ status, body }) => [status, body.error])).toEqual(refused.map(() => [403, 'access.forbidden']));
  // A link to a form that they may not open leads to the list.
  await page.goto('/system/positions?form=new');
  await expect(page).toHaveURL('/system/positions');
});

test('a page that a person may not see says which permission is missing, under its own address', async ({
  page,
  visit,
}) => {
  await visit('staff', '/system/positions');
  await expect(page.getByRole('heading', { name: zh('error.forbidden.title') })).toBeVisible();
  await expect(page.getByText(/system:position:query/)).toBeVisible();
  await expect(page).toHaveURL('/system/positions');
  await expect(navigation(page).getByRole('link', { name: '岗位管理' })).toHaveCount(0);
  await page.goto('/nowhere');
  await expect(page.getByRole('heading', { name: zh('error.notFound.title') })).toBeVisible();
  await expect(page).toHaveURL('/nowhere');
});

test('A5 a right that is taken away takes its buttons and its page along while the page is open', async ({
  page,
  service,
  watched,
}) => {
  watched.expect(/status of 403/);
  const role = { code: 'short-lived', name: '短期角色', data_scope: 'all' };
  const held = ['system:position:query', 'system:position:create', 'system:position:update'];
  const { id: roleId } = await service.admin.done('POST', 'roles', { ...role, permissions: held });
  const user = { username: 'short', email: 'short@example.com', password: 'a short while here' };
  await service.admin.done('POST', 'users', { ...user, role_ids: [roleId] });
  await signInBehind(page, user.username, user.password);
  await page.goto('/system/positions');
  const screen = new ListScreen(page, 'positions.one');
  const form = await screen.openNew();
  await form.getByLabel(zh('positions.name')).fill('来不及');
  await form.getByLabel(zh('positions.code')).fill('too-late');
  await service.admin.done('PUT', `roles/${roleId}/permissions`, { permissions: ['system:position:query'] });
  await screen.save();
  await expect(toast(page, zh('shell.rightsChanged'))).toBeVisible();
  await expect(screen.addButton).toHaveCount(0);
  await expect(form.getByLabel(zh('positions.name'))).toHaveValue('来不及');
  await form.getByRole('button', { name: zh('action.cancel') }).click();
  await page
    .getByRole('dialog', { name: zh('shell.leaveTitle') })
    .getByRole('button', { name: zh('shell.leaveConfirm') })
    .click();
  await expect(page.getByRole('button', { name: zh('action.edit') })).toHaveCount(0);

  await service.admin.done('PUT', `roles/${roleId}/permissions`, { permissions: [] });
  // Nothing is pressed: the service tells the page.
  await expect(page.getByRole('heading', { name: zh('error.forbidden.title') })).toBeVisible();
  await expect(navigation(page).getByRole('link', { name: '岗位管理' })).toHaveCount(0);
});

test('A44 of two administrators who edit one row the second sees what the first did, and decides', async ({
  page,
  service,
  visit,
  watched,
}) => {
  watched.expect(/status of 409/);
  const { id } = await service.admin.done('POST', 'positions', {
    name: '共同编辑',
    code: 'shared',
    remark: '原来的备注',
  });
  await visit('admin', '/system/positions?keyword=shared');
  const screen = new ListScreen(page, 'positions.one');
  const form = await screen.openRow('shared');
  await form.getByLabel(zh('positions.name')).fill('我的名称');
  await service.admin.done('PATCH', `positions/${id}`, { name: '对方的名称', remark: '对方的备注' });
  await screen.save();
  const conflict = form.getByRole('alert').filter({ hasText: zh('crud.conflict.title') });
  await expect(conflict).toBeVisible();
  const name = conflict.getByRole('group', { name: zh('positions.name') });
  await expect(name).toContainText('对方的名称');
  await expect(name).toContainText('我的名称');
  await expect(conflict.getByRole('group', { name: zh('common.remark') })).toContainText('对方的备注');
  expect((await service.admin.done('GET', `positions/${id}`)).name).toBe('对方的名称');
  await name.getByRole('radio', { name: new RegExp(zh('crud.conflict.keepMine')) }).check();
  await screen.save();
  await expect(toast(page, zh('crud.saved'))).toBeVisible();
  const saved = await service.admin.done('GET', `positions/${id}`);
  expect([saved.name, saved.remark]).toEqual(['我的名称', '对方的备注']);
});

test('a row that somebody else has deleted says so', async ({ page, service, visit, watched }) => {
  watched.expect(/status of (404|409)/);
  const { id } = await service.admin.done('POST', 'positions', { name: '将被删除', code: 'doomed' });
  await visit('admin', '/system/positions?keyword=doomed');
  const screen = new ListScreen(page, 'positions.one');
  const form = await screen.openRow('doomed');
  await form.getByLabel(zh('positions.name')).fill('太晚了');
  await service.admin.done('DELETE', `positions/${id}`);
  await screen.save();
  await expect(form.getByRole('alert')).toBeVisible();
});

test('another person who signs in after an interruption gets nothing of the page of the first', async ({
  page,
  visit,
  service,
}) => {
  await visit('manager', '/dashboard');
  await expect(navigation(page).getByRole('link', { name: '用户管理' })).toBeVisible();
  await page.getByRole('button', { name: new RegExp(zh('shell.userMenu')) }).click();
  await page.getByRole('button', { name: zh('shell.signOut') }).click();
  await expect(page).toHaveURL(/\/login/);
  await signIn(page, 'staff', 'correct horse battery');
  await expect(navigation(page)).toBeVisible();
  await expect(navigation(page).getByRole('link', { name: '角色管理' })).toHaveCount(0);
  expect(service.output()).not.toMatch(/"level":"(error|fatal)"/);
});
