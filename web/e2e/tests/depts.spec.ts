import { expect, test } from '../support/fixtures.ts';
import { ListScreen, openChoices, pick, toast } from '../support/screens.ts';
import { zh } from '../support/texts.ts';

test('a department is made below another, changed, moved with all below it, and deleted', async ({
  page,
  service,
  visit,
}) => {
  await visit('admin', '/system/depts');
  const screen = new ListScreen(page, 'depts.one');
  await screen.choose('SOUTH-RD', zh('depts.addBelow'));
  const form = screen.form;
  await form.getByLabel(zh('depts.name')).fill('前端组');
  await form.getByLabel(zh('depts.code')).fill('front');
  await pick(form, zh('depts.leader'), 'staff');
  await screen.save();
  await expect(toast(page, zh('crud.created'))).toBeVisible();
  await expect(screen.row('front')).toContainText('演示员工');
  const { items } = await service.admin.done('GET', 'depts?keyword=front');
  const { id } = items[0];
  await service.admin.done('POST', 'depts', { name: '样式小组', code: 'styles', parent_id: id });

  await page.getByRole('button', { name: zh('action.refresh') }).click();
  await expect(screen.row('styles')).toBeVisible();
  const edit = await screen.openRow('front');
  await edit.getByLabel(zh('depts.name')).fill('前端部');
  await pick(edit, zh('depts.parent'), '南方财务部');
  await screen.save();
  await expect(toast(page, zh('crud.saved'))).toBeVisible();
  await expect(screen.row('front')).toContainText('前端部');
  const finance = (await service.admin.done('GET', 'depts?keyword=SOUTH-FIN')).items[0];
  const moved = await service.admin.done('GET', `depts/${id}`);
  expect([moved.name, moved.parent_id]).toEqual(['前端部', finance.id]);
  // What is below came along: it is still shown below, and closes with it.
  await page.getByRole('button', { name: '前端部', exact: true }).click();
  await expect(screen.row('styles')).toHaveCount(0);
  await page.getByRole('button', { name: '前端部', exact: true }).click();

  await screen.remove('样式小组');
  await expect(screen.row('styles')).toHaveCount(0);
  await screen.remove('前端部');
  await expect(screen.row('front')).toHaveCount(0);
  expect((await service.admin.send('GET', `depts/${id}`)).status).toBe(404);
});

test('a department that holds others, or people, is not deleted, and the page says which', async ({
  page,
  service,
  visit,
  watched,
}) => {
  watched.expect(/status of 409/);
  const { id: parent_id } = await service.admin.done('POST', 'depts', { name: '有下级的部门', code: 'above' });
  await service.admin.done('POST', 'depts', { name: '里面的部门', code: 'inside', parent_id });
  const { id: dept_id } = await service.admin.done('POST', 'depts', { name: '有人的部门', code: 'peopled' });
  const somebody = { username: 'inhabitant', email: 'inhabitant@example.com', password: 'lives in a department' };
  await service.admin.done('POST', 'users', { ...somebody, dept_id });
  await visit('admin', '/system/depts');
  const screen = new ListScreen(page, 'depts.one');
  const asked = page.waitForRequest((request) => request.method() === 'DELETE');
  await screen.remove('有下级的部门');
  expect((await asked).url()).toMatch(new RegExp(`/depts/${parent_id}$`));
  await expect(page.getByRole('alert').filter({ hasText: '里面的部门' })).toBeVisible();
  await screen.remove('有人的部门');
  await expect(page.getByRole('alert').filter({ hasText: 'inhabitant' })).toBeVisible();
  await expect(screen.row('above')).toBeVisible();
  await expect(screen.row('peopled')).toBeVisible();
});

test('a department cannot be moved below itself', async ({ page, service, visit }) => {
  const { id: parent_id } = await service.admin.done('POST', 'depts', { name: '环形上级', code: 'ring-above' });
  const below = await service.admin.done('POST', 'depts', { name: '环形下级', code: 'ring-below', parent_id });
  await visit('admin', '/system/depts');
  const screen = new ListScreen(page, 'depts.one');
  const form = await screen.openRow('ring-above');
  const choices = await openChoices(form, zh('depts.parent'));
  await expect(choices.getByRole('treeitem', { name: '总公司', exact: true })).toBeVisible();
  await expect(choices.getByRole('treeitem', { name: '环形下级', exact: true })).toHaveCount(0);
  // Nor past the page.
  const refused = await service.admin.send('PATCH', `depts/${parent_id}`, { parent_id: below.id });
  expect([refused.status, refused.body.error]).toEqual([409, 'dept.cycle']);
});

test('a department that is switched off is no longer offered to users', async ({ page, service, visit }) => {
  await service.admin.done('POST', 'depts', { name: '将停用的部门', code: 'closing' });
  await visit('admin', '/system/depts');
  const screen = new ListScreen(page, 'depts.one');
  await screen.choose('closing', zh('depts.disable'));
  const question = page.getByRole('dialog', { name: zh('depts.disableTitle') });
  await expect(question).toContainText('将停用的部门');
  await question.getByRole('button', { name: zh('depts.disable') }).click();
  await expect(screen.row('closing')).toContainText(zh('common.disabled'));
  await page.goto('/system/users?form=new');
  const form = new ListScreen(page, 'users.one').form;
  const choices = await openChoices(form, zh('users.dept'));
  await expect(choices.getByRole('treeitem', { name: '总公司', exact: true })).toBeVisible();
  await expect(choices.getByRole('treeitem', { name: '将停用的部门' })).toHaveCount(0);
});
