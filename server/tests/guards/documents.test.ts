import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, test } from 'node:test';

const root = resolve(import.meta.dirname, '../../..');
const read = (file: string) => (existsSync(join(root, file)) ? readFileSync(join(root, file), 'utf8') : null);

/**
 * What a document says of tests and is not so: `` `file`: "begin of a name…" `` names a test of that file, after several files one of
 * any of them.
 */
function wrongReferences(document: string, source: (file: string) => string | null): string[] {
  const wrong: string[] = [];
  for (const line of document.split('\n')) {
    let files: string[] = [];
    let isNamed = false;
    for (const [, file, quoted] of line.matchAll(/`([\w./-]+\.(?:test|spec)\.ts)`|"([^"]+?)…?"/g)) {
      if (file !== undefined) {
        if (source(file) === null) wrong.push(`${file} does not exist`);
        files = isNamed ? [file] : [...files, file];
        isNamed = false;
      } else if (quoted !== undefined && files.length > 0) {
        isNamed = true;
        if (!files.some((name) => namesOf(source(name) ?? '').some((title) => title.includes(quoted))))
          wrong.push(`${files.join(', ')}: no test is called "${quoted}"`);
      }
    }
  }
  return wrong;
}

const namesOf = (source: string) =>
  [...source.matchAll(/\b(?:test|describe)\(\s*(['"`])(.*?)\1/g)].map(([, , name = '']) => name);

describe('the tests that docs/security.md names', () => {
  test('exist', () => {
    const document = read('docs/security.md') ?? '';
    assert.ok([...document.matchAll(/\.(test|spec)\.ts`/g)].length > 50);
    assert.deepEqual(wrongReferences(document, read), []);
  });

  test('are looked up by file and name (the guard bites)', () => {
    const files: Record<string, string> = { 'a.test.ts': "test('A1 one', f)", 'b.spec.ts': "describe('two', f)" };
    const document = ['`a.test.ts`: "A1 …", `b.spec.ts`: "two"', '`a.test.ts`, `b.spec.ts`: "two"', '`c.test.ts`'];
    document.push('`a.test.ts`: "two"');
    assert.deepEqual(
      wrongReferences(document.join('\n'), (file) => files[file] ?? null),
      ['c.test.ts does not exist', 'a.test.ts: no test is called "two"'],
    );
  });
});
