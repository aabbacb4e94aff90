import { expect } from '../support/fixtures.ts';
import { apiKeyScenes } from './api-keys.ts';
import { factorScenes } from './factors.ts';
import { chooseOfRow } from './lists.ts';
import { LOG_PAGES } from './logs.ts';
import { MONITOR_PAGES } from './monitor.ts';
import { someRuns } from './rows.ts';
import { heading, type PageScenes, pageIsThere, rowsAreThere } from './scene.ts';
import { SIGN_IN_PAGES } from './sign-in.ts';
import { SYSTEM_PAGES } from './system.ts';

/** Every page of the console with its states: axe, the widths, the words and the pictures go over this list. */
export const PAGES: readonly PageScenes[] = [
  ...SIGN_IN_PAGES,
  ...SYSTEM_PAGES,
  ...MONITOR_PAGES,
  ...LOG_PAGES,
  {
    source: 'dashboard.vue',
    scenes: [
      { name: 'dashboard', path: '/dashboard', show: heading },
      {
        name: 'dashboard-of-another',
        path: '/system/users?username=manager',
        async show(stage) {
          const { page, t } = stage;
          await rowsAreThere(stage);
          await chooseOfRow(stage, 'viewAs.action');
          await page
            .getByRole('dialog')
            .getByRole('button', { name: t('viewAs.action') })
            .click();
          await expect(page.getByRole('button', { name: t('viewAs.return') })).toBeVisible();
          await pageIsThere(stage);
        },
      },
    ],
  },
  {
    source: 'profile.vue',
    scenes: [
      ...['basic', 'security', 'preferences', 'access'].map((tab) => ({
        name: tab,
        path: `/profile?tab=${tab}`,
        show: pageIsThere,
      })),
      ...factorScenes(),
      ...apiKeyScenes(),
    ],
  },
  {
    source: '[...path].vue',
    scenes: [
      { name: 'not-found', path: '/nowhere', show: heading },
      {
        name: 'palette',
        path: '/nowhere',
        async show(stage) {
          await heading(stage);
          await stage.page.keyboard.press('Control+k');
          await expect(stage.page.getByRole('combobox', { name: stage.t('shell.palette') })).toBeFocused();
        },
      },
      {
        name: 'task-tray',
        path: '/nowhere',
        async prepare(stage) {
          await someRuns(stage);
        },
        async show(stage) {
          const { page, t } = stage;
          await heading(stage);
          await page.getByRole('button', { name: t('shell.tasks') }).click();
          await expect(
            page
              .getByRole('dialog', { name: t('shell.tasks') })
              .getByRole('listitem')
              .first(),
          ).toBeVisible();
        },
      },
      {
        name: 'user-menu',
        path: '/nowhere',
        async show(stage) {
          await heading(stage);
          await stage.page.getByRole('button', { name: new RegExp(stage.t('shell.userMenu')) }).click();
          await expect(stage.page.getByRole('button', { name: stage.t('shell.signOut') })).toBeVisible();
        },
      },
    ],
  },
];

/** Pages that show nothing of their own, and why. */
export const WITHOUT_SCENES: Readonly<Record<string, string>> = {
  'index.vue': 'leads on to the dashboard',
  'embedded/[name].vue': "shows another site's page",
};
