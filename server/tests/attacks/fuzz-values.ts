import fc from 'fast-check';
import { namedSchemas } from '#core/schema.ts';

/** The part of JSON Schema that the routes use. */
export interface JsonSchema {
  readonly $id?: string;
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly format?: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
}

const TEXTS = [
  '',
  ' ',
  '0',
  '-0',
  '1',
  '-1',
  '1e308',
  '1e400',
  '9007199254740993',
  '99999999999999999999999',
  'null',
  'true',
  'undefined',
  'NaN',
  '[object Object]',
  '__proto__',
  'constructor',
  'toString',
  "' or 1=1 --",
  "\\'; drop table users; --",
  '%',
  '_',
  '!',
  '%00',
  'a\0b',
  '\ud800',
  'x\udfff',
  '😀👨‍👩‍👧',
  '\u202Etxt.exe',
  'İıſK',
  'ﷺ'.repeat(40),
  '../../etc/passwd',
  '<script>alert(1)</script>',
  '{{7*7}}<%= 7*7 %>',
  '2016-12-31T23:59:60Z',
  '0000-01-01T00:00:00Z',
  '9999-12-31T23:59:59-23:59',
  '2020-02-30T00:00:00Z',
  '2020-01-01T00:00:00.123456789+00:00',
  'x'.repeat(5000),
  '\r\n',
  ',,,',
  'id,-id',
];

/** Values that have broken somebody: numbers at the edges, texts that mean something elsewhere, the wrong kind of thing. */
export const hostile: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    0,
    -0,
    -1,
    0.5,
    1e308,
    -1e308,
    2 ** 31 - 1,
    2 ** 31,
    2 ** 53 - 1,
    2 ** 53,
    2 ** 63,
    [],
    [[]],
    [null],
    {},
    { $gt: '' },
    { toString: 1 },
    { length: -1 },
    Array(300).fill(1),
  ),
  fc.constantFrom(...TEXTS),
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.jsonValue({ maxDepth: 3 }),
);

export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...TEXTS),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.integer().map(String),
);

/** Bodies as they come over the wire, many of them no JSON at all. */
export const rawBody: fc.Arbitrary<string> = fc.constantFrom(
  '',
  ' ',
  '{',
  '{}}',
  '[]',
  'null',
  '"text"',
  '1',
  '1e400',
  '{"a":1,"a":2}',
  '{"__proto__":{"x":1}}',
  '{"constructor":{"prototype":{"x":1}}}',
  '{"username":"\\u0000"}',
  '{"\\ud800":1}',
  "{'a':1}",
  '\ufeff{}',
  `${'['.repeat(3000)}${']'.repeat(3000)}`,
  `${'{"a":'.repeat(3000)}1${'}'.repeat(3000)}`,
);

const resolved = (schema: JsonSchema): JsonSchema => {
  if (!schema.$ref) return schema;
  const name = schema.$ref.replace(/#.*$/, '');
  return (namedSchemas() as readonly JsonSchema[]).find(({ $id }) => $id === name) ?? {};
};

/** The first five times as often as the second. */
export const mostly = <T>(usual: fc.Arbitrary<T>, rare: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ arbitrary: usual, weight: 5 }, { arbitrary: rare, weight: 1 });

/** Values that mostly keep to a schema, so that they come past the validation. */
export function fitting(declared: JsonSchema): fc.Arbitrary<unknown> {
  const schema = resolved(declared);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map(fitting));
  const types = Array.isArray(schema.type) ? schema.type : [schema.type];
  return fc.oneof(...types.map((type) => fittingType(schema, type)));
}

function fittingType(schema: JsonSchema, type: string | undefined): fc.Arbitrary<unknown> {
  switch (type) {
    case 'null':
      return fc.constant(null);
    case 'boolean':
      return fc.boolean();
    case 'integer':
    case 'number': {
      const { minimum = -(2 ** 53 - 1), maximum = 2 ** 53 - 1 } = schema;
      const least = Math.max(minimum, 0);
      const small = fc.integer({ min: least, max: Math.min(maximum, least + 60) });
      return fc.oneof({ arbitrary: small, weight: 4 }, { arbitrary: fc.constantFrom(minimum, maximum), weight: 1 });
    }
    case 'string':
      return fittingText(schema);
    case 'array':
      return fc.uniqueArray(fitting(schema.items ?? {}), { maxLength: 4, comparator: 'SameValue' });
    case 'object':
      return fittingObject(schema);
    default:
      return hostile;
  }
}

function fittingText({ format, pattern, minLength = 0, maxLength = 40 }: JsonSchema): fc.Arbitrary<string> {
  if (format === 'email') return fc.nat().map((number) => `fuzz${number}@example.com`);
  if (format === 'date-time') {
    const [min, max] = [new Date('0001-01-01'), new Date('9999-12-31T23:59:59.999Z')];
    const any = fc.date({ min, max, noInvalidDate: true });
    return mostly(any, fc.constantFrom(min, max)).map((date) => date.toISOString());
  }
  if (pattern)
    return fc.oneof(
      matching(pattern),
      fc.nat().map((number) => `fuzz-${number}`),
    );
  return fc.string({ unit: 'grapheme', minLength, maxLength: Math.min(maxLength, 40) });
}

/** Texts of a pattern, where the generator knows its syntax. */
function matching(pattern: string): fc.Arbitrary<string> {
  try {
    return fc.stringMatching(new RegExp(pattern, 'u'));
  } catch {
    return fc.constantFrom('/a.png', 'https://example.com/a.png', '+86 13800000000');
  }
}

function fittingObject({ properties = {}, required = [] }: JsonSchema): fc.Arbitrary<unknown> {
  const members = Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, fitting(schema)]));
  return fc.record(members, { requiredKeys: required.filter((name) => name in members) });
}

/** A fitting object with one member spoilt or added; arrays, texts and numbers in place of the object now and then. */
export function nearly(schema: JsonSchema): fc.Arbitrary<unknown> {
  const names = Object.keys(resolved(schema).properties ?? {});
  const name = fc.constantFrom(...names, 'unknown', 'is_superuser', 'id', '__proto__x');
  const spoilt = fc
    .tuple(fitting(schema), name, hostile)
    .map(([value, key, other]) => ({ ...(value as object), [key]: other }));
  return fc.oneof(
    { arbitrary: fitting(schema), weight: 4 },
    { arbitrary: spoilt, weight: 5 },
    { arbitrary: hostile, weight: 1 },
  );
}
