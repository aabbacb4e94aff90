import { expect, PASSWORD, type Page, signInBehind } from '../support/fixtures.ts';
import type { Service } from '../support/service.ts';
import { type Locale, textOf } from '../support/texts.ts';

/** How a scene is brought about; `t` gives the texts of the language it is shown in. */
export interface Stage {
  readonly page: Page;
  readonly service: Service;
  readonly t: (key: string, values?: Readonly<Record<string, string | number>>) => string;
}

/** One state of one page: who sees it, where, and how to get there. */
export interface Scene {
  readonly name: string;
  /** Nobody has signed in. */
  readonly isAnonymous?: boolean;
  /** Who has; else the administrator. */
  person?(service: Service): Promise<{ readonly username: string; readonly password: string }>;
  readonly path: string;
  /** What the browser may complain about here, besides what it may everywhere. */
  readonly complaint?: RegExp;
  /** Before the page is opened: data, and answers that the service would not give. */
  prepare?(stage: Stage): Promise<void>;
  /** Does what a person does to get there, and waits until it is. */
  show(stage: Stage): Promise<void>;
}

/** A page of the console by its source, with its states. */
export interface PageScenes {
  readonly source: string;
  readonly scenes: readonly Scene[];
}

const onStage = (page: Page, service: Service, locale: Locale): Stage => ({
  page,
  service,
  t: (key, values) => textOf(locale, key, values),
});

/** Signs in whoever sees a scene. */
export async function enter(scene: Scene, page: Page, service: Service): Promise<void> {
  if (scene.isAnonymous) return;
  const { username, password } = (await scene.person?.(service)) ?? { username: 'admin', password: PASSWORD };
  await signInBehind(page, username, password);
}

/** Opens a scene in a language, for the person who has entered. */
export async function open(scene: Scene, page: Page, service: Service, locale: Locale): Promise<void> {
  const stage = onStage(page, service, locale);
  await page.unrouteAll({ behavior: 'ignoreErrors' });
  await scene.prepare?.(stage);
  await page.goto(scene.path);
  await scene.show(stage);
}

export async function rowsAreThere({ page, t }: Stage): Promise<void> {
  await expect(page.getByRole('status', { name: t('common.loading') })).toHaveCount(0);
  await expect(page.locator('[aria-busy="false"]').first()).toBeVisible();
}

export const heading = async ({ page }: Stage) => expect(page.getByRole('heading', { level: 1 })).toBeAttached();

/** Nothing on the page is still on its way. */
export async function pageIsThere(stage: Stage): Promise<void> {
  await heading(stage);
  await expect(stage.page.getByRole('status', { name: stage.t('common.loading') })).toHaveCount(0);
}
