import { expect, test } from '../support/fixtures.ts';
import { ListScreen, toast } from '../support/screens.ts';
import { zh } from '../support/texts.ts';

test('a position is created without a mouse, from signing in to the row in the list', async ({ page }) => {
  await page.goto('/login?r=/system/positions');
  await expect(page.getByLabel(zh('auth.username'), { exact: true })).toBeFocused();
  await page.keyboard.type('admin');
  await page.keyboard.press('Tab');
  await expect(page.getByLabel(zh('auth.password'), { exact: true })).toBeFocused();
  await page.keyboard.type('correct horse battery');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL('/system/positions');
  const screen = new ListScreen(page, 'positions.one');
  await expect(screen.addButton).toBeVisible();

  // Past the navigation in two keys.
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: zh('shell.skip') })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('main')).toBeFocused();
  for (let presses = 0; presses < 15; presses++) {
    await page.keyboard.press('Tab');
    if (await screen.addButton.evaluate((button) => button === document.activeElement)) break;
  }
  await expect(screen.addButton).toBeFocused();
  const ring = await screen.addButton.evaluate((button) => getComputedStyle(button).outlineStyle);
  expect(ring).not.toBe('none');
  await page.keyboard.press('Enter');

  const form = page.getByRole('dialog', { name: zh('crud.createTitle', { name: screen.one }) });
  await expect(form.getByLabel(zh('positions.name'))).toBeFocused();
  await page.keyboard.type('键盘岗位');
  await page.keyboard.press('Tab');
  await expect(form.getByLabel(zh('positions.code'))).toBeFocused();
  await page.keyboard.type('by-keyboard');
  await page.keyboard.press('Enter');
  await expect(toast(page, zh('crud.created'))).toBeVisible();
  await expect(screen.row('by-keyboard')).toBeVisible();
  await expect(form).toBeHidden();
  await expect(screen.addButton).toBeFocused();
});

test('Escape closes a form and gives the focus back; the focus cannot leave an open form', async ({ page, visit }) => {
  await visit('admin', '/system/positions');
  const screen = new ListScreen(page, 'positions.one');
  await screen.addButton.focus();
  await page.keyboard.press('Enter');
  const form = page.getByRole('dialog', { name: zh('crud.createTitle', { name: screen.one }) });
  await expect(form).toBeVisible();
  for (let presses = 0; presses < 20; presses++) {
    await page.keyboard.press('Tab');
    expect(await form.evaluate((dialog) => dialog.contains(document.activeElement))).toBe(true);
  }
  await page.keyboard.press('Escape');
  await expect(form).toBeHidden();
  await expect(screen.addButton).toBeFocused();
});

test('a form that still slides in does not take the focus from whoever types in it already', async ({
  page,
  visit,
}) => {
  await page.emulateMedia({ reducedMotion: 'no-preference' });
  await visit('admin', '/system/positions');
  const form = await new ListScreen(page, 'positions.one').openNew();
  const code = form.getByLabel(zh('positions.code'));
  await code.focus();
  await page.keyboard.type('typed-');
  await page.evaluate(() => Promise.all(document.getAnimations().map(({ finished }) => finished)).then(() => null));
  // What follows the end of a transition has happened two frames later.
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  await page.keyboard.type('early');
  await expect(code).toHaveValue('typed-early');
});

for (const [what, path, action] of [
  ['the history of a row', '/system/positions?keyword=focus-one', 'audit.history'],
  ['the entries of a cache', '/monitor/cache', 'monitor.cache.keys'],
  ['a line of the log', '/logs/program', 'action.view'],
] as const) {
  test(`Escape closes ${what} and gives the focus back`, async ({ page, service, visit }) => {
    if (action === 'audit.history') await service.admin.done('POST', 'positions', { name: '焦点', code: 'focus-one' });
    await visit('admin', path);
    const opener = page.getByRole('button', { name: zh(action), exact: true }).first();
    await opener.focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog');
    await expect(dialog).toBeVisible();
    await expect.poll(() => dialog.evaluate((one) => one.contains(document.activeElement))).toBe(true);
    await page.keyboard.press('Escape');
    await expect(dialog).toBeHidden();
    await expect(opener).toBeFocused();
  });
}
