import { readFile } from 'node:fs/promises';
import { test as base, expect, type Locator, type Page } from '../support/fixtures.ts';
import { ListScreen, toast } from '../support/screens.ts';
import { PROGRAM_WITH_WORK, type Service, startService } from '../support/service.ts';
import { zh } from '../support/texts.ts';

const test = base.extend<object, { service: Service }>({
  service: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the parameters of a fixture from its source
    async ({}, use) => {
      const service = await startService({}, PROGRAM_WITH_WORK);
      await use(service);
      await service.stop();
    },
    { scope: 'worker' },
  ],
});

const STEPS = 'console-tests.steps';
const REPORT = 'console-tests.report';
const FAILS_ONCE = 'console-tests.fails-once';
const yearly = { type: 'cron', expression: '0 3 1 1 *', timezone: 'UTC' };
const addJob = (service: Service, name: string, handler: string, args = {}) =>
  service.admin.done('POST', 'jobs', { name, handler, args, trigger: yearly });

/** Lets the one task in steps that runs take one more, once it waits for the word. */
const go = (service: Service) => service.admin.done('POST', 'console-tests/go', {});

async function openTray(page: Page) {
  await page.getByRole('button', { name: zh('shell.tasks') }).click();
  const tray = page.getByRole('dialog', { name: zh('shell.tasks') });
  await expect(tray).toBeVisible();
  return tray;
}

test('a job is created by form, with its next runs in sight and an impossible date refused', async ({
  page,
  visit,
  watched,
}) => {
  watched.expect(/status of 422/);
  await visit('admin', '/monitor/jobs');
  const screen = new ListScreen(page, 'jobs.one');
  const form = await screen.openNew();
  await form.getByRole('textbox', { name: zh('jobs.name') }).fill('每日检查');
  await form.getByRole('combobox', { name: zh('jobs.handler') }).click();
  await page.getByRole('option', { name: '逐步测试' }).click();
  await expect(form.getByRole('spinbutton', { name: '步数' })).toBeVisible();
  await form.getByRole('spinbutton', { name: '步数' }).fill('7');

  const runs = form.getByRole('listitem');
  await expect(runs).toHaveCount(5);
  const expression = form.getByRole('textbox', { name: zh('jobs.expression') });
  await expression.fill('0 0 31 2 *');
  await expect(runs).toHaveCount(0);
  const preview = form.getByRole('status');
  await expect(preview).toContainText(/.+/);
  const refusal = (await preview.innerText()).trim();
  await screen.save();
  await expect(form.getByText(refusal)).toHaveCount(2);
  await expect(form.getByRole('textbox', { name: zh('jobs.name') })).toHaveValue('每日检查');

  await expression.fill('30 4 * * *');
  await expect(runs).toHaveCount(5);
  await expect(runs.first()).toContainText('04:30');
  await screen.save();
  await expect(toast(page, zh('crud.created'))).toBeVisible();
  await expect(screen.row('每日检查')).toContainText('30 4 * * *');
  const again = await screen.openRow('每日检查');
  await expect(again.getByRole('spinbutton', { name: '步数' })).toHaveValue('7');
});

test('a run is watched in the list and in the task tray, through a reload, to its result', async ({
  page,
  person,
  service,
  visit,
}) => {
  await addJob(service, '看进度', STEPS, { steps: 4 });
  await visit(person, '/monitor/jobs?keyword=看进度');
  const screen = new ListScreen(page, 'jobs.one');
  await screen.choose('看进度', zh('jobs.runNow'));
  await expect(toast(page, zh('jobs.started'))).toBeVisible();
  const progress = (of: Page | Awaited<ReturnType<typeof openTray>>) =>
    of.getByRole('progressbar', { name: `看进度 ${zh('jobs.progress')}` });
  const inTray = progress(await openTray(page));
  await expect(inTray).toHaveAttribute('aria-valuenow', '0');
  await go(service);
  await expect(inTray).toHaveAttribute('aria-valuenow', '25');
  await go(service);
  await expect(inTray).toHaveAttribute('aria-valuenow', '50');
  await page.reload();
  await expect(progress(await openTray(page))).toHaveAttribute('aria-valuenow', '50');
  await page.keyboard.press('Escape');

  await screen.choose('看进度', zh('jobs.runs'));
  await expect(page).toHaveURL(/\/monitor\/jobs\/runs\?job_id=\d+/);
  const inList = progress(page);
  await expect(inList).toHaveAttribute('aria-valuenow', '50');
  await go(service);
  await expect(inList).toHaveAttribute('aria-valuenow', '75');
  await go(service);
  await expect(toast(page, zh('jobs.ownDone', { name: '看进度' }))).toBeVisible();
  const runs = new ListScreen(page, 'jobs.oneRun');
  await expect(runs.row('看进度')).toContainText(zh('jobs.state.succeeded'));
  await runs.choose('看进度', zh('action.view'));
  const drawer = page.getByRole('dialog', { name: '看进度' });
  await expect(drawer.getByLabel(zh('jobs.result'))).toContainText('"steps": 4');
  await expect(drawer.getByRole('log', { name: zh('jobs.log') })).toContainText('step 4');
  await page.keyboard.press('Escape');
  await expect((await openTray(page)).getByText(zh('jobs.state.succeeded'))).toBeVisible();
  await page.keyboard.press('Escape');
  // On a phone its button stands far from the edge that the tray is as near to as it can.
  await page.setViewportSize({ width: 390, height: 844 });
  await expect(await openTray(page)).toBeInViewport({ ratio: 1 });
});

test('a failure is shown with its error, in the tray and in the record, and is tried again', async ({
  page,
  person,
  service,
  visit,
}) => {
  await addJob(service, '会失败', FAILS_ONCE);
  await visit(person, '/monitor/jobs?keyword=会失败');
  const jobs = new ListScreen(page, 'jobs.one');
  await jobs.choose('会失败', zh('jobs.runNow'));
  await expect(toast(page, zh('jobs.ownFailed', { name: '会失败' }))).toBeVisible();
  await expect((await openTray(page)).getByText('the printer is on fire')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(jobs.row('会失败')).toContainText(zh('jobs.state.failed'));

  await jobs.choose('会失败', zh('jobs.runs'));
  const runs = new ListScreen(page, 'jobs.oneRun');
  await expect(runs.row('会失败')).toContainText('the printer is on fire');
  await runs.choose('会失败', zh('action.view'));
  const drawer = page.getByRole('dialog', { name: '会失败' });
  await expect(drawer.getByRole('alert')).toContainText('the printer is on fire');
  await expect(drawer.getByLabel(zh('jobs.stack'))).toContainText('work.feature.ts');
  await expect(drawer.getByRole('log', { name: zh('jobs.log') })).toContainText('the printer is asked');
  // In the reader's own zone, as every other time.
  const [run] = (await service.admin.done('GET', 'job-runs?keyword=会失败')).items;
  const [line] = (await service.admin.done('GET', `job-runs/${run.id}/log`)).items;
  const hour = new Intl.DateTimeFormat('zh-CN', { hour: '2-digit', hourCycle: 'h23', timeZone: 'Asia/Shanghai' });
  const written = `${hour.format(new Date(line.created_at)).slice(0, 2)}${line.created_at.slice(13, 23)}`;
  await expect(drawer.getByRole('log', { name: zh('jobs.log') })).toContainText(written);
  await drawer.getByRole('button', { name: zh('jobs.retry') }).click();
  await expect(toast(page, zh('jobs.queuedAgain'))).toBeVisible();
  await expect(drawer.getByLabel(zh('jobs.result'))).toContainText('"printed": true');
  await expect(drawer.getByRole('alert')).toHaveCount(0);
});

test('a task ends with its file in the tray, which is saved there, also after a reload, and in the record', async ({
  page,
  person,
  service,
  visit,
}) => {
  await addJob(service, '出报表', REPORT);
  await visit(person, '/monitor/jobs?keyword=出报表');
  const jobs = new ListScreen(page, 'jobs.one');
  await jobs.choose('出报表', zh('jobs.runNow'));
  const tray = await openTray(page);
  await expect(tray.getByText('出报表')).toBeVisible();
  await expect(tray.getByRole('button', { name: /报表/ })).toHaveCount(0);
  await go(service);
  await expect(toast(page, zh('jobs.ownFile', { name: '出报表' }))).toBeVisible();
  const name = zh('jobs.download', { name: '年度 "报表".csv', size: '23 B' });
  const save = async (button: Locator) => {
    const download = page.waitForEvent('download');
    await button.focus();
    await page.keyboard.press('Enter');
    const file = await download;
    // A browser puts something harmless in place of what no file can be called.
    expect(file.suggestedFilename()).toMatch(/^年度 .报表..csv$/);
    expect(await readFile(await file.path(), 'utf8')).toBe('年份,数量\r\n2026,7\r\n');
  };
  await save(tray.getByRole('button', { name }));
  await page.reload();
  await save((await openTray(page)).getByRole('button', { name }));
  await page.keyboard.press('Escape');

  await jobs.choose('出报表', zh('jobs.runs'));
  await expect(page).toHaveURL(/\/monitor\/jobs\/runs\?job_id=\d+/);
  await new ListScreen(page, 'jobs.oneRun').choose('出报表', zh('action.view'));
  await save(page.getByRole('dialog', { name: '出报表' }).getByRole('button', { name }));
});

test('a long run is cancelled, after a question', async ({ page, person, service, visit }) => {
  await addJob(service, '会取消', STEPS, { steps: 100 });
  await visit(person, '/monitor/jobs?keyword=会取消');
  await new ListScreen(page, 'jobs.one').choose('会取消', zh('jobs.runNow'));
  await expect(toast(page, zh('jobs.started'))).toBeVisible();
  await page.goto('/monitor/tasks?keyword=会取消');
  const tasks = new ListScreen(page, 'jobs.oneTask');
  await tasks.choose('会取消', zh('action.view'));
  const drawer = page.getByRole('dialog', { name: '会取消' });
  await expect(drawer.getByRole('progressbar')).toBeVisible();
  await drawer.getByRole('button', { name: zh('jobs.cancel') }).click();
  const question = page.getByRole('dialog', { name: zh('jobs.cancelTitle') });
  await expect(question).toContainText(zh('jobs.cancelText'));
  await question.getByRole('button', { name: zh('jobs.cancel') }).click();
  await expect(toast(page, zh('jobs.cancelled'))).toBeVisible();
  await expect(drawer.getByText(zh('jobs.state.cancelled'), { exact: true })).toBeVisible();
  await expect(drawer.getByRole('button', { name: zh('jobs.retry') })).toBeVisible();
  await expect(tasks.row('会取消')).toContainText(zh('jobs.state.cancelled'));
});

test('a job is paused, resumed and removed; its runs stay on record', async ({ page, service, visit }) => {
  const { id } = await addJob(service, '会删除', FAILS_ONCE);
  await service.admin.done('POST', `jobs/${id}/run`, {});
  await visit('admin', '/monitor/jobs?keyword=会删除');
  const screen = new ListScreen(page, 'jobs.one');
  await screen.choose('会删除', zh('jobs.pause'));
  await expect(toast(page, zh('jobs.isPaused'))).toBeVisible();
  await expect(screen.row('会删除')).toContainText(zh('jobs.paused'));
  await screen.choose('会删除', zh('jobs.resume'));
  await expect(toast(page, zh('jobs.isResumed'))).toBeVisible();
  await expect(screen.row('会删除')).toContainText(zh('common.enabled'));
  await screen.remove('会删除');
  await expect(toast(page, zh('crud.deleted'))).toBeVisible();
  await expect(screen.row('会删除')).toHaveCount(0);
  await page.goto('/monitor/jobs/runs?keyword=会删除');
  await expect(new ListScreen(page, 'jobs.oneRun').row('会删除')).toBeVisible();
});
