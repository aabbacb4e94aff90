import { expect, test } from '../support/fixtures.ts';
import { ListScreen, navigation, toast } from '../support/screens.ts';
import { zh } from '../support/texts.ts';

test('an administrator looks at the console as somebody else, can change nothing, and returns to where they were', async ({
  page,
  service,
  visit,
  person,
  watched,
}) => {
  watched.expect(/status of (401|403)/);
  await visit(person, '/system/users?username=auditor');
  const screen = new ListScreen(page, 'users.one');
  await screen.choose('auditor', zh('viewAs.action'));
  const question = page.getByRole('dialog').filter({ hasText: zh('viewAs.text') });
  await question.getByRole('button', { name: zh('viewAs.action') }).click();

  const banner = page.getByRole('region', { name: zh('viewAs.banner') });
  await expect(banner).toBeVisible();
  await expect(banner).toContainText(/\d{2}:\d{2}/);
  await expect(page).toHaveURL('/dashboard');
  // The menus and rights are theirs.
  await page.goto('/system/users');
  // A page that is loaded anew is one's own again: no token is kept anywhere.
  await expect(banner).toHaveCount(0);

  await screen.search('auditor');
  await screen.choose('auditor', zh('viewAs.action'));
  await question.getByRole('button', { name: zh('viewAs.action') }).click();
  await expect(banner).toBeVisible();
  await navigation(page).getByRole('link', { name: '岗位管理' }).click();
  await expect(page.getByRole('heading', { name: zh('positions.title'), level: 1 })).toBeVisible();
  await expect(screen.addButton).toHaveCount(0);
  await page.getByRole('button', { name: new RegExp(zh('shell.userMenu')) }).click();
  await expect(page.getByRole('button', { name: zh('shell.signOut') })).toHaveCount(0);
  await page.getByRole('link', { name: zh('shell.profile') }).click();
  await page.getByRole('textbox', { name: zh('users.name') }).fill('不会保存');
  await page.getByRole('button', { name: zh('action.save') }).click();
  await expect(page.getByRole('alert').filter({ hasText: /\S/ })).toBeVisible();
  const { items } = await service.admin.done('GET', 'users?username=auditor');
  expect(items[0].name).not.toBe('不会保存');
  await page.getByRole('button', { name: zh('profile.undo') }).click();

  await banner.getByRole('button', { name: zh('viewAs.return') }).click();
  await expect(banner).toHaveCount(0);
  await expect(page).toHaveURL(/\/system\/users/);
  await expect(screen.addButton).toBeVisible();
  expect(service.output()).toContain('"viewer_id"');
});

test('A18 the administrator and oneself are not offered, nor is anybody to those without the right', async ({
  page,
  visit,
  person,
}) => {
  await visit(person, '/system/users?username=admin');
  const screen = new ListScreen(page, 'users.one');
  await screen
    .row('admin')
    .getByRole('button', { name: /更多操作/ })
    .click();
  const item = page.getByRole('menuitem', { name: zh('viewAs.action') });
  await expect(item).toHaveAttribute('aria-disabled', 'true');
  await page.goto(`/system/users?username=${person}`);
  await screen
    .row(person)
    .getByRole('button', { name: /更多操作/ })
    .click();
  await expect(page.getByRole('menuitem', { name: zh('users.why') })).toBeVisible();
  await expect(item).toHaveCount(0);
});

test('a view that the service ends leads back, and nothing asked for in it is done in the own name', async ({
  page,
  service,
  visit,
  person,
  watched,
}) => {
  watched.expect(/status of (401|403)/);
  await service.admin.done('POST', 'users', {
    username: 'seen',
    email: 'seen@example.com',
    password: 'correct horse battery',
    role_ids: (await service.admin.done('GET', 'users?username=manager')).items[0].role_ids,
  });
  await visit(person, '/system/users?username=seen');
  const screen = new ListScreen(page, 'users.one');
  await screen.choose('seen', zh('viewAs.action'));
  await page
    .getByRole('dialog')
    .getByRole('button', { name: zh('viewAs.action') })
    .click();
  const banner = page.getByRole('region', { name: zh('viewAs.banner') });
  await expect(banner).toBeVisible();
  const sent: string[] = [];
  page.on('request', (request) => {
    // Which tabs are open is kept again, in the own name.
    const isExpected = /\/auth\/|\/preferences$/.test(request.url());
    if (request.method() !== 'GET' && !isExpected) sent.push(request.url());
  });
  const { items } = await service.admin.done('GET', 'users?username=seen');
  await service.admin.done('DELETE', `users/${items[0].id}`);
  await navigation(page).getByRole('link', { name: '用户管理' }).click();
  await expect(toast(page, zh('viewAs.over'))).toBeVisible();
  await expect(banner).toHaveCount(0);
  await expect(page).toHaveURL(/\/system\/users/);
  await expect(screen.addButton).toBeVisible();
  expect(sent).toEqual([]);
});

test('a view from which there is no way back for now ends all the same: the console is loaded anew', async ({
  page,
  visit,
  person,
  watched,
}) => {
  watched.expect(/ERR_FAILED/);
  await visit(person, '/system/users?username=auditor');
  const screen = new ListScreen(page, 'users.one');
  await screen.choose('auditor', zh('viewAs.action'));
  await page
    .getByRole('dialog')
    .getByRole('button', { name: zh('viewAs.action') })
    .click();
  const banner = page.getByRole('region', { name: zh('viewAs.banner') });
  await expect(banner).toBeVisible();
  await page.route('**/api/v1/users/me', (route) => route.abort(), { times: 1 });
  await banner.getByRole('button', { name: zh('viewAs.return') }).click();
  await expect(banner).toHaveCount(0);
  await expect(page).toHaveURL(/\/system\/users/);
  await expect(screen.addButton).toBeVisible();
});

test('a view ends by itself when its time is over', async ({ page, visit, person, watched }) => {
  watched.expect(/status of 401/);
  await page.clock.install();
  await visit(person, '/system/users?username=auditor');
  const screen = new ListScreen(page, 'users.one');
  await expect(screen.row('auditor')).toBeVisible();
  await screen.choose('auditor', zh('viewAs.action'));
  await page
    .getByRole('dialog')
    .getByRole('button', { name: zh('viewAs.action') })
    .click();
  const banner = page.getByRole('region', { name: zh('viewAs.banner') });
  await expect(banner).toBeVisible();
  await page.clock.fastForward('14:00');
  await expect(banner).toBeVisible();
  await page.clock.fastForward('01:01');
  await expect(toast(page, zh('viewAs.over'))).toBeVisible();
  await expect(banner).toHaveCount(0);
  await expect(page).toHaveURL(/\/system\/users/);
  await expect(screen.addButton).toBeVisible();
});
