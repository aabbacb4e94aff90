import { expect, test } from '../support/fixtures.ts';
import { ListScreen, toast } from '../support/screens.ts';
import { zh } from '../support/texts.ts';

test('a position is created, found, changed and deleted', async ({ page, visit }) => {
  await visit('admin', '/system/positions');
  const screen = new ListScreen(page, 'positions.one');
  const form = await screen.openNew();
  await form.getByLabel(zh('positions.name')).fill('架构师');
  await form.getByLabel(zh('positions.code')).fill('architect');
  await form.getByLabel(zh('common.remark')).fill('第一行\n第二行');
  await screen.save();
  await expect(toast(page, zh('crud.created'))).toBeVisible();
  await expect(form).toBeHidden();

  await screen.search('架构');
  await expect(page).toHaveURL(/keyword=/);
  await expect(screen.row('architect')).toHaveCount(1);

  const edit = await screen.openRow('architect');
  await expect(edit.getByLabel(zh('positions.code'))).toHaveValue('architect');
  await edit.getByLabel(zh('positions.name')).fill('首席架构师');
  await screen.save();
  await expect(toast(page, zh('crud.saved'))).toBeVisible();
  await expect(screen.row('首席架构师')).toBeVisible();

  await screen.remove('首席架构师');
  await expect(toast(page, zh('crud.deleted'))).toBeVisible();
  await expect(page.getByText(zh('crud.noMatch', { name: screen.one }))).toBeVisible();
  await page.getByRole('button', { name: zh('crud.clearFilters') }).click();
  await expect(page).toHaveURL('/system/positions');
});

test('what is wrong is said at its field, by the form and by the service, and nothing typed is lost', async ({
  page,
  service,
  visit,
  watched,
}) => {
  watched.expect(/status of 409/);
  await service.admin.done('POST', 'positions', { name: '已有岗位', code: 'taken' });
  await visit('admin', '/system/positions');
  const screen = new ListScreen(page, 'positions.one');
  const form = await screen.openNew();
  await screen.save();
  await expect(form.getByText(zh('crud.rule.required'))).toHaveCount(2);
  await expect(form.getByLabel(zh('positions.name'))).toBeFocused();
  await form.getByLabel(zh('positions.name')).fill('新岗位');
  await form.getByLabel(zh('positions.code')).fill('taken');
  await screen.save();
  const wrong = form.getByLabel(zh('positions.code'));
  await expect(wrong).toBeFocused();
  await expect(wrong).toHaveAccessibleDescription(/.+/);
  await expect(form.getByLabel(zh('positions.name'))).toHaveValue('新岗位');
  await page.keyboard.press('Escape');
  const question = page.getByRole('dialog', { name: zh('shell.leaveTitle') });
  await question.getByRole('button', { name: zh('shell.stay') }).click();
  await expect(form.getByLabel(zh('positions.name'))).toHaveValue('新岗位');
  await form.getByRole('button', { name: zh('action.cancel') }).click();
  await question.getByRole('button', { name: zh('shell.leaveConfirm') }).click();
  await expect(form).toBeHidden();
});

test('several rows are deleted at once, after being named', async ({ page, service, visit }) => {
  for (const number of [1, 2, 3])
    await service.admin.done('POST', 'positions', { name: `批量${number}`, code: `batch-${number}` });
  await visit('admin', '/system/positions?keyword=batch-');
  const screen = new ListScreen(page, 'positions.one');
  for (const number of [1, 3])
    await page.getByRole('checkbox', { name: zh('crud.selectRow', { name: `批量${number}` }) }).check();
  await expect(page.getByRole('status')).toContainText(zh('crud.selected', { count: 2 }));
  await page
    .getByRole('status')
    .getByRole('button', { name: zh('action.delete') })
    .click();
  const question = page.getByRole('dialog', { name: zh('crud.deleteTitle', { name: screen.one }) });
  await expect(question).toContainText('批量1');
  await expect(question).toContainText('批量3');
  await question.getByRole('button', { name: zh('action.delete') }).click();
  await expect(toast(page, zh('crud.deleted'))).toBeVisible();
  await expect(screen.row('batch-')).toHaveCount(1);
});

test('the back button and a reload keep the place: page, order, filters, and the open form', async ({
  page,
  service,
  visit,
}) => {
  for (let number = 10; number < 35; number++)
    await service.admin.done('POST', 'positions', { name: `位置${number}`, code: `place-${number}` });
  await visit('admin', '/system/positions?keyword=place-');
  const screen = new ListScreen(page, 'positions.one');
  await page.getByRole('button', { name: zh('positions.code'), exact: true }).click();
  await page.getByRole('button', { name: zh('positions.code'), exact: true }).click();
  await expect(page).toHaveURL('/system/positions?keyword=place-&order_by=-code');
  await expect(page.getByRole('columnheader', { name: zh('positions.code') })).toHaveAttribute(
    'aria-sort',
    'descending',
  );
  await page.getByRole('listitem', { name: /2/ }).getByText('2', { exact: true }).click();
  await expect(page).toHaveURL(/page=2/);
  await expect(screen.row('place-10')).toBeVisible();
  await page.reload();
  await expect(screen.row('place-10')).toBeVisible();
  await expect(screen.row('place-34')).toHaveCount(0);
  const form = await screen.openRow('place-10');
  await expect(page).toHaveURL(/form=\d+/);
  await page.reload();
  await expect(form.getByLabel(zh('positions.code'))).toHaveValue('place-10');
  await page.goBack();
  await expect(form).toBeHidden();
  await page.goBack();
  await expect(screen.row('place-34')).toBeVisible();
  await page.goBack();
  await expect(page).toHaveURL('/system/positions?keyword=place-&order_by=code');
  await expect(screen.row('place-10')).toBeVisible();
});

test('the choice of columns is kept', async ({ page, person, service, visit }) => {
  await service.admin.done('POST', 'positions', { name: '列设置', code: 'columns' });
  await visit(person, '/system/positions');
  const heading = page.getByRole('columnheader', { name: zh('common.order') });
  await expect(heading).toBeVisible();
  await page.getByRole('button', { name: zh('crud.columns') }).click();
  await page.getByRole('checkbox', { name: zh('common.order') }).uncheck();
  await expect(heading).toHaveCount(0);
  // Kept by the service: a reload, and another device, show the same.
  await page.waitForResponse((response) => response.url().endsWith('/users/me/preferences') && response.ok());
  await page.reload();
  await expect(page.getByRole('columnheader', { name: zh('positions.code') })).toBeVisible();
  await expect(heading).toHaveCount(0);
});

test('a failing list says so, and the retry brings it', async ({ page, visit, watched }) => {
  watched.expect(/status of 500/);
  let failing = true;
  await page.route('**/api/v1/positions?*', (route) =>
    failing
      ? route.fulfill({
          status: 500,
          json: { code: 500, data: null, message: '坏了', error: 'server.internal', request_id: 'r-1' },
        })
      : route.continue(),
  );
  await visit('admin', '/system/positions');
  const failure = page.getByRole('alert');
  await expect(failure).toContainText(zh('crud.loadFailed'));
  await expect(failure).toContainText(zh('error.requestId', { id: 'r-1' }));
  failing = false;
  await failure.getByRole('button', { name: zh('action.retry') }).click();
  await expect(page.getByRole('button', { name: zh('action.refresh') })).toBeVisible();
});
