import { somebodyNew } from '../scenes/sign-in.ts';
import { expect, PASSWORD, test, watch } from '../support/fixtures.ts';
import { navigation, signIn, signOut, toast } from '../support/screens.ts';
import { zh } from '../support/texts.ts';

test('a person signs in, finds the navigation, and signs out for good', async ({ page }) => {
  await page.goto('/');
  await expect(page).toHaveURL(/\/login/);
  await expect(page).toHaveTitle(new RegExp(zh('auth.signIn')));
  await signIn(page, 'admin', PASSWORD);
  await expect(page).toHaveURL('/dashboard');
  await expect(navigation(page).getByRole('link', { name: '用户管理' })).toBeVisible();
  await page.getByRole('button', { name: new RegExp(zh('shell.userMenu')) }).click();
  await page.getByRole('button', { name: zh('shell.signOut') }).click();
  await expect(page).toHaveURL(/\/login/);
  await page.goto('/system/positions');
  await expect(page).toHaveURL('/login?r=/system/positions');
});

test('a reload keeps a person signed in, by the cookie and without anything in the storage of the browser', async ({
  page,
  visit,
}) => {
  await visit('admin', '/system/positions');
  await expect(page.getByRole('heading', { name: zh('positions.title'), level: 1 })).toBeVisible();
  await page.reload();
  await expect(page.getByRole('heading', { name: zh('positions.title'), level: 1 })).toBeVisible();
  const stored = await page.evaluate(() =>
    JSON.stringify({ ...localStorage, ...sessionStorage, cookie: document.cookie }),
  );
  expect(stored).not.toMatch(/eyJ|refresh|token/i);
});

test('a wrong password and a missing one are said beside the form, and the name stays', async ({ page, watched }) => {
  watched.expect(/status of 400|status of 401/);
  await page.goto('/login');
  await page.getByRole('button', { name: zh('auth.signIn') }).click();
  await expect(page.getByText(zh('auth.usernameRequired'))).toBeVisible();
  await expect(page.getByText(zh('auth.passwordRequired'))).toBeVisible();
  await signIn(page, 'admin', 'not the password');
  await expect(page.getByRole('alert').filter({ hasText: /\S/ })).toHaveCount(1);
  await expect(page.getByLabel(zh('auth.username'), { exact: true })).toHaveValue('admin');
  await expect(page.getByLabel(zh('auth.password'), { exact: true })).toHaveValue('');
  await expect(page).toHaveURL('/login');
  await signIn(page, 'admin', PASSWORD);
  await expect(page).toHaveURL('/dashboard');
});

test('a deep link asks to sign in and then goes on, with its filters', async ({ page }) => {
  await page.goto('/system/positions?keyword=no-such-position&order_by=-name');
  await expect(page).toHaveURL(/\/login\?r=/);
  await signIn(page, 'admin', PASSWORD);
  await expect(page).toHaveURL('/system/positions?keyword=no-such-position&order_by=-name');
  await expect(page.getByText(zh('crud.noMatch', { name: zh('positions.one') }))).toBeVisible();
});

for (const elsewhere of [
  '//evil.example/x',
  'https://evil.example',
  '/\\evil.example',
  'javascript:alert(1)',
  '/login',
]) {
  test(`A32 the way back after signing in never leads to ${elsewhere}`, async ({ page, service }) => {
    await page.goto(`/login?r=${encodeURIComponent(elsewhere)}`);
    await signIn(page, 'admin', PASSWORD);
    await expect(page).toHaveURL('/dashboard');
    expect(new URL(page.url()).origin).toBe(service.url);
  });
}

test('somebody who has to change the password can do nothing else before', async ({ page, service }) => {
  const user = { username: 'newcomer', email: 'newcomer@example.com', password: 'given by somebody' };
  const { id } = await service.admin.done('POST', 'users', user);
  const { one_time_password: password } = await service.admin.done('POST', `users/${id}/reset-password`, {});
  await page.goto('/system/positions');
  await signIn(page, 'newcomer', password);
  await expect(page).toHaveURL('/change-password');
  await page.goto('/dashboard');
  await expect(page).toHaveURL('/change-password');
  await page.getByLabel(zh('auth.oldPassword'), { exact: true }).fill(password);
  await page.getByLabel(zh('auth.newPassword'), { exact: true }).fill('a password of my own');
  await page.getByLabel(zh('auth.repeatPassword'), { exact: true }).fill('another one');
  await page.getByRole('button', { name: zh('auth.changePassword') }).click();
  await expect(page.getByText(zh('auth.repeatDiffers'))).toBeVisible();
  await page.getByLabel(zh('auth.repeatPassword'), { exact: true }).fill('a password of my own');
  await page.getByRole('button', { name: zh('auth.changePassword') }).click();
  await expect(toast(page, zh('auth.changed'))).toBeVisible();
  await expect(page).toHaveURL(/\/login/);
  await signIn(page, 'newcomer', 'a password of my own');
  await expect(page).toHaveURL('/dashboard');
});

for (const [when, hearsOfIt] of [
  ['at once', true],
  ['with the next request where live events do not get through', false],
] as const) {
  test(`a session that ends while somebody is at work is renewed over the open page, which loses nothing: ${when}`, async ({
    page,
    person,
    service,
    watched,
  }) => {
    watched.expect(/status of 401/);
    if (!hearsOfIt) {
      watched.expect(/ERR_FAILED/);
      await page.route('**/api/v1/events', (route) => route.abort());
    }
    await page.goto(`/login?r=${encodeURIComponent(`/system/positions?keyword=interrupted-${hearsOfIt}&form=new`)}`);
    await signIn(page, person, PASSWORD);
    const form = page.getByRole('dialog', { name: zh('crud.createTitle', { name: zh('positions.one') }) });
    await form.getByLabel(zh('positions.name')).fill('断线岗位');
    await form.getByLabel(zh('positions.code')).fill(`interrupted-${hearsOfIt}`);
    // A new password, from another device, ends the session of this one.
    const elsewhere = await service.as(person);
    const change = { old_password: PASSWORD, new_password: 'after the change' };
    await elsewhere.done('POST', 'users/me/password', change);
    const save = form.getByRole('button', { name: zh('action.save') });
    if (!hearsOfIt) await save.click();
    const again = page.getByRole('dialog', { name: zh('auth.againTitle') });
    await expect(again.getByLabel(zh('auth.username'), { exact: true })).toHaveValue(person);
    await again.getByLabel(zh('auth.password'), { exact: true }).fill('after the change');
    await again.getByRole('button', { name: zh('auth.signIn') }).click();
    if (hearsOfIt) {
      await expect(again).toBeHidden();
      await save.click();
    }
    await expect(toast(page, zh('crud.created'))).toBeVisible();
    await expect(page.getByRole('row').filter({ hasText: '断线岗位' })).toBeVisible();
  });
}

test('the tabs of a browser are one session: they go on, and are signed out, together', async ({
  context,
  page,
  person,
  service,
  watched,
}) => {
  // Two pages and three people.
  test.slow();
  watched.expect(/status of 401/);
  await page.goto('/login?r=/system/positions');
  await signIn(page, person, PASSWORD);
  await expect(page).toHaveURL('/system/positions');
  const other = await context.newPage();
  const { complaints, expect: expectComplaint } = await watch(other, service.url);
  expectComplaint(/status of 401/);
  await other.goto('/system/users?form=new');
  const form = other.getByRole('dialog', { name: zh('crud.createTitle', { name: zh('users.one') }) });
  await form.getByLabel(zh('users.name'), { exact: true }).fill('尚未保存');
  const elsewhere = await service.as(person);
  await elsewhere.done('POST', 'users/me/password', { old_password: PASSWORD, new_password: 'after the change' });
  const againOf = (tab: typeof page) => tab.getByRole('dialog', { name: zh('auth.againTitle') });
  await expect(againOf(other)).toBeVisible();
  const again = againOf(page);
  await again.getByLabel(zh('auth.password'), { exact: true }).fill('after the change');
  await again.getByRole('button', { name: zh('auth.signIn') }).click();
  await expect(again).toBeHidden();
  await expect(againOf(other)).toBeHidden();
  await expect(form.getByLabel(zh('users.name'), { exact: true })).toHaveValue('尚未保存');

  await signOut(page);
  await expect(other).toHaveURL(/\/login/);
  await expect(other.getByText('尚未保存')).toHaveCount(0);
  await signIn(page, 'staff', PASSWORD);
  await expect(page).toHaveURL('/system/positions');
  await expect(other).not.toHaveURL(/\/login/);
  await expect(other.getByRole('button', { name: new RegExp(zh('shell.userMenu')) })).toContainText('演示员工');
  await signOut(page);

  // Somebody who has to do something first has signed in too, in both.
  const { username, password } = await somebodyNew(service);
  await expect(other).toHaveURL(/\/login/);
  await signIn(page, username, password);
  await expect(page).toHaveURL('/change-password');
  await expect(other).toHaveURL('/change-password');
  expect(complaints).toEqual([]);
});
