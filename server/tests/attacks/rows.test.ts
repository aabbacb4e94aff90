import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { notYetApplicable } from './not-yet-applicable.ts';

const ROWS = 44;

test('every row of ATTACKS.md has a test of its name, or a reason why not', (context) => {
  const sources = readdirSync(import.meta.dirname)
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => readFileSync(join(import.meta.dirname, file), 'utf8'));
  const tested = new Set(sources.flatMap((source) => [...source.matchAll(/['"`](A\d+) /g)].map((match) => match[1])));
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
