import { expect, test } from '../support/fixtures.ts';
import { ListScreen } from '../support/screens.ts';
import { zh } from '../support/texts.ts';

test('stored requests are filtered in the address, and one shows who sent it and how it ended', async ({
  page,
  service,
  visit,
}) => {
  const paths = async () => {
    const { items } = await service.admin.done(
      'GET',
      'request-logs?route=/api/v1/positions&username=admin&page_size=100',
    );
    return items.map(({ path }: { path: string }) => path);
  };
  await service.admin.done('GET', 'positions?keyword=request-log-spec');
  // They are written some seconds after they were answered.
  await expect.poll(paths, { timeout: 30_000 }).toContain('/api/v1/positions?keyword=request-log-spec');
  await visit('admin', '/logs/requests?route=/api/v1/positions&status_class=2xx');
  const screen = new ListScreen(page, 'requestLog.one');
  const row = screen.row('request-log-spec');
  await expect(row).toContainText(`200 ${zh('requestLog.classes.2xx')}`);
  await row.getByRole('button', { name: zh('requestLog.details'), exact: true }).click();
  const request = page.getByRole('dialog', { name: 'GET /api/v1/positions?keyword=request-log-spec' });
  await expect(request).toContainText('admin');
  await expect(request).toContainText(zh('requestLog.trace'));
  await page.keyboard.press('Escape');
  await expect(request).toBeHidden();
  await page.goto('/logs/requests?route=/api/v1/positions&status_class=5xx');
  await expect(page.getByText(zh('crud.noMatch', { name: zh('requestLog.one') }))).toBeVisible();
  await page.reload();
  await expect(page.getByText(zh('crud.noMatch', { name: zh('requestLog.one') }))).toBeVisible();
  await expect(page.getByText(zh('requestLog.all', { days: 30 }))).toBeVisible();
});
