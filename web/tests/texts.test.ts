import { describe, expect, test } from 'vitest';
import { t } from '@/app/i18n.ts';
import english from '@/locales/en-US/index.ts';
import chinese from '@/locales/zh-CN/index.ts';
import { literalsIn } from './literals.ts';
import { consoleSources } from './sources.ts';

describe('words', () => {
  const sources = consoleSources();

  test('stand in the locales and nowhere else', () => {
    expect(sources.size).toBeGreaterThan(60);
    expect([...sources].flatMap(([file, source]) => literalsIn(file, source))).toEqual([]);
  });

  test.each([
    '<p>Save</p>',
    '<p>保存</p>',
    '<button aria-label="Close" />',
    '<input placeholder="Name">',
    '<img alt="Logo">',
    '<p :title="\'Open\'" />',
    "<p :title=\"isOpen ? 'Close' : 'Open'\" />",
    "<p>{{ 'Save' }}</p>",
    "<p>{{ isOpen ? 'Yes' : t('common.no') }}</p>",
    '<p><span>{{ count }} rows</span></p>',
  ])('would be found in a template: %s (the guard bites)', (template) => {
    expect(literalsIn('pages/x.vue', `<template>${template}</template>`)).not.toEqual([]);
  });

  test('would be found in code (the guard bites)', () => {
    expect(literalsIn('app/x.ts', "toast('已保存');")).not.toEqual([]);
    expect(literalsIn('app/x.ts', '// 说明')).not.toEqual([]);
  });

  test.each([
    "<p>{{ t('action.save') }}</p>",
    '<p class="row" role="status" />',
    '<p :title="t(\'action.save\')" :aria-current="isOpen ? \'page\' : undefined" />',
    "<p>{{ kind === 'a' ? t('x.a') : t('x.b', { name: t('y.c') }) }}</p>",
    '<kbd>Ctrl K</kbd>',
    '<p>— / 3 · 100%</p>',
  ])('are none in: %s', (template) => {
    expect(literalsIn('pages/x.vue', `<template>${template}</template>`)).toEqual([]);
  });
});

type Tree = { readonly [key: string]: string | Tree };

function flat(tree: Tree, path = ''): [key: string, text: string][] {
  return Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'string' ? [[path + key, value] as [string, string]] : flat(value, `${path}${key}.`),
  );
}

describe('the locales', () => {
  const [zh, en] = [new Map(flat(chinese)), new Map(flat(english))];

  test('have the same texts, none of them empty', () => {
    expect([...en.keys()].sort()).toEqual([...zh.keys()].sort());
    expect([...zh, ...en].filter(([, text]) => text.trim() === '')).toEqual([]);
    expect(zh.size).toBeGreaterThan(200);
  });

  test('fill the same places in both languages', () => {
    const places = (text = '') => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();
    const different = [...zh].filter(([key, text]) => String(places(text)) !== String(places(en.get(key))));
    expect(different.map(([key]) => key)).toEqual([]);
  });

  test('speak one language each', () => {
    expect([...en].filter(([, text]) => /\p{Script=Han}/u.test(text))).toEqual([]);
    const untranslated = [...zh].filter(([key, text]) => text === en.get(key) && /[a-z]{4,} [a-z]{2,}/i.test(text));
    expect(untranslated.filter(([key]) => key !== 'app.name')).toEqual([]);
  });

  test('are complete by their types: a key that does not exist, or is missing in one language, does not compile', () => {
    // @ts-expect-error there is no such text
    const typo = () => t('action.sav');
    // @ts-expect-error a text is missing
    const incomplete: typeof chinese.action = { add: 'Add' };
    expect([typeof typo, typeof incomplete]).toEqual(['function', 'object']);
  });
});
