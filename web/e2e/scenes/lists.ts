import { expect } from '../support/fixtures.ts';
import { answerRead } from './answers.ts';
import { rowsAreThere, type Scene, type Stage } from './scene.ts';

/** The states that every list has. `one` is the key of what a row is called, `resource` what the rows are read from. */
export function listScenes(path: string, resource: string, one: string, { hasForm = true } = {}): Scene[] {
  const openForm = async ({ page, t }: Stage) => {
    await page.getByRole('button', { name: t('action.add'), exact: true }).click();
    const form = page.getByRole('dialog', { name: t('crud.createTitle', { name: t(one) }) });
    await expect(form).toBeVisible();
    await expect(form.locator(':focus')).toHaveCount(1);
    return form;
  };
  return [
    { name: 'list', path, show: rowsAreThere },
    {
      name: 'loading',
      path,
      prepare: ({ page }) => answerRead(page, resource, 'hang'),
      show: async ({ page, t }) =>
        expect(page.getByRole('status', { name: t('common.loading') }).first()).toBeVisible(),
    },
    {
      name: 'empty',
      path,
      prepare: ({ page }) => answerRead(page, resource, 'nothing'),
      show: async ({ page, t }) => expect(page.getByText(t('crud.empty', { name: t(one) }))).toBeVisible(),
    },
    {
      name: 'error',
      path,
      prepare: ({ page }) => answerRead(page, resource, 'fail'),
      show: async ({ page, t }) => expect(page.getByText(t('crud.loadFailed'))).toBeVisible(),
    },
    ...(hasForm
      ? [
          { name: 'form', path, show: async (stage: Stage) => void (await openForm(stage)) },
          {
            name: 'invalid-form',
            path,
            show: async (stage: Stage) => {
              const form = await openForm(stage);
              await form.getByRole('button', { name: stage.t('action.save') }).click();
              await expect(form.getByText(stage.t('crud.rule.required')).first()).toBeVisible();
            },
          },
        ]
      : []),
  ];
}

/** Chooses an action of the one row that is there, behind "more". */
export async function chooseOfRow({ page, t }: Stage, action: string): Promise<void> {
  await page
    .getByRole('button', { name: new RegExp(t('crud.actionsOf', { name: '.+' })) })
    .first()
    .click();
  await page.getByRole('menuitem', { name: t(action), exact: true }).click();
}

/** The same scenes with what has to be there first. */
export const after = (prepare: (stage: Stage) => Promise<unknown>, scenes: readonly Scene[]): Scene[] =>
  scenes.map((scene) => ({
    ...scene,
    async prepare(stage) {
      await prepare(stage);
      await scene.prepare?.(stage);
    },
  }));
