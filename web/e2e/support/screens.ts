import { expect, type Locator, type Page } from './fixtures.ts';
import { type Texts, zh } from './texts.ts';

/** Signs in as a person does. */
export async function signIn(page: Page, username: string, password: string, t: Texts = zh): Promise<void> {
  await page.getByLabel(t('auth.username'), { exact: true }).fill(username);
  await page.getByLabel(t('auth.password'), { exact: true }).fill(password);
  await page.getByRole('button', { name: t('auth.signIn'), exact: true }).click();
}

/** Signs out by the menu of the person. */
export async function signOut(page: Page, t: Texts = zh): Promise<void> {
  await page.getByRole('button', { name: new RegExp(t('shell.userMenu')) }).click();
  await page.getByRole('button', { name: t('shell.signOut'), exact: true }).click();
  await expect(page).toHaveURL(/\/login/);
}

/** The list, or the tree, that opens below a field. */
export async function openChoices(within: Locator, label: string): Promise<Locator> {
  const field = within.getByRole('combobox', { name: label, exact: true });
  await field.press('ArrowDown');
  await expect(field).toHaveAttribute('aria-expanded', 'true');
  return within.page().locator(`[id="${await field.getAttribute('aria-controls')}"]`);
}

export async function pick(within: Locator, label: string, option: string): Promise<void> {
  const choices = await openChoices(within, label);
  await choices
    .getByRole('option', { name: option })
    .or(choices.getByRole('treeitem', { name: option, exact: true }))
    .first()
    .click();
}

/** The short message that says that something was done. */
export const toast = (page: Page, text: string): Locator => page.getByRole('alert').filter({ hasText: text });

export const navigation = (page: Page, t: Texts = zh): Locator =>
  page.getByRole('navigation', { name: t('shell.navigation') });

/** A page that lists rows: what a person does there. `one` is the key of what a row is called; `t` the language of the page. */
export class ListScreen {
  readonly page: Page;
  readonly one: string;
  readonly t: Texts;

  constructor(page: Page, one: string, t: Texts = zh) {
    this.page = page;
    this.one = t(one);
    this.t = t;
  }

  row(text: string): Locator {
    return this.page.getByRole('row').filter({ hasText: text });
  }
  get addButton(): Locator {
    return this.page.getByRole('button', { name: this.t('action.add'), exact: true });
  }
  get form(): Locator {
    return this.page.getByRole('dialog', { name: new RegExp(`${this.one}$`) });
  }
  /** The rows are there, and no others are on their way. */
  async settled(): Promise<void> {
    await expect(this.page.getByRole('status', { name: this.t('common.loading') })).toHaveCount(0);
    await expect(this.page.getByRole('table').first()).toHaveAttribute('aria-busy', 'false');
  }
  /** Looks for a text, until what was found is there: a row that is about to move is not to be pressed. */
  async search(text: string): Promise<void> {
    await this.page.getByRole('search').getByRole('textbox').first().fill(text);
    await this.page
      .getByRole('search')
      .getByRole('button', { name: this.t('action.search'), exact: true })
      .click();
    await expect(this.page).toHaveURL(({ searchParams }) => [...searchParams.values()].includes(text));
    await expect(this.page.locator('table[aria-busy="true"]')).toHaveCount(0);
  }
  async openNew(): Promise<Locator> {
    await this.addButton.click();
    const form = this.page.getByRole('dialog', { name: this.t('crud.createTitle', { name: this.one }) });
    await expect(form).toBeVisible();
    return form;
  }
  async openRow(text: string): Promise<Locator> {
    await this.row(text)
      .getByRole('button', { name: this.t('action.edit'), exact: true })
      .click();
    const form = this.page.getByRole('dialog', { name: this.t('crud.editTitle', { name: this.one }) });
    await expect(form).toBeVisible();
    return form;
  }
  async save(): Promise<void> {
    await this.form.getByRole('button', { name: this.t('action.save') }).click();
  }
  /** Deletes a row by its menu and says yes to the question, which has to name it. */
  async remove(text: string): Promise<void> {
    await this.choose(text, this.t('action.delete'));
    const question = this.page.getByRole('dialog', { name: this.t('crud.deleteTitle', { name: this.one }) });
    await expect(question).toContainText(text);
    await question.getByRole('button', { name: this.t('action.delete') }).click();
  }
  /** Presses an action of a row, in sight or behind "more". */
  async choose(text: string, action: string): Promise<void> {
    const row = this.row(text);
    await expect(row).toBeVisible();
    const inSight = row.getByRole('button', { name: action, exact: true });
    if ((await inSight.count()) > 0) return inSight.click();
    await this.openMenu(text);
    await this.page.getByRole('menuitem', { name: action }).click();
  }
  /** Shows what else may be done with a row. */
  async openMenu(text: string): Promise<void> {
    await this.row(text)
      .getByRole('button', { name: new RegExp(this.t('crud.actionsOf', { name: '.*' })) })
      .click();
  }
}
