import { expect, PASSWORD, test } from '../support/fixtures.ts';
import { ListScreen, toast } from '../support/screens.ts';
import { zh } from '../support/texts.ts';

test('what happened to a row is read from its own page, and a former value is put back', async ({
  page,
  service,
  visit,
}) => {
  const { id } = await service.admin.done('POST', 'positions', { name: '审计员', code: 'history-one' });
  await service.admin.done('PATCH', `positions/${id}`, { name: '首席审计员', remark: '新的备注' });
  await visit('admin', '/system/positions?keyword=history-one');
  const screen = new ListScreen(page, 'positions.one');
  await expect(screen.row('首席审计员')).toBeVisible();
  await page.getByRole('button', { name: zh('audit.history'), exact: true }).click();
  const history = page.getByRole('dialog', { name: zh('audit.historyOf', { name: '首席审计员' }) });
  const records = history.getByRole('listitem');
  await expect(records).toHaveCount(2);
  await expect(records.first()).toContainText('admin');
  await expect(records.first()).toContainText('审计员');
  await expect(records.first()).toContainText('首席审计员');
  await records
    .first()
    .getByRole('button', { name: zh('audit.restore') })
    .click();
  const question = page.getByRole('dialog', { name: zh('audit.restoreTitle') });
  await expect(question).toContainText(zh('audit.fields.remark'));
  await question.getByRole('button', { name: zh('audit.restore') }).click();
  await expect(toast(page, zh('audit.restored'))).toBeVisible();
  await expect(records).toHaveCount(3);
  await expect(records.first()).toContainText(zh('audit.actions.restore'));
  await page.keyboard.press('Escape');
  await expect(history).toBeHidden();
  await expect(screen.row('审计员')).toBeVisible();
  expect((await service.admin.done('GET', `positions/${id}`)).remark).toBeNull();
});

test('a former value is not put back over what somebody else has changed meanwhile, and is after another look', async ({
  page,
  service,
  visit,
  watched,
}) => {
  watched.expect(/status of 409/);
  const { id } = await service.admin.done('POST', 'positions', { name: '出纳', code: 'stale-one' });
  await service.admin.done('PATCH', `positions/${id}`, { name: '主管出纳' });
  await visit('admin', '/system/positions?keyword=stale-one');
  await page.getByRole('button', { name: zh('audit.history'), exact: true }).click();
  const records = page.getByRole('dialog').getByRole('listitem');
  await expect(records).toHaveCount(2);
  await service.admin.done('PATCH', `positions/${id}`, { remark: '别人写的' });
  const restore = async () => {
    const last = records.filter({ hasText: '主管出纳' }).first();
    await last.getByRole('button', { name: zh('audit.restore') }).click();
    const question = page.getByRole('dialog', { name: zh('audit.restoreTitle') });
    await question.getByRole('button', { name: zh('audit.restore') }).click();
    await expect(question).toBeHidden();
  };
  await restore();
  // The history shows now what the other did.
  await expect(records).toHaveCount(3);
  expect((await service.admin.done('GET', `positions/${id}`)).name).toBe('主管出纳');
  await restore();
  await expect(toast(page, zh('audit.restored'))).toBeVisible();
  // Once more: what was put back has changed the row too.
  await expect(records).toHaveCount(4);
  await records
    .first()
    .getByRole('button', { name: zh('audit.restore') })
    .click();
  const question = page.getByRole('dialog', { name: zh('audit.restoreTitle') });
  await question.getByRole('button', { name: zh('audit.restore') }).click();
  await expect(records).toHaveCount(5);
  expect((await service.admin.done('GET', `positions/${id}`)).name).toBe('主管出纳');
});

test('the audit is filtered by kind, action and words, and a record shows the request it came from', async ({
  page,
  service,
  visit,
}) => {
  const { id } = await service.admin.done('POST', 'positions', { name: '被筛选', code: 'filtered' });
  await service.admin.done('PATCH', `positions/${id}`, { order: 42 });
  await visit('admin', `/logs/audit?entity=positions&row_id=${id}`);
  const screen = new ListScreen(page, 'audit.one');
  await expect(screen.row('被筛选')).toHaveCount(2);
  await page.goto(`/logs/audit?entity=positions&row_id=${id}&action=update`);
  await expect(screen.row('被筛选')).toHaveCount(1);
  await page.getByRole('button', { name: zh('audit.details'), exact: true }).click();
  const record = page.getByRole('dialog');
  await expect(record).toContainText(zh('audit.fields.order'));
  await expect(record).toContainText('42');
  await expect(record).toContainText(zh('audit.requestId'));
});

test('who may not read the audit is offered neither the page nor the history of a row', async ({
  page,
  service,
  visit,
}) => {
  await service.admin.done('POST', 'positions', { name: '无历史', code: 'no-history' });
  const role = await service.admin.done('POST', 'roles', {
    code: 'no-audit',
    name: 'no-audit',
    data_scope: 'all',
    permissions: ['system:position:query', 'system:position:update'],
  });
  const person = { username: 'no-audit', email: 'no-audit@example.com', password: PASSWORD };
  await service.admin.done('POST', 'users', { ...person, role_ids: [role.id] });
  await visit(person.username, '/system/positions?keyword=no-history');
  const screen = new ListScreen(page, 'positions.one');
  await expect(screen.row('无历史')).toBeVisible();
  await expect(page.getByRole('button', { name: zh('action.edit'), exact: true })).toBeVisible();
  await expect(page.getByRole('button', { name: zh('audit.history'), exact: true })).toHaveCount(0);
});
