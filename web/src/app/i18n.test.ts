import { beforeAll, describe, expect, test } from 'vitest';
import { computed } from 'vue';
import { elementPlusLocale, locale, type MessageKey, showLocale, t } from './i18n.ts';

beforeAll(() => showLocale('zh-CN'));

describe('a text', () => {
  test('follows the language, for everything that shows it', async () => {
    const shown = computed(() => t('action.save'));
    expect(shown.value).toBe('保存');
    await showLocale('en-US');
    expect([shown.value, locale.value, document.documentElement.lang]).toEqual(['Save', 'en-US', 'en-US']);
    expect(elementPlusLocale.value).toMatchObject({ name: 'en' });
    await showLocale('zh-CN');
    expect(shown.value).toBe('保存');
  });

  test('has its places filled, with whatever stands there, once', () => {
    expect(t('crud.total', { count: 3 })).toBe('共 3 条');
    expect(t('crud.deleteOne', { title: '$& {title} $1' })).toContain('「$& {title} $1」');
    expect(t('crud.total', {})).toBe('共 {count} 条');
  });

  test('that is not there is its key, which the browser tests look for', () => {
    expect(t('no.such.text' as MessageKey)).toBe('no.such.text');
  });
});
