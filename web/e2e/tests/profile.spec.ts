import { expect, PASSWORD, test } from '../support/fixtures.ts';
import { ListScreen, toast } from '../support/screens.ts';
import { zh } from '../support/texts.ts';

test('people change their own data, and see what is wrong with it beside the field', async ({
  page,
  person,
  service,
  visit,
}) => {
  await visit(person, '/profile');
  const part = page.getByRole('region', { name: zh('profile.basic') });
  const save = part.getByRole('button', { name: zh('action.save') });
  await expect(save).toBeDisabled();
  await part.getByLabel(zh('users.name')).fill('换了名字');
  await part.getByLabel(zh('users.email')).fill('not an address');
  await save.click();
  await expect(part.getByText(zh('crud.rule.email'))).toBeVisible();
  await expect(part.getByLabel(zh('users.email'))).toBeFocused();
  await part.getByLabel(zh('users.email')).fill(`${person}.new@example.com`);
  await save.click();
  await expect(toast(page, zh('crud.saved'))).toBeVisible();
  await expect(page.getByRole('heading', { level: 1, name: '换了名字' })).toBeVisible();
  await expect(page.getByRole('button', { name: new RegExp(zh('shell.userMenu')) })).toContainText('换了名字');
  const theirs = await service.as(person);
  expect((await theirs.done('GET', 'users/me')).email).toBe(`${person}.new@example.com`);
  // Nothing of what an administrator decides.
  await expect(part.getByLabel(zh('users.roles'))).toHaveCount(0);
});

test('people change their password; what was signed in elsewhere is signed out', async ({
  page,
  person,
  service,
  visit,
  watched,
}) => {
  watched.expect(/status of 4(00|22)/);
  await visit(person, '/profile?tab=security');
  const elsewhere = await service.as(person);
  const part = page.getByRole('region', { name: zh('auth.changePassword') });
  const change = part.getByRole('button', { name: zh('auth.changePassword') });
  const fill = async (old: string, wanted: string) => {
    await part.getByLabel(zh('auth.oldPassword'), { exact: true }).fill(old);
    await part.getByLabel(zh('auth.newPassword'), { exact: true }).fill(wanted);
    await part.getByLabel(zh('auth.repeatPassword'), { exact: true }).fill(wanted);
    await change.click();
  };
  await fill('not the old one', 'a password of my own');
  await expect(part.getByText(/\S/).filter({ hasText: /密码/ }).first()).toBeVisible();
  await expect(toast(page, zh('profile.passwordChanged'))).toHaveCount(0);
  await fill(PASSWORD, 'a password of my own');
  await expect(toast(page, zh('profile.passwordChanged'))).toBeVisible();
  expect((await elsewhere.send('GET', 'users/me')).status).toBe(401);
  await service.as(person, 'a password of my own');
  // Here they go on.
  await page.goto('/system/positions');
  await expect(new ListScreen(page, 'positions.one').addButton).toBeVisible();
});

test('preferences take effect at once and follow the person to another browser', async ({
  browser,
  baseURL,
  page,
  person,
  service,
  visit,
}) => {
  for (let number = 10; number < 22; number++)
    await service.admin.done('POST', 'positions', { name: `偏好${number}`, code: `preferred-${number}` });
  await visit(person, '/profile?tab=preferences');
  const kept = () => page.waitForResponse((answer) => answer.url().endsWith('/users/me/preferences') && answer.ok());
  await page.getByRole('radio', { name: zh('profile.densities.compact') }).check();
  await page.getByRole('radio', { name: '10', exact: true }).check();
  await page.getByRole('radio', { name: zh('shell.themes.dark') }).check();
  await kept();
  await expect(page.locator('html')).toHaveClass(/dark/);

  const other = await browser.newContext({ locale: 'zh-CN', ...(baseURL && { baseURL }) });
  const there = await other.newPage();
  await there.goto('/login?r=/system/positions?keyword=preferred-');
  await there.getByLabel(zh('auth.username'), { exact: true }).fill(person);
  await there.getByLabel(zh('auth.password'), { exact: true }).fill(PASSWORD);
  await there.getByRole('button', { name: zh('auth.signIn') }).click();
  await expect(there.getByRole('checkbox', { name: /偏好/ })).toHaveCount(10);
  await expect(there.locator('html')).toHaveClass(/dark/);
  await other.close();
});

test('whoever signs out by the palette is asked about what they have not saved', async ({ page, person, visit }) => {
  await visit(person, '/profile');
  const part = page.getByRole('region', { name: zh('profile.basic') });
  await part.getByLabel(zh('users.name')).fill('尚未保存');
  const signOut = async () => {
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: zh('shell.palette') }).fill(zh('shell.signOut'));
    await page.keyboard.press('Enter');
    const question = page.getByRole('dialog', { name: zh('shell.leaveTitle') });
    await expect(question).toBeVisible();
    return question;
  };
  const question = await signOut();
  await question.getByRole('button', { name: zh('shell.stay') }).click();
  await expect(question).toBeHidden();
  await expect(part.getByLabel(zh('users.name'))).toHaveValue('尚未保存');
  await (await signOut()).getByRole('button', { name: zh('shell.leaveConfirm') }).click();
  await expect(page).toHaveURL(/\/login/);
});

test('people see what they may do, in words', async ({ page, visit }) => {
  await visit('manager', '/profile?tab=access');
  const part = page.getByRole('region', { name: zh('profile.access') });
  await expect(part).toContainText('部门经理');
  await expect(part).toContainText(zh('roles.scopes.dept_and_below.name'));
  await expect(part.getByTitle('system:user:reset-password')).toBeVisible();
  await expect(part.getByTitle('system:menu:query')).toHaveCount(0);
});

test('on a phone the part that is open is in sight among the others', async ({ page, person, visit }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await visit(person, '/profile?tab=access');
  const parts = page.getByRole('navigation', { name: zh('shell.profile') });
  await expect(parts.getByRole('link', { name: zh('profile.access') })).toBeInViewport({ ratio: 0.95 });
  await parts.getByRole('link', { name: zh('profile.basic') }).click();
  await expect(parts.getByRole('link', { name: zh('profile.basic') })).toBeInViewport({ ratio: 0.95 });
});
