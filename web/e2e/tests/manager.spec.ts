import { expect, test } from '../support/fixtures.ts';
import { ListScreen, navigation, openChoices } from '../support/screens.ts';
import { zh } from '../support/texts.ts';

const named = (items: readonly { name: string }[]) => items.map(({ name }) => name);

test('A21 a department manager sees the users of his own tree alone, on the page and by the API', async ({
  page,
  service,
  visit,
}) => {
  await visit('manager', '/system/users');
  const screen = new ListScreen(page, 'users.one');
  await expect(screen.row('manager')).toBeVisible();
  await screen.settled();
  const cells = await page
    .getByRole('row')
    .getByText(/方|总公司/)
    .allInnerTexts();
  expect(cells.length).toBeGreaterThan(10);
  expect(cells.filter((text) => !text.startsWith('北方'))).toEqual([]);

  const tree = page.getByRole('tree', { name: zh('users.depts') });
  await expect(tree.getByRole('treeitem', { name: '北方分公司' })).toBeVisible();
  await expect(tree.getByRole('treeitem', { name: /南方|总公司/ })).toHaveCount(0);
  const form = await screen.openNew();
  const choices = await openChoices(form, zh('users.dept'));
  await expect(choices.getByRole('treeitem', { name: '北方销售部', exact: true })).toBeVisible();
  await expect(choices.getByRole('treeitem', { name: /南方|总公司/ })).toHaveCount(0);

  // An address that was passed on opens nothing of elsewhere.
  const staff = (await service.admin.done('GET', 'users?username=staff')).items[0];
  await page.goto(`/system/users?username=staff`);
  await expect(page.getByText(zh('crud.noMatch', { name: screen.one }))).toBeVisible();
  await expect(navigation(page).getByRole('link', { name: '菜单管理' })).toHaveCount(0);

  const manager = await service.as('manager');
  const all = await manager.done('GET', 'users?page_size=200');
  expect(all.total).toBeLessThan((await service.admin.done('GET', 'users')).total);
  expect(all.items.filter(({ dept_name }: { dept_name: string }) => !dept_name?.startsWith('北方'))).toEqual([]);
  const options = await manager.done('GET', 'users/options?page_size=100');
  expect(JSON.stringify(options)).not.toMatch(/"staff"|"admin"|"auditor"/);
  const depts = await manager.done('GET', 'depts/options');
  expect(named(depts.items).filter((name) => !name.startsWith('北方'))).toEqual([]);
  const south = (await service.admin.done('GET', 'depts?keyword=SOUTH-RD')).items[0];
  const refused = [
    await manager.send('GET', `users/${staff.id}`),
    await manager.send('PATCH', `users/${staff.id}`, { name: '越界' }),
    await manager.send('DELETE', `users/${staff.id}`),
    await manager.send('POST', `users/${staff.id}/reset-password`, {}),
    await manager.send('PUT', `users/${staff.id}/roles`, { role_ids: [] }),
    await manager.send('GET', `users/${staff.id}/sessions`),
    await manager.send('GET', `depts/${south.id}`),
    await manager.send('PATCH', `depts/${south.id}`, { name: '越界' }),
  ];
  expect(refused.map(({ status }) => status).filter((status) => status !== 404 && status !== 403)).toEqual([]);
  expect(refused[0]?.status).toBe(404);
  const stranger = { username: 'stranger', email: 'stranger@example.com', password: 'out of the scope' };
  const made = await manager.send('POST', 'users', { ...stranger, dept_id: south.id });
  expect(made.status).toBeGreaterThanOrEqual(400);
  expect((await service.admin.done('GET', 'users?username=stranger')).total).toBe(0);
  expect((await service.admin.done('GET', `users/${staff.id}`)).name).toBe('演示员工');
});

test('a department manager finds only his own departments, and the search tells nothing of others', async ({
  page,
  visit,
}) => {
  await visit('manager', '/system/depts');
  const screen = new ListScreen(page, 'depts.one');
  await expect(screen.row('NORTH-RD')).toBeVisible();
  await expect(screen.row('SOUTH')).toHaveCount(0);
  await expect(screen.row('HQ')).toHaveCount(0);
  await expect(screen.addButton).toHaveCount(0);
  await screen.search('SOUTH');
  await expect(page.getByText(zh('crud.noMatch', { name: screen.one }))).toBeVisible();
});
