import type { Locale } from '@/app/i18n.ts';

/** Each language in its own words, so that everybody finds theirs. */
export const LOCALE_NAMES: Readonly<Record<Locale, string>> = { 'zh-CN': '简体中文', 'en-US': 'English' };
