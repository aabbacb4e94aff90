import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

export type Locale = 'zh-CN' | 'en-US';
type Tree = { readonly [key: string]: string | Tree };

const folder = resolve(import.meta.dirname, '../../src/locales');

async function load(locale: Locale): Promise<Tree> {
  const texts: Record<string, Tree> = {};
  for (const file of readdirSync(join(folder, locale))) {
    const area = file.replace('.ts', '').replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
    if (area === 'index') continue;
    const { default: words } = await import(join(folder, locale, file));
    if (area === 'shell') Object.assign(texts, words);
    else texts[area] = words;
  }
  return texts;
}

const catalogues: Readonly<Record<Locale, Tree>> = { 'zh-CN': await load('zh-CN'), 'en-US': await load('en-US') };

/** The first parts of all keys. */
export const AREAS: readonly string[] = Object.keys(catalogues['en-US']);

/** A text of the console by its key. Throws for a key that does not exist, so that a test cannot look for nothing. */
export function textOf(locale: Locale, key: string, values: Readonly<Record<string, string | number>> = {}): string {
  const found = key.split('.').reduce<Tree | string | undefined>((at, part) => {
    return typeof at === 'object' ? at[part] : undefined;
  }, catalogues[locale]);
  if (typeof found !== 'string') throw new Error(`the console has no text ${key}`);
  return found.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name]));
}

/** Gives the texts of one language. */
export type Texts = (key: string, values?: Readonly<Record<string, string | number>>) => string;
export const zh: Texts = (key, values) => textOf('zh-CN', key, values);
export const en: Texts = (key, values) => textOf('en-US', key, values);
