import { beforeAll, describe, expect, test } from 'vitest';
import { showLocale, t } from '@/app/i18n.ts';
import { isRequired, type JsonSchema, problemOf, problemsOf } from './rules.ts';

beforeAll(() => showLocale('en-US'));

describe('what is wrong with a value', () => {
  const cases: [schema: JsonSchema, value: unknown, problem: string | null][] = [
    [{ minLength: 3 }, 'ab', 'minLength'],
    [{ minLength: 3 }, 'abc', null],
    [{ maxLength: 3 }, 'abcd', 'maxLength'],
    // Characters count, not the halves that JavaScript keeps of some.
    [{ maxLength: 2 }, '😀😀', null],
    [{ minLength: 3 }, '😀😀', 'minLength'],
    [{ pattern: '^[a-z]+$' }, 'A', 'pattern'],
    [{ pattern: '^\\p{L}+$' }, '岗位', null],
    [{ format: 'email' }, 'nobody', 'email'],
    [{ format: 'email' }, 'a@b', 'email'],
    [{ format: 'email' }, 'a@b.example', null],
    [{ format: 'uri' }, 'not a place', 'uri'],
    [{ format: 'uri' }, 'https://a.example/x', null],
    [{ type: 'integer' }, 1.5, 'integer'],
    [{ type: 'number' }, 1.5, null],
    [{ minimum: 0 }, -1, 'minimum'],
    [{ minimum: 0 }, 0, null],
    [{ maximum: 9 }, 10, 'maximum'],
    [{ minItems: 1 }, [], 'minItems'],
    [{ maxItems: 1 }, [1, 2], 'maxItems'],
    [{}, 'anything', null],
  ];
  test.each(cases)('by %j for %j is %s', (schema, value, problem) => {
    const limit = Object.values(schema)[0] as number;
    const expected = problem && t(`crud.rule.${problem}` as 'crud.rule.email', { limit });
    expect(problemOf(schema, value, false)).toBe(expected);
  });

  test.each([undefined, null, ''])('nothing (%j) is wrong only where something is asked for', (value) => {
    expect(problemOf({ minLength: 3 }, value, true)).toBe(t('crud.rule.required'));
    expect(problemOf({ minLength: 3 }, value, false)).toBeNull();
  });

  test('false and 0 are something', () => {
    expect(problemOf({ type: 'boolean' }, false, true)).toBeNull();
    expect(problemOf({ type: 'integer' }, 0, true)).toBeNull();
  });
});

test('a form is looked at by the fields that it shows', () => {
  const schema = { required: ['name', 'hidden'], properties: { name: { minLength: 2 }, code: { maxLength: 1 } } };
  expect(isRequired(schema, 'name')).toBe(true);
  expect(isRequired(schema, 'code')).toBe(false);
  expect(isRequired(undefined, 'name')).toBe(false);
  const problems = problemsOf(schema, { name: 'x', code: 'xy' }, ['name', 'code']);
  expect(Object.keys(problems)).toEqual(['name', 'code']);
  expect(problemsOf(schema, { name: 'xy' }, ['name', 'code'])).toEqual({});
});
