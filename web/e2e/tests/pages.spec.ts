import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { PAGES, WITHOUT_SCENES } from '../scenes/pages.ts';
import { enter, open } from '../scenes/scene.ts';
import { expect, test } from '../support/fixtures.ts';
import {
  collectData,
  expectAccessible,
  expectNothingBeyondTheEdge,
  expectReadable,
  expectWords,
} from '../support/looks.ts';

const WIDTHS = [390, 768, 1440];
const EXPECTED = /status of (400|401|404|500)/;

test('every page of the console is looked at', () => {
  const pages = readdirSync(resolve(import.meta.dirname, '../../src/pages'), { recursive: true })
    .map((file) => String(file).replaceAll('\\', '/'))
    .filter((file) => file.endsWith('.vue') && !file.includes('parts/'));
  const known = [...PAGES.map(({ source }) => source), ...Object.keys(WITHOUT_SCENES)];
  expect([...pages].sort()).toEqual(known.sort());
});

for (const { source, scenes } of PAGES) {
  test(`${source} is for everybody: axe in light and dark, at any width, and says nothing that is not for people`, async ({
    page,
    service,
    watched,
  }) => {
    test.setTimeout(60_000 + scenes.length * 60_000);
    watched.expect(EXPECTED);
    const data = collectData(page);
    const size = page.viewportSize();
    let entered = false;
    for (const scene of scenes) {
      await test.step(scene.name, async () => {
        if (scene.complaint) watched.expect(scene.complaint);
        if (size) await page.setViewportSize(size);
        await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
        // One sign-in does for all scenes that need one.
        if (!entered) await enter(scene, page, service);
        entered ||= !scene.isAnonymous;
        await open(scene, page, service, 'zh-CN');
        const where = `${source} ${scene.name}`;
        await expectWords(page, where, data, false);
        await expectAccessible(page, `${where}, light`);
        await page.emulateMedia({ colorScheme: 'dark' });
        await expect(page.locator('html')).toHaveClass(/dark/);
        await expectReadable(page, `${where}, dark`);
        for (const width of WIDTHS) {
          await page.setViewportSize({ width, height: 900 });
          await expectNothingBeyondTheEdge(page, `${where} at ${width}`);
        }
      });
    }
  });

  test(`${source} speaks English`, async ({ browser, service, baseURL }) => {
    const context = await browser.newContext({
      locale: 'en-US',
      ...(baseURL && { baseURL }),
      viewport: { width: 1440, height: 900 },
    });
    const page = await context.newPage();
    const data = collectData(page);
    let entered = false;
    for (const scene of scenes) {
      if (!entered) await enter(scene, page, service);
      entered ||= !scene.isAnonymous;
      await open(scene, page, service, 'en-US');
      await expectWords(page, `${source} ${scene.name} in English`, data, true);
      await expectNothingBeyondTheEdge(page, `${source} ${scene.name} in English`);
    }
    await context.close();
  });
}
