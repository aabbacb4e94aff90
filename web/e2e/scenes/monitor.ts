import { expect, type Locator } from '../support/fixtures.ts';
import { answerRead, answerWith } from './answers.ts';
import { after, listScenes } from './lists.ts';
import { someRuns } from './rows.ts';
import { type PageScenes, pageIsThere, type Scene, type Stage } from './scene.ts';

/** The states of a page of runs or tasks, with one of them opened. */
const runScenes = (path: string, resource: string, one: string): Scene[] => [
  ...after(someRuns, listScenes(path, resource, one, { hasForm: false })),
  {
    name: 'opened',
    path,
    async show(stage) {
      const { page, t } = stage;
      await page.goto(`${path}?task=${await someRuns(stage)}`);
      const drawer = page.getByRole('dialog');
      await expect(drawer.getByText('PROBE_ALLOWED_HOSTS').first()).toBeVisible();
      await expect(drawer.getByRole('button', { name: t('jobs.retry') })).toBeVisible();
    },
  },
  {
    name: 'opened-error',
    path,
    async show(stage) {
      const { page, t } = stage;
      await answerRead(page, `${resource}/999999`, 'fail');
      await page.goto(`${path}?task=999999`);
      await expect(page.getByRole('dialog').getByText(t('crud.loadFailed'))).toBeVisible();
    },
  },
];

const CACHE_KEYS = /^monitor\/cache\/[^/]+\/keys$/;
const CACHE_ENTRIES = [
  { key: 'menus:all', bytes: 18_432, value: JSON.stringify([{ id: 1, name: 'dashboard' }], null, 2) },
  { key: 'user:1:rights', bytes: 512, value: null },
  { key: `user:2:${'rights-of-somebody-with-a-long-name:'.repeat(4)}`, bytes: null, value: null },
];

async function openEntries({ page, t }: Stage): Promise<Locator> {
  await page
    .getByRole('button', { name: t('monitor.cache.keys'), exact: true })
    .first()
    .click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toBeVisible();
  return dialog;
}

/** Who is there, what runs, and how the service fares. */
export const MONITOR_PAGES: readonly PageScenes[] = [
  {
    source: 'monitor/online.vue',
    scenes: listScenes('/monitor/online', 'online-users', 'sessions.one', { hasForm: false }),
  },
  { source: 'monitor/jobs/index.vue', scenes: listScenes('/monitor/jobs', 'jobs', 'jobs.one') },
  { source: 'monitor/jobs/runs.vue', scenes: runScenes('/monitor/jobs/runs', 'job-runs', 'jobs.oneRun') },
  { source: 'monitor/tasks.vue', scenes: runScenes('/monitor/tasks', 'tasks', 'jobs.oneTask') },
  {
    source: 'monitor/cache.vue',
    scenes: [
      ...listScenes('/monitor/cache', 'monitor/cache', 'monitor.cache.one', { hasForm: false }),
      {
        name: 'entries',
        path: '/monitor/cache',
        prepare: ({ page }) => answerWith(page, 'GET', CACHE_KEYS, { items: CACHE_ENTRIES }),
        show: async (stage) => expect((await openEntries(stage)).getByRole('listitem')).toHaveCount(3),
      },
      {
        name: 'no-entries',
        path: '/monitor/cache',
        prepare: ({ page }) => answerWith(page, 'GET', CACHE_KEYS, { items: [] }),
        show: async (stage) =>
          expect((await openEntries(stage)).getByText(stage.t('monitor.cache.noKeys'))).toBeVisible(),
      },
    ],
  },
  {
    source: 'monitor/server.vue',
    scenes: [
      { name: 'server', path: '/monitor/server', show: pageIsThere },
      {
        name: 'error',
        path: '/monitor/server',
        prepare: ({ page }) => answerRead(page, 'monitor/server', 'fail'),
        show: async ({ page, t }) => expect(page.getByText(t('monitor.server.failed'))).toBeVisible(),
      },
    ],
  },
];
