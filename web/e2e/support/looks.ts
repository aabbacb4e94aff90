import axe, { type RunOptions } from 'axe-core';
import { expect, type Page } from './fixtures.ts';
import { AREAS } from './texts.ts';

const { source } = axe;

/** Nothing may move when it is looked at: transitions are over, and figures stand. */
export async function still(page: Page): Promise<void> {
  await page.evaluate(async () => {
    // A skeleton moves for ever.
    const ending = () =>
      document.getAnimations().filter(({ effect }) => effect?.getComputedTiming().endTime !== Number.POSITIVE_INFINITY);
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    // A colour that is inherited changes level by level, each when the one above it has changed.
    for (let quiet = 0; quiet < 2; ) {
      const moving = ending();
      await Promise.all(moving.map((animation) => animation.finished.catch(() => null)));
      await frame();
      quiet = moving.length === 0 ? quiet + 1 : 0;
    }
  });
}

/** Every rule of axe, the best practices too. */
export const expectAccessible = (page: Page, where: string): Promise<void> => expectNoFaults(page, where, {});

/** The rules that tell colours apart, for a page of which the others have looked at all else in another theme. */
export const expectReadable = (page: Page, where: string): Promise<void> =>
  expectNoFaults(page, where, { runOnly: ['color-contrast', 'link-in-text-block'] });

async function expectNoFaults(page: Page, where: string, options: RunOptions): Promise<void> {
  await still(page);
  // It takes as long to read as to run.
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(source);
  const { violations } = await page.evaluate(
    // What is well would be a megabyte.
    (chosen) => (window as unknown as { axe: typeof axe }).axe.run({ ...chosen, resultTypes: ['violations'] }),
    options,
  );
  const found = violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}\n${failureSummary}`),
  );
  expect(found, where).toEqual([]);
}

/** No part of a page lies beyond its edge. */
export async function expectNothingBeyondTheEdge(page: Page, where: string): Promise<void> {
  const beyond = () =>
    page.evaluate(() => {
      const edges = [document.documentElement, document.querySelector('main')].filter((one) => one !== null);
      return edges
        .filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth + 1)
        .map((one) => `${one.tagName}: ${one.scrollWidth} > ${one.clientWidth}`);
    });
  // The page may still be following a change of its width.
  await expect.poll(beyond, where).toEqual([]);
}

const NOT_FOR_PEOPLE = /\bundefined\b|\bNaN\b|\bnull\b|\[object |Invalid Date/;
/** A text whose key is shown instead of it begins with the name of an area of the locales. */
const RAW_KEY = new RegExp(`\\b(${AREAS.join('|')})\\.[a-z]\\w+`);

/** What stands on the page is meant for people, and in English has no Chinese but the data's own. */
export async function expectWords(
  page: Page,
  where: string,
  data: ReadonlySet<string>,
  isEnglish: boolean,
): Promise<void> {
  let text = await page.evaluate(() => document.body.innerText);
  expect(text.match(NOT_FOR_PEOPLE)?.[0], where).toBeUndefined();
  // Data may hold anything.
  for (const value of [...data].sort((a, b) => b.length - a.length)) text = text.replaceAll(value, '');
  expect(text.match(RAW_KEY)?.[0], where).toBeUndefined();
  if (isEnglish) expect(text.replaceAll('简体中文', '').match(/.*\p{Script=Han}.*/gu) ?? [], where).toEqual([]);
}

/** Collects the texts of the data that a page reads. Menus are not data: they come in the language of the console. */
export function collectData(page: Page): ReadonlySet<string> {
  const texts = new Set<string>();
  const take = (value: unknown): void => {
    if (typeof value === 'string') {
      if (/\p{Script=Han}|\w\.\w/u.test(value)) for (const line of value.split('\n')) texts.add(line.trim());
    } else if (value !== null && typeof value === 'object') Object.values(value).forEach(take);
  };
  page.on('response', async (response) => {
    const { pathname } = new URL(response.url());
    if (!pathname.startsWith('/api/v1/') || pathname.endsWith('/users/me/menus')) return;
    const body = await response.json().catch(() => null);
    if (body?.data) take(body.data);
  });
  return texts;
}
