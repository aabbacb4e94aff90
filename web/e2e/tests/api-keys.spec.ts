import { expect, PASSWORD, test } from '../support/fixtures.ts';
import { ListScreen, toast } from '../support/screens.ts';
import { zh } from '../support/texts.ts';

test('a key is made within the own rights, shown once, used by a program, and revoked', async ({
  page,
  service,
  visit,
  person,
  watched,
}) => {
  watched.expect(/status of 422/);
  await visit(person, '/profile?tab=api-keys');
  await expect(page.getByText(zh('apiKeys.none'))).toBeVisible();
  await page.getByRole('button', { name: zh('apiKeys.create') }).click();
  const form = page.getByRole('dialog', { name: zh('apiKeys.create') });
  await form.getByRole('textbox', { name: zh('apiKeys.name') }).fill('每日同步');
  await form.getByRole('searchbox', { name: zh('roles.searchTree') }).fill('system:position:query');
  await form.getByRole('treeitem').filter({ hasText: 'system:position:query' }).click();
  // Of the wrong fields the form says what is wrong, and keeps the rest.
  const addresses = form.getByRole('textbox', { name: zh('apiKeys.addresses') });
  await addresses.fill('127.0.0.0/8\nexample.com');
  await form.getByRole('button', { name: zh('apiKeys.create') }).click();
  await expect(form.getByText(/example\.com .*10\.0\.0\.0/)).toBeVisible();
  await addresses.fill('127.0.0.0/8');
  await form.getByRole('button', { name: zh('apiKeys.create') }).click();
  const shown = page.getByRole('textbox', { name: zh('apiKeys.key') });
  await expect(shown).toHaveValue(/^fva_/);
  const key = await shown.inputValue();
  await page.getByRole('button', { name: zh('apiKeys.kept') }).click();

  const row = page.getByRole('listitem').filter({ hasText: '每日同步' });
  await expect(row).toContainText(key.slice(0, 12));
  await expect(row).toContainText('127.0.0.0/8');
  // The dialog takes a moment to leave.
  await expect.poll(() => page.content()).not.toContain(key.slice(12));
  const ask = (path: string) =>
    fetch(`${service.url}/api/v1/${path}`, { headers: { authorization: `Bearer ${key}` } }).then(
      ({ status }) => status,
    );
  expect([await ask('positions'), await ask('users')]).toEqual([200, 403]);

  await row.getByRole('button', { name: zh('apiKeys.revokeNamed', { name: '每日同步' }) }).click();
  const question = page.getByRole('dialog', { name: zh('apiKeys.revokeTitle', { name: '每日同步' }) });
  await question.getByRole('button', { name: zh('apiKeys.revoke') }).click();
  await expect(toast(page, zh('apiKeys.revoked'))).toBeVisible();
  await expect(row).toHaveCount(0);
  expect(await ask('positions')).toBe(401);
  await page.getByText(zh('apiKeys.showOver')).click();
  await expect(row).toContainText(zh('apiKeys.states.revoked'));
  await expect(row.getByRole('button')).toHaveCount(0);
});

test('an older session proves itself once more, and the key is made then', async ({ page, visit, person, watched }) => {
  watched.expect(/status of 403/);
  await visit(person, '/profile?tab=api-keys');
  let refused = 0;
  // What the service says to a session whose last proof is too old; the proof and what follows are its own.
  await page.route('**/users/me/api-keys', async (route) => {
    if (route.request().method() !== 'POST' || refused > 0) return route.continue();
    refused += 1;
    const details = [{ path: 'password', message: '密码' }];
    const body = { code: 403, data: null, message: '', error: 'access.step_up_required', request_id: 'x', details };
    return route.fulfill({ status: 403, json: body });
  });
  await page.getByRole('button', { name: zh('apiKeys.create') }).click();
  const form = page.getByRole('dialog', { name: zh('apiKeys.create') });
  await form.getByRole('textbox', { name: zh('apiKeys.name') }).fill('步进');
  await form.getByRole('treeitem').first().click();
  await form.getByRole('button', { name: zh('apiKeys.create') }).click();
  const proof = page.getByRole('dialog', { name: zh('factors.stepUpTitle') });
  await proof.getByLabel(zh('factors.fields.password'), { exact: true }).fill(PASSWORD);
  await proof.getByRole('button', { name: zh('factors.verify'), exact: true }).click();
  await expect(page.getByRole('textbox', { name: zh('apiKeys.key') })).toHaveValue(/^fva_/);
  expect(refused).toBe(1);
});

test('who may not make keys is told so', async ({ page, visit }) => {
  await visit('staff', '/profile?tab=api-keys');
  await expect(page.getByText(zh('apiKeys.notAllowed'))).toBeVisible();
  await expect(page.getByRole('button', { name: zh('apiKeys.create') })).toHaveCount(0);
});

test('an administrator finds the keys of others and stops one', async ({ page, service, visit, person }) => {
  const owner = await service.as(person);
  const body = { name: `of ${person}`, permissions: ['system:user:query'], expires_in_days: 1 };
  const { key } = await owner.done('POST', 'users/me/api-keys', body);
  await visit('admin', `/system/api-keys?keyword=${key.slice(0, 12)}`);
  const screen = new ListScreen(page, 'apiKeys.one');
  await expect(screen.row(person)).toContainText(zh('apiKeys.states.live'));
  await screen.choose(person, zh('apiKeys.revoke'));
  await page
    .getByRole('dialog', { name: zh('apiKeys.revokeTitle', { name: body.name }) })
    .getByRole('button', { name: zh('apiKeys.revoke') })
    .click();
  await expect(toast(page, zh('apiKeys.revoked'))).toBeVisible();
  await expect(screen.row(person)).toContainText(zh('apiKeys.states.revoked'));
  await expect(screen.row(person).getByRole('button', { name: zh('apiKeys.revoke') })).toHaveCount(0);
});
