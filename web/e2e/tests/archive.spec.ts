import { startMongoServer } from '../../../server/tests/mongo-server.ts';
import { expect, testWith } from '../support/fixtures.ts';
import { ListScreen } from '../support/screens.ts';
import { startService } from '../support/service.ts';
import { zh } from '../support/texts.ts';

/** The service with an archive for its logs. */
const test = testWith(async () => {
  const mongo = await startMongoServer();
  const service = await startService({ MONGODB_URL: mongo.url });
  return {
    ...service,
    async stop() {
      await service.stop();
      await mongo.stop();
    },
  };
});

test('a log is read from the database or from the archive, as the address says', async ({ page, visit }) => {
  await visit('admin', '/logs/sign-ins');
  const signIns = new ListScreen(page, 'signInLog.one');
  await expect(signIns.row('admin').first()).toBeVisible();
  await page.getByRole('button', { name: zh('crud.moreFilters') }).click();
  const keptIn = page.getByRole('search').getByRole('combobox', { name: zh('crud.archived') });
  await keptIn.press('ArrowDown');
  await page.getByRole('option', { name: zh('crud.inArchive'), exact: true }).click();
  await expect(page).toHaveURL(/[?&]archived=true/);
  // Nothing is old enough yet to have gone there.
  await expect(page.getByText(zh('crud.noMatch', { name: zh('signInLog.one') }))).toBeVisible();
  await page.reload();
  await expect(page.getByText(zh('crud.noMatch', { name: zh('signInLog.one') }))).toBeVisible();
  await page.getByRole('button', { name: zh('crud.clearFilters') }).click();
  await expect(signIns.row('admin').first()).toBeVisible();
});
