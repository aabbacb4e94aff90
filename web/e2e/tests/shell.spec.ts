import { expect, test } from '../support/fixtures.ts';
import { navigation } from '../support/screens.ts';
import { en, zh } from '../support/texts.ts';

test('the language is switched for everything on the page, and kept', async ({ page, person, visit }) => {
  await visit(person, '/system/positions');
  await expect(page.getByRole('heading', { name: zh('positions.title'), level: 1 })).toBeVisible();
  await page.getByRole('button', { name: new RegExp(zh('shell.userMenu')) }).click();
  await page.getByRole('radio', { name: 'English' }).check();
  await expect(page.getByRole('heading', { name: en('positions.title'), level: 1 })).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('lang', 'en-US');
  await expect(page).toHaveTitle(new RegExp(en('positions.title')));
  await expect(
    page.getByRole('navigation', { name: en('shell.navigation') }).getByRole('link', { name: 'Users', exact: true }),
  ).toBeVisible();
  await page.reload();
  await expect(page.getByRole('heading', { name: en('positions.title'), level: 1 })).toBeVisible();
});

test('the language is chosen before signing in, too', async ({ page }) => {
  await page.goto('/login');
  await page.getByRole('button', { name: 'English' }).click();
  await expect(page.getByRole('button', { name: en('auth.signIn') })).toBeVisible();
  await page.reload();
  await expect(page.getByRole('heading', { name: en('auth.signIn') })).toBeVisible();
});

test('the theme is switched, kept, and there before the first paint', async ({ page, person, visit }) => {
  await visit(person, '/system/positions');
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await ground();
  await page.getByRole('button', { name: new RegExp(zh('shell.userMenu')) }).click();
  await page.getByRole('radio', { name: zh('shell.themes.dark') }).check();
  await expect(page.locator('html')).toHaveClass(/dark/);
  await expect.poll(ground).not.toBe(light);
  // Before anything of the console has run.
  let letGo = () => {};
  const held = new Promise<void>((settle) => {
    letGo = settle;
  });
  await page.route('**/assets/index-*.js', async (route) => {
    await held;
    await route.continue();
  });
  await page.reload({ waitUntil: 'commit' });
  await expect(page.locator('html')).toHaveClass(/dark/);
  await expect(page.getByRole('navigation')).toHaveCount(0);
  letGo();
  await expect(navigation(page)).toBeVisible();
  await page.emulateMedia({ colorScheme: 'light' });
  await expect(page.locator('html')).toHaveClass(/dark/);
});

test('without a choice the theme follows the system', async ({ page }) => {
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.goto('/login');
  await expect(page.locator('html')).toHaveClass(/dark/);
  await page.emulateMedia({ colorScheme: 'light' });
  await expect(page.locator('html')).not.toHaveClass(/dark/);
});

test('the navigation is made of real links, and marks the open page for everybody', async ({ page, visit }) => {
  await visit('admin', '/system/positions');
  const link = navigation(page).getByRole('link', { name: '岗位管理' });
  await expect(link).toHaveAttribute('href', '/system/positions');
  await expect(link).toHaveAttribute('aria-current', 'page');
  await expect(page.getByRole('navigation', { name: zh('shell.breadcrumb') })).toContainText('岗位管理');
});

test('open pages stand as tabs, which survive a reload and remember their filters', async ({ page, person, visit }) => {
  await visit(person, '/system/positions?keyword=abc');
  // A click before the first page is there would go past it.
  await expect(page.getByRole('heading', { name: zh('positions.title'), level: 1 })).toBeVisible();
  await navigation(page).getByRole('link', { name: '用户管理' }).click();
  await expect(page).toHaveURL('/system/users');
  await page.reload();
  const tabs = page.getByRole('navigation', { name: zh('shell.tabs') });
  await tabs.getByRole('link', { name: '岗位管理' }).click();
  await expect(page).toHaveURL('/system/positions?keyword=abc');
  await tabs.getByRole('button', { name: zh('shell.closeTab', { title: '岗位管理' }) }).click();
  await expect(page).toHaveURL('/system/users');
  await expect(tabs.getByRole('link', { name: '岗位管理' })).toHaveCount(0);
});

test('the command palette goes to a page by keyboard', async ({ page, visit }) => {
  await visit('admin', '/dashboard');
  await expect(navigation(page)).toBeVisible();
  await page.keyboard.press('Control+k');
  const search = page.getByRole('combobox', { name: zh('shell.palette') });
  await expect(search).toBeFocused();
  await search.fill('岗位');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL('/system/positions');
  await expect(search).toHaveCount(0);
});

test('a lost connection is told, and its return', async ({ page, context, visit, watched }) => {
  // Of what was on its way.
  watched.expect(/ERR_INTERNET_DISCONNECTED/);
  await visit('admin', '/system/positions');
  await expect(page.getByRole('heading', { name: zh('positions.title'), level: 1 })).toBeVisible();
  await context.setOffline(true);
  await expect(page.getByText(zh('error.offline.title'))).toBeVisible();
  await context.setOffline(false);
  await expect(page.getByText(zh('error.offline.title'))).toHaveCount(0);
});

test('on a phone the navigation opens over the page, and rows are cards', async ({ page, visit }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await visit('admin', '/system/users');
  await expect(page.getByRole('table')).toHaveCount(0);
  await expect(page.getByRole('listitem').filter({ hasText: '演示用户' }).first()).toBeVisible();
  await page.getByRole('button', { name: zh('shell.openNavigation') }).click();
  await navigation(page).getByRole('link', { name: '岗位管理' }).click();
  await expect(page).toHaveURL('/system/positions');
  await expect(navigation(page)).toBeHidden();
});

test('a page of an older build, gone after an update, brings the new one by its address', async ({
  page,
  visit,
  watched,
}) => {
  watched.expect(/status of 404|dynamically imported module/);
  await visit('admin', '/dashboard');
  await expect(navigation(page)).toBeVisible();
  let isOld = true;
  // Another page was asked for before, and comes only now that nobody wants it.
  const overtaken = Promise.withResolvers<void>();
  const came = page.waitForEvent('requestfinished', (request) => /assets\/depts-.*\.js/.test(request.url()));
  await page.route('**/assets/depts-*.js', async (route) => {
    await overtaken.promise;
    await route.continue();
  });
  await page.route('**/assets/positions-*.js', async (route) => {
    if (!isOld) return route.continue();
    overtaken.resolve();
    await came;
    await page.waitForTimeout(200);
    await route.fulfill({ status: 404, json: {} });
  });
  await page.route(/\/system\/positions\?/, async (route) => {
    isOld = false;
    await route.continue();
  });
  await navigation(page).getByRole('link', { name: '部门管理' }).click();
  await navigation(page).getByRole('link', { name: '岗位管理' }).click();
  await expect(page.getByRole('heading', { name: zh('positions.title'), level: 1 })).toBeVisible();
  await expect(page).toHaveURL(/\/system\/positions/);
});
