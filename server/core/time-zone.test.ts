import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { dayBounds, hourBounds, isTimeZone } from './time-zone.ts';

const iso = (moments: readonly Date[]) => moments.map((moment) => moment.toISOString().replace(':00.000Z', 'Z'));

describe('the days of a reader', () => {
  const cases: [what: string, zone: string, now: string, days: string[]][] = [
    ['UTC', 'UTC', '2026-11-24T08:00Z', ['2026-11-23T00:00Z', '2026-11-24T00:00Z', '2026-11-25T00:00Z']],
    [
      'east: already tomorrow',
      'Asia/Shanghai',
      '2026-11-24T17:00Z',
      ['2026-11-23T16:00Z', '2026-11-24T16:00Z', '2026-11-25T16:00Z'],
    ],
    ['a fixed offset', '+05:30', '2026-11-24T08:00Z', ['2026-11-22T18:30Z', '2026-11-23T18:30Z', '2026-11-24T18:30Z']],
    [
      'clocks go forward at two',
      'America/New_York',
      '2026-03-09T12:00Z',
      ['2026-03-08T05:00Z', '2026-03-09T04:00Z', '2026-03-10T04:00Z'],
    ],
    [
      'clocks go back at two',
      'America/New_York',
      '2026-11-02T12:00Z',
      ['2026-11-01T04:00Z', '2026-11-02T05:00Z', '2026-11-03T05:00Z'],
    ],
    [
      'midnight is skipped',
      'Africa/Cairo',
      '2026-04-24T12:00Z',
      ['2026-04-22T22:00Z', '2026-04-23T22:00Z', '2026-04-24T21:00Z'],
    ],
    [
      'midnight comes twice',
      'America/Havana',
      '2026-11-02T12:00Z',
      ['2026-11-01T04:00Z', '2026-11-02T05:00Z', '2026-11-03T05:00Z'],
    ],
    [
      'the furthest east',
      'Pacific/Kiritimati',
      '2026-11-24T10:30Z',
      ['2026-11-23T10:00Z', '2026-11-24T10:00Z', '2026-11-25T10:00Z'],
    ],
  ];
  for (const [what, zone, now, days] of cases) {
    test(what, () => assert.deepEqual(iso(dayBounds(zone, new Date(now), 2)), days));
  }

  test('follow each other without a gap through a year of every kind of zone', () => {
    for (const zone of ['Europe/Berlin', 'America/Havana', 'Africa/Cairo', 'Australia/Lord_Howe', 'Asia/Kathmandu']) {
      const bounds = dayBounds(zone, new Date('2026-12-31T12:00:00Z'), 365).map((moment) => moment.getTime());
      const hours = bounds.slice(1).map((at, index) => (at - (bounds[index] as number)) / 3_600_000);
      assert.ok(
        hours.every((length) => length >= 23 && length <= 25),
        `${zone}: ${[...new Set(hours)]}`,
      );
      assert.equal(
        hours.reduce((sum, length) => sum + length, 0),
        365 * 24,
        zone,
      );
    }
  });
});

test('hours begin where the clock of the zone shows a full hour', () => {
  const now = new Date('2026-11-24T08:40:10Z');
  assert.deepEqual(iso(hourBounds('UTC', now, 2)), ['2026-11-24T07:00Z', '2026-11-24T08:00Z', '2026-11-24T09:00Z']);
  assert.deepEqual(iso(hourBounds('Asia/Kathmandu', now, 1)), ['2026-11-24T08:15Z', '2026-11-24T09:15Z']);
});

test('zones that do not exist are told apart', () => {
  assert.deepEqual(['Asia/Shanghai', 'utc', '+08:00', 'Mars/Olympus', '', '+99:00'].map(isTimeZone), [
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
});
