import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { headOf } from './text.ts';

test('the beginning of a text is what it was, and does not keep the rest of it in memory', () => {
  assert.equal(headOf('short', 10), 'short');
  assert.equal(headOf('中文 🙂 text', 5), '中文 🙂');
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const used = () => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  const before = used();
  const heads = Array.from({ length: 40 }, (_, index) => headOf(`${index} ${'x'.repeat(2_000_000)}`, 100));
  const kept = used() - before;
  assert.equal(heads[7]?.length, 100);
  assert.ok(kept < 10_000_000, `${kept} bytes are kept of 40 texts of 2 MB`);
});
