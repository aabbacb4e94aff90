import { join } from 'node:path';
import { PAGES } from '../scenes/pages.ts';
import { enter, open } from '../scenes/scene.ts';
import { test } from '../support/fixtures.ts';
import { still } from '../support/looks.ts';
import type { Locale } from '../support/texts.ts';

/** `npm run shots`: every state of every page, as four people see it. */
const LOOKS: { name: string; locale: Locale; colorScheme: 'light' | 'dark'; width: number; height: number }[] = [
  { name: 'zh', locale: 'zh-CN', colorScheme: 'light', width: 1440, height: 900 },
  { name: 'en', locale: 'en-US', colorScheme: 'light', width: 1440, height: 900 },
  { name: 'dark', locale: 'zh-CN', colorScheme: 'dark', width: 1440, height: 900 },
  { name: 'phone', locale: 'zh-CN', colorScheme: 'light', width: 390, height: 844 },
];
const folder = join(import.meta.dirname, '../pictures');

for (const look of LOOKS) {
  for (const { source, scenes } of PAGES) {
    test(`${look.name} ${source}`, async ({ browser, service, baseURL }) => {
      const { locale, colorScheme, width, height } = look;
      const context = await browser.newContext({
        locale,
        colorScheme,
        reducedMotion: 'reduce',
        viewport: { width, height },
        ...(baseURL && { baseURL }),
      });
      const page = await context.newPage();
      let isSignedIn = false;
      for (const scene of scenes) {
        if (!isSignedIn) await enter(scene, page, service);
        isSignedIn ||= !scene.isAnonymous;
        await open(scene, page, service, locale);
        // Pictures and charts that come a moment later; the stream of events never ends.
        await page.waitForTimeout(400);
        await still(page);
        const name = source
          .replace('.vue', '')
          .replaceAll('/', '-')
          .replace(/[^\w-]/g, '');
        await page.screenshot({ path: join(folder, `${name || 'other'}-${scene.name}-${look.name}.png`) });
      }
      await context.close();
    });
  }
}
