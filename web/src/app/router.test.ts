import { describe, expect, test } from 'vitest';
import { returnPath } from './router.ts';

describe('A32 the way back after signing in', () => {
  test.each([
    ['/system/users?page=2#x', '/system/users?page=2#x'],
    ['/', '/'],
    ['/%2F%2Fevil.example', '/%2F%2Fevil.example'],
  ])('keeps %s', (wanted, expected) => expect(returnPath(wanted)).toBe(expected));

  test.each([
    undefined,
    null,
    '',
    ['/a', '/b'],
    'system/users',
    'https://evil.example/',
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    'javascript:alert(1)',
    ' /x',
  ])('never leaves this site for %j', (wanted) => {
    const path = returnPath(wanted);
    expect(new URL(path, 'http://console.example').origin).toBe('http://console.example');
    expect(path.startsWith('//')).toBe(false);
  });
});
