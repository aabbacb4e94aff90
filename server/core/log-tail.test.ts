import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LogTail } from './log-tail.ts';

const line = (number: number, more: object = {}) =>
  `${JSON.stringify({ level: 'info', time: '2026-11-24T08:00:00.000Z', module: 'user', n: number, ...more, msg: `line ${number}` })}\n`;

describe('the last lines of the log', () => {
  test('are found newest first, however many came at once', () => {
    const tail = new LogTail();
    tail.add(line(1), 1);
    tail.add(line(2) + line(3, { level: 'warn' }) + line(4), 3);
    const all = tail.find({ limit: 10 });
    assert.deepEqual(
      all.map(({ number, message }) => [number, message]),
      [4, 3, 2, 1].map((number) => [number, `line ${number}`]),
    );
    assert.deepEqual(all[1], {
      number: 3,
      at: '2026-11-24T08:00:00.000Z',
      level: 'warn',
      module: 'user',
      message: 'line 3',
      fields: { n: 3 },
    });
    const numbers = (query: object) => tail.find({ limit: 10, ...query }).map(({ number }) => number);
    assert.deepEqual(numbers({ limit: 2 }), [4, 3]);
    assert.deepEqual(numbers({ after: 2 }), [4, 3]);
    assert.deepEqual(numbers({ levels: ['warn'] }), [3]);
    assert.deepEqual(numbers({ keyword: 'LINE 2' }), [2]);
    assert.deepEqual(numbers({ module: 'dept' }), []);
  });

  test('are at most so many, and of a long one the beginning is shown', () => {
    const tail = new LogTail();
    for (let number = 1; number <= 5000; number += 2) tail.add(line(number) + line(number + 1), 2);
    const kept = tail.find({ limit: 10_000 });
    assert.deepEqual([kept.length, kept[0]?.number, kept.at(-1)?.number], [2000, 5000, 3001]);
    tail.add(line(5001, { long: 'x'.repeat(3_000_000) }), 1);
    tail.add(line(5002, { long: 'y'.repeat(3_000_000) }), 1);
    const [newest, before] = tail.find({ limit: 10 });
    assert.deepEqual([newest?.number, newest?.module, newest?.level, before], [5002, 'user', 'info', undefined]);
    assert.ok(JSON.stringify(newest).length < 10_000);
  });

  test('are no fewer, however many came at once', () => {
    const tail = new LogTail();
    const lines = (from: number, count: number) =>
      Array.from({ length: count }, (_, index) => line(from + index)).join('');
    const kept = () => {
      const found = tail.find({ limit: 10_000 });
      return [found.length, found[0]?.message, found.at(-1)?.message];
    };
    for (const from of [1, 1501]) tail.add(lines(from, 1500), 1500);
    assert.deepEqual(kept(), [2000, 'line 3000', 'line 1001']);
    tail.add(lines(3001, 5000), 5000);
    tail.add(line(8001), 1);
    assert.deepEqual(kept(), [2000, 'line 8001', 'line 6002']);
  });

  test('are read whole before a long one is cut: it still says which request it belongs to', () => {
    const tail = new LogTail();
    const names = { request_id: 'r1', trace_id: 't1', user_id: 7 };
    const err = { message: 'm', stack: 's'.repeat(20_000) };
    const text = {
      level: 'warn',
      time: '2026-11-24T08:00:00.000Z',
      module: 'user',
      sql: 'q'.repeat(9000),
      err,
      ...names,
    };
    tail.add(`${JSON.stringify({ ...text, msg: 'x'.repeat(9000) })}\n`, 1);
    tail.add(`${'no JSON '.repeat(2000)}\n`, 1);
    const [odd, long] = tail.find({ limit: 2 });
    assert.equal(odd?.message.length, 8192);
    const { fields, message, ...rest } = long ?? assert.fail();
    assert.deepEqual(rest, { number: 1, at: text.time, level: 'warn', module: 'user' });
    assert.equal(message, 'x'.repeat(8192));
    const { sql, err: cut, ...others } = fields;
    assert.deepEqual(others, names);
    assert.equal(sql, 'q'.repeat(8192));
    assert.equal(cut, JSON.stringify(err).slice(0, 8192));
  });
});
