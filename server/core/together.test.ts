import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { together } from './together.ts';

describe('what is asked for within one turn', () => {
  test('is done at once, and everybody hears their own answer', async () => {
    const calls: (readonly number[])[] = [];
    const double = together(async (numbers: readonly number[]) => {
      calls.push(numbers);
      await sleep(5);
      return numbers.map((number) => number * 2);
    });
    assert.deepEqual(await Promise.all([double(1), double(2)]), [2, 4]);
    const first = double(3);
    // While the first is still being done, the next turn has begun.
    await sleep(1);
    assert.deepEqual(await Promise.all([first, double(4), double(5)]), [6, 8, 10]);
    assert.deepEqual(calls, [[1, 2], [3], [4, 5]]);
  });

  test('fails for the one that failed, or for all', async () => {
    const some = together(async (asked: readonly string[]) =>
      asked.map(async (text) => {
        if (text === 'bad') throw new Error('refused');
        return text;
      }),
    );
    const told = await Promise.allSettled(['good', 'bad', 'fine'].map(some));
    assert.deepEqual(
      told.map((one) => (one.status === 'fulfilled' ? one.value : one.reason.message)),
      ['good', 'refused', 'fine'],
    );
    const none = together(async () => Promise.reject(new Error('away')));
    const all = await Promise.allSettled([none(1), none(2)]);
    assert.deepEqual(
      all.map((one) => one.status === 'rejected' && one.reason.message),
      ['away', 'away'],
    );
  });
});
