import { expect } from '../support/fixtures.ts';
import { answerWith } from './answers.ts';
import { listScenes } from './lists.ts';
import { someChanges, someRequests } from './rows.ts';
import { type PageScenes, rowsAreThere } from './scene.ts';

/** What was done, who came in, and what the program said. */
export const LOG_PAGES: readonly PageScenes[] = [
  {
    source: 'logs/audit.vue',
    scenes: [
      ...listScenes('/logs/audit', 'audit-logs', 'audit.one', { hasForm: false }),
      {
        name: 'details',
        path: '/logs/audit?entity=positions&action=update',
        prepare: someChanges,
        async show(stage) {
          const { page, t } = stage;
          await rowsAreThere(stage);
          await page
            .getByRole('button', { name: t('audit.details'), exact: true })
            .first()
            .click();
          await expect(page.getByRole('dialog')).toContainText(t('audit.fields.remark'));
        },
      },
      {
        name: 'history',
        path: '/system/positions?keyword=scene-history',
        prepare: someChanges,
        async show(stage) {
          const { page, t } = stage;
          await rowsAreThere(stage);
          await page
            .getByRole('button', { name: t('audit.history'), exact: true })
            .first()
            .click();
          await expect(page.getByRole('dialog').getByRole('listitem')).toHaveCount(2);
        },
      },
    ],
  },
  {
    source: 'logs/sign-ins.vue',
    scenes: listScenes('/logs/sign-ins', 'sign-in-logs', 'signInLog.one', { hasForm: false }),
  },
  {
    source: 'logs/requests.vue',
    scenes: [
      ...listScenes('/logs/requests', 'request-logs', 'requestLog.one', { hasForm: false }),
      {
        name: 'off',
        path: '/logs/requests',
        prepare: ({ page }) =>
          answerWith(page, 'GET', 'request-logs/sampling', { percent: 0, slow_ms: 1000, days: 30 }),
        show: async ({ page, t }) => expect(page.getByText(t('requestLog.off'))).toBeVisible(),
      },
      {
        name: 'details',
        path: '/logs/requests',
        prepare: someRequests,
        async show(stage) {
          const { page, t } = stage;
          await rowsAreThere(stage);
          await page
            .getByRole('button', { name: t('requestLog.details'), exact: true })
            .first()
            .click();
          await expect(page.getByRole('dialog')).toContainText(t('requestLog.trace'));
        },
      },
    ],
  },
  {
    source: 'logs/program.vue',
    scenes: [
      ...listScenes('/logs/program', 'monitor/logs', 'monitor.log.one', { hasForm: false }),
      {
        name: 'details',
        path: '/logs/program',
        async show(stage) {
          const { page, t } = stage;
          await rowsAreThere(stage);
          await page
            .getByRole('button', { name: t('action.view'), exact: true })
            .first()
            .click();
          await expect(page.getByRole('region', { name: t('monitor.log.details') })).toContainText('"level"');
        },
      },
      {
        name: 'levels',
        path: '/logs/program',
        async show(stage) {
          const { page, t } = stage;
          await rowsAreThere(stage);
          await page.getByRole('button', { name: t('monitor.log.levels') }).click();
          await expect(page.getByRole('dialog', { name: t('monitor.log.levels') })).toBeVisible();
        },
      },
    ],
  },
];
