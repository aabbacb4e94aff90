import { expect } from '../support/fixtures.ts';
import { mustWait } from './answers.ts';
import { after, chooseOfRow, listScenes } from './lists.ts';
import { idOf, someApiKeys, somePositions } from './rows.ts';
import { type PageScenes, pageIsThere, rowsAreThere, type Stage } from './scene.ts';

/** System management. */
export const SYSTEM_PAGES: readonly PageScenes[] = [
  {
    source: 'system/positions.vue',
    scenes: after(somePositions, listScenes('/system/positions', 'positions', 'positions.one')),
  },
  {
    source: 'system/users.vue',
    scenes: [
      ...listScenes('/system/users', 'users', 'users.one'),
      {
        name: 'must-wait',
        path: '/system/users',
        prepare: ({ page }) => mustWait(page),
        show: async ({ page, t }) => expect(page.getByText(t('users.mustWait')).first()).toBeVisible(),
      },
      {
        name: 'no-match',
        path: '/system/users?keyword=nobody-is-called-so',
        show: async ({ page, t }) => expect(page.getByText(t('crud.noMatch', { name: t('users.one') }))).toBeVisible(),
      },
      {
        name: 'delete',
        path: '/system/users?username=demo01',
        async show(stage) {
          const { page, t } = stage;
          await rowsAreThere(stage);
          await chooseOfRow(stage, 'action.delete');
          await expect(
            page.getByRole('dialog', { name: t('crud.deleteTitle', { name: t('users.one') }) }),
          ).toBeVisible();
        },
      },
    ],
  },
  { source: 'system/roles/index.vue', scenes: listScenes('/system/roles', 'roles', 'roles.one') },
  {
    source: 'system/roles/[id].vue',
    scenes: ['permissions', 'scope', 'members'].map((tab) => ({
      name: tab,
      path: '/system/roles',
      async show(stage: Stage) {
        await stage.page.goto(`/system/roles/${await idOf(stage, 'roles', 'manager')}?tab=${tab}`);
        await pageIsThere(stage);
      },
    })),
  },
  {
    source: 'system/api-keys.vue',
    scenes: after(someApiKeys, listScenes('/system/api-keys', 'api-keys', 'apiKeys.one', { hasForm: false })),
  },
  { source: 'system/depts.vue', scenes: listScenes('/system/depts', 'depts', 'depts.one') },
  { source: 'system/menus/index.vue', scenes: listScenes('/system/menus', 'menus', 'menus.one') },
  {
    source: 'system/permissions/index.vue',
    scenes: ['catalogue', 'explain', 'holders'].map((tab) => ({
      name: tab,
      path: `/system/permissions?tab=${tab}`,
      show: pageIsThere,
    })),
  },
];
