import { describe, expect, test } from 'vitest';
import { covers, GRANT, gives } from './grants.ts';

describe('what a grant gives', () => {
  test.each([
    ['system:user:query', 'system:user:query', true],
    ['system:user:query', 'system:user:update', false],
    ['system:user:*', 'system:user:update', true],
    ['*:*:query', 'system:role:query', true],
    ['*:*:query', 'system:role:update', false],
    ['*:*:*', 'system:*:query', true],
    ['system:*:query', '*:*:query', false],
    ['system:*:query', 'system:*:*', false],
    ['system:*', 'system:user:query', false],
    ['*', 'system:user:query', false],
  ])('%s for %s: %s', (grant, code, expected) => {
    expect(gives(grant, code)).toBe(expected);
  });

  test('several grants together give what one of them gives', () => {
    expect(covers(['a:b:c', 'system:*:query'], 'system:dept:query')).toBe(true);
    expect(covers(['a:b:c', 'system:*:query'], 'system:dept:update')).toBe(false);
    expect(covers([], 'system:dept:query')).toBe(false);
  });

  test('a code has three parts', () => {
    for (const code of ['system:user:query', 'system:*:query', '*:*:*', 'menu:root:wiki-2'])
      expect(code).toMatch(GRANT);
    for (const code of ['', '*', 'a:b', 'a:b:c:d', 'A:b:c', 'a:b:', 'a b:c:d', '1a:b:c'])
      expect(code).not.toMatch(GRANT);
  });
});
