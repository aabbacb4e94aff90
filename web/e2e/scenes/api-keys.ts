import { expect } from '../support/fixtures.ts';
import { answerRead } from './answers.ts';
import { someApiKeys } from './rows.ts';
import type { Scene, Stage } from './scene.ts';

/** The keys of the person, on their profile. */
export function apiKeyScenes(): Scene[] {
  const path = '/profile?tab=api-keys';
  const openNew = async ({ page, t }: Stage) => {
    await page.getByRole('button', { name: t('apiKeys.create') }).click();
    const form = page.getByRole('dialog', { name: t('apiKeys.create') });
    await expect(form.getByRole('tree')).toBeVisible();
    return form;
  };
  return [
    {
      name: 'api-keys',
      path,
      prepare: someApiKeys,
      async show({ page, t }) {
        await page.getByText(t('apiKeys.showOver')).click();
        await expect(page.getByText(t('apiKeys.states.revoked'), { exact: true })).toBeVisible();
      },
    },
    {
      name: 'no-api-keys',
      path,
      prepare: ({ page }) => answerRead(page, 'users/me/api-keys', 'nothing'),
      show: async ({ page, t }) => expect(page.getByText(t('apiKeys.none'))).toBeVisible(),
    },
    {
      name: 'api-keys-error',
      path,
      prepare: ({ page }) => answerRead(page, 'users/me/api-keys', 'fail'),
      show: async ({ page, t }) => expect(page.getByText(t('crud.loadFailed'))).toBeVisible(),
    },
    {
      name: 'new-api-key',
      path,
      async show(stage) {
        const form = await openNew(stage);
        await form.getByRole('button', { name: stage.t('apiKeys.create') }).click();
        await expect(form.getByText(stage.t('crud.rule.required'))).toBeVisible();
      },
    },
    {
      name: 'made-api-key',
      path,
      async show(stage) {
        const form = await openNew(stage);
        await form.getByRole('textbox', { name: stage.t('apiKeys.name') }).fill('nightly import');
        await form.getByRole('treeitem').first().click();
        await form.getByRole('button', { name: stage.t('apiKeys.create') }).click();
        await expect(stage.page.getByRole('textbox', { name: stage.t('apiKeys.key') })).toBeVisible();
      },
    },
  ];
}
