import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { notYetApplicable } from './not-yet-applicable.ts';

const ROWS = 44;

/** The rows that the tests of a source are named after: a name may begin with several. */
function rowsOf(source: string): string[] {
  const names = source.matchAll(/\b(?:test|describe)\(\s*(['"`])((?:A\d+ )+)/g);
  return [...names].flatMap(([, , rows = '']) => rows.trim().split(' '));
}

test('every row of ATTACKS.md has a test of its name, or a reason why not', (context) => {
  // A row that touches one feature alone stands beside that feature.
  const server = join(import.meta.dirname, '../..');
  const sources = readdirSync(server, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(test|cluster)\.ts$/.test(file) && !file.includes('node_modules'))
    .map((file) => readFileSync(join(server, file), 'utf8'));
  const tested = new Set(sources.flatMap(rowsOf));
  const rows = Array.from({ length: ROWS }, (_, index) => `A${index + 1}`);
  assert.deepEqual(
    rows.filter((row) => !tested.has(row) && !notYetApplicable[row]),
    [],
    'neither tested nor explained',
  );
  assert.deepEqual(
    rows.filter((row) => tested.has(row) && notYetApplicable[row]),
    [],
    'tested by now: take the reason out',
  );
  context.diagnostic(`${tested.size} rows tested, ${Object.keys(notYetApplicable).length} explained`);
});

test('a row is found in the name of a test, and nowhere else (the guard bites)', () => {
  const source = ["test('A3 A4 ends all', f);", 'test(\n  `A40 on it`, f);', "describe('A5 x', f); // see 'A6 y'"];
  assert.deepEqual(rowsOf([...source, "assert.ok(true, 'A7 z'); test('A8', f); test('of A9 ', f);"].join('\n')), [
    'A3',
    'A4',
    'A40',
    'A5',
  ]);
});
