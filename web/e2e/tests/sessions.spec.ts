import { mustWait } from '../scenes/answers.ts';
import { expect, PASSWORD, signInBehind, test } from '../support/fixtures.ts';
import { ListScreen, toast } from '../support/screens.ts';
import { zh } from '../support/texts.ts';

test('whoever is signed out by an administrator is asked to sign in again at once, and their programs are refused', async ({
  page,
  browser,
  service,
  visit,
  person,
}) => {
  const user = { username: `away-${person}`, email: `away-${person}@example.com`, password: PASSWORD };
  await service.admin.done('POST', 'users', user);
  const context = await browser.newContext({ locale: 'zh-CN', baseURL: service.url });
  const theirs = await context.newPage();
  await signInBehind(theirs, user.username);
  await theirs.goto('/dashboard');
  await expect(theirs.getByRole('heading', { level: 1 })).toBeAttached();

  await visit(person, `/monitor/online?keyword=${user.username}`);
  const screen = new ListScreen(page, 'sessions.one');
  await expect(screen.row(user.username)).toBeVisible();
  await screen.choose(user.username, zh('sessions.signOut'));
  const question = page.getByRole('dialog', { name: zh('sessions.signOutTitle') });
  await question.getByRole('button', { name: zh('sessions.signOut') }).click();
  await expect(toast(page, zh('sessions.signedOut'))).toBeVisible();
  await expect(screen.row(user.username)).toHaveCount(0);

  const again = theirs.getByRole('dialog', { name: zh('auth.againTitle') });
  await expect(again).toBeVisible();
  await again.getByLabel(zh('auth.password'), { exact: true }).fill(PASSWORD);
  await again.getByRole('button', { name: zh('auth.signIn'), exact: true }).click();
  await expect(again).toHaveCount(0);
  await context.close();
});

test('a person sees where they are signed in, ends one session and all others, and sees who tried', async ({
  page,
  service,
  visit,
  person,
}) => {
  const [first, second, third] = [await service.as(person), await service.as(person), await service.as(person)];
  await expect(service.as(person, 'not the password')).rejects.toThrow();
  await visit(person, '/profile?tab=security');
  const own = page.getByRole('region', { name: zh('sessions.own.title') });
  await expect(own.getByRole('listitem')).toHaveCount(4);
  await expect(own.getByRole('listitem').first()).toContainText(zh('sessions.current'));
  const alive = async () =>
    (await Promise.all([first, second, third].map((api) => api.send('GET', 'users/me')))).map(({ status }) => status);

  await own
    .getByRole('listitem')
    .last()
    .getByRole('button', { name: new RegExp(zh('sessions.own.end')) })
    .click();
  await page
    .getByRole('dialog', { name: zh('sessions.own.endTitle') })
    .getByRole('button', { name: zh('sessions.own.end') })
    .click();
  await expect(own.getByRole('listitem')).toHaveCount(3);
  expect((await alive()).sort()).toEqual([200, 200, 401]);

  await own.getByRole('button', { name: zh('sessions.own.endAll') }).click();
  await page
    .getByRole('dialog', { name: zh('sessions.own.endTitle') })
    .getByRole('button', { name: zh('sessions.own.end') })
    .click();
  await expect(own.getByText(zh('sessions.own.only'))).toBeVisible();
  expect(await alive()).toEqual([401, 401, 401]);

  const attempts = page.getByRole('region', { name: zh('signInLog.own.title') }).getByRole('listitem');
  await expect(attempts).toHaveCount(5);
  await expect(attempts.filter({ hasText: zh('signInLog.reasons.wrong-password') })).toHaveCount(1);
});

test('who has to wait after failures is marked in the list of users, and is let in again', async ({
  page,
  visit,
  person,
}) => {
  let isLetIn = false;
  page.on('request', (request) => {
    isLetIn ||= request.method() === 'POST' && request.url().endsWith('/unlock');
  });
  await mustWait(page, () => !isLetIn);
  await visit(person, `/system/users?username=staff`);
  const screen = new ListScreen(page, 'users.one');
  await expect(screen.row('staff').getByText(zh('users.mustWait'))).toBeVisible();
  await screen.choose('staff', zh('users.unlock'));
  await expect(toast(page, zh('users.unlocked'))).toBeVisible();
  await expect(screen.row('staff').getByText(zh('users.mustWait'))).toHaveCount(0);
});
