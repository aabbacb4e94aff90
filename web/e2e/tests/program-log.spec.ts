import { expect, test } from '../support/fixtures.ts';
import { ListScreen } from '../support/screens.ts';
import { zh } from '../support/texts.ts';

test('the log is followed while somebody looks at it, and only then', async ({ page, visit, person }) => {
  let reads = 0;
  page.on('request', (request) => {
    if (request.url().includes('/api/v1/monitor/logs')) reads += 1;
  });
  await page.clock.install();
  await visit(person, '/logs/program');
  const screen = new ListScreen(page, 'monitor.log.one');
  await screen.settled();
  const look = (state: 'visible' | 'hidden') =>
    page.evaluate((visibility) => {
      Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => visibility });
      document.dispatchEvent(new Event('visibilitychange'));
    }, state);
  await page.getByRole('switch', { name: zh('monitor.log.follow') }).press('Space');
  let before = reads;
  await page.clock.runFor(5_000);
  await expect.poll(() => reads).toBeGreaterThan(before);
  await screen.settled();

  await look('hidden');
  before = reads;
  await page.clock.runFor(60_000);
  expect(reads).toBe(before);
  await look('visible');
  await expect.poll(() => reads).toBeGreaterThan(before);
});
