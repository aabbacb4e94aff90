import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { RequestStats } from './request-stats.ts';

const MINUTE = 60_000;
const START = Date.UTC(2026, 10, 24, 8, 30, 20);

describe('the figures of requests', () => {
  let now = START;
  let stats: RequestStats;
  beforeEach(() => {
    now = START;
    stats = new RequestStats(() => now);
  });
  const countsOf = (intervals: readonly { tally: { count: number } }[]) => intervals.map(({ tally }) => tally.count);

  test('tell errors of the client from those of the server', () => {
    for (const status of [200, 204, 304, 400, 404, 499, 500, 503]) stats.add('GET', '/a', status, 1);
    const { lastHour } = stats.figures();
    assert.deepEqual([lastHour.count, lastHour.clientErrors, lastHour.serverErrors], [8, 3, 2]);
  });

  test('know no interval from before the start, and none of requests that nobody sent', () => {
    const { minutes, hours, lastHour, since } = stats.figures();
    assert.equal(since, START);
    assert.deepEqual([countsOf(minutes), countsOf(hours)], [[0], [0]]);
    assert.equal(minutes[0]?.from, START - 20_000);
    assert.equal(lastHour.percentile(0.95), null);
  });

  test('move on: a minute, an hour, two hours later', () => {
    stats.add('GET', '/a', 200, 1);
    now += MINUTE;
    stats.add('GET', '/a', 200, 1);
    stats.add('GET', '/a', 200, 1);
    assert.deepEqual(countsOf(stats.figures().minutes), [1, 2]);
    now += 59 * MINUTE;
    const later = stats.figures();
    assert.deepEqual([later.lastHour.count, later.hourBefore.count, later.minutes.length], [2, 1, 60]);
    assert.deepEqual(countsOf(later.hours), [3, 0]);
    now += 60 * MINUTE;
    const muchLater = stats.figures();
    assert.deepEqual([muchLater.lastHour.count, muchLater.hourBefore.count, muchLater.routes.length], [0, 2, 0]);
    now += 24 * 60 * MINUTE;
    assert.deepEqual(new Set(countsOf(stats.figures().hours)), new Set([0]), 'a counter of the day before is not read');
  });

  test('hold percentiles to a tenth, over five orders of magnitude', () => {
    for (const scale of [0.1, 1, 10, 100, 1000, 10_000]) {
      stats = new RequestStats(() => now);
      for (let index = 1; index <= 1000; index++) stats.add('GET', '/a', 200, (index / 1000) * scale * 2);
      const { lastHour } = stats.figures();
      for (const part of [0.5, 0.95, 0.99]) {
        const [found, exact] = [lastHour.percentile(part) as number, part * scale * 2];
        assert.ok(Math.abs(found - exact) <= 0.1 * exact + 0.01, `${part} of ${scale}: ${found}, not ${exact}`);
      }
    }
  });

  test('take any duration', () => {
    for (const duration of [0, 1e-9, 1e9, Number.POSITIVE_INFINITY]) stats.add('GET', '/a', 200, duration);
    assert.equal(stats.figures().lastHour.count, 4);
    assert.ok((stats.figures().lastHour.percentile(1) as number) > 60_000);
  });

  test('are kept by method and route, the busiest first, and not for addresses without a route', () => {
    stats.add('GET', '/a', 200, 10);
    stats.add('POST', '/a', 500, 1000);
    stats.add('POST', '/a', 200, 1000);
    stats.add('GET', null, 404, 1);
    const { routes, lastHour } = stats.figures();
    assert.deepEqual(
      routes.map(({ method, path, tally }) => [method, path, tally.count, tally.serverErrors]),
      [
        ['POST', '/a', 2, 1],
        ['GET', '/a', 1, 0],
      ],
    );
    assert.equal(lastHour.count, 4);
  });

  test('do not grow without end', () => {
    for (let index = 0; index < 3000; index++) stats.add('GET', `/${index}`, 200, 1);
    assert.equal(stats.figures().routes.length, 1000);
    assert.equal(stats.figures().lastHour.count, 3000);
  });
});
