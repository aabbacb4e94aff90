import { availableParallelism } from 'node:os';
import { defineConfig } from '@playwright/test';
import { findBrowser } from './browser.ts';

const browser = await findBrowser();
if (!browser) throw new Error('no browser; run the tests by `npm test`, which says what to do');

export default defineConfig({
  projects: [
    { name: 'tests', testDir: 'tests' },
    // Every state of a page is one test there.
    { name: 'shots', testDir: 'shots', timeout: 300_000 },
  ],
  outputDir: 'results',
  // A test may wait for another project's turn on a busy machine; none of them measures time.
  timeout: 90_000,
  expect: { timeout: 15_000 },
  fullyParallel: true,
  forbidOnly: true,
  workers: Math.min(4, availableParallelism()),
  reporter: process.env['E2E_RESULTS'] ? [['list'], ['json', { outputFile: process.env['E2E_RESULTS'] }]] : 'list',
  use: {
    locale: 'zh-CN',
    timezoneId: 'Asia/Shanghai',
    viewport: { width: 1440, height: 900 },
    reducedMotion: 'reduce',
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath: browser.executablePath,
      env: { ...(process.env as Record<string, string>), ...browser.env },
      // Nothing that would hide a fault of the page: no weaker policy, no looser origins.
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
    },
  },
});
