const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Zones are few, but their names are read whatever their case, so somebody could ask for any number of them. */
const MOST_ZONES = 500;
const formats = new Map<string, Intl.DateTimeFormat>();

/** Throws RangeError for a zone that does not exist. */
function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      calendar: 'iso8601',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    if (formats.size >= MOST_ZONES) formats.clear();
    formats.set(zone, format);
  }
  return format;
}

/** Whether a time zone is known: a name such as `Asia/Shanghai`, or an offset such as `+08:00`. */
export function isTimeZone(zone: string): boolean {
  try {
    formatOf(zone);
    return true;
  } catch {
    return false;
  }
}

/** What a clock in the zone shows, as if it were UTC. */
function wallClock(zone: string, at: number): number {
  const parts: Record<string, number> = {};
  for (const { type, value } of formatOf(zone).formatToParts(at)) parts[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

const offsetAt = (zone: string, at: number) => wallClock(zone, at) - Math.floor(at / 1000) * 1000;

/** When a day begins in a zone: at midnight, or at the first moment after it where clocks skip midnight. `day` is its midnight in UTC. */
function startOfDay(zone: string, day: number): number {
  const candidates = [-DAY_MS, DAY_MS].map((away) => day - offsetAt(zone, day + away)).sort((a, b) => a - b);
  const isThatDay = (at: number) => Math.floor(wallClock(zone, at) / DAY_MS) * DAY_MS === day;
  return candidates.find(isThatDay) ?? (candidates[0] as number);
}

/** The beginnings of the last `count` days of a zone, today's last, and the end of today. Days of 23 and 25 hours are what they are. */
export function dayBounds(zone: string, now: Date, count: number): Date[] {
  const today = Math.floor(wallClock(zone, now.getTime()) / DAY_MS) * DAY_MS;
  return Array.from(
    { length: count + 1 },
    (_, index) => new Date(startOfDay(zone, today + (index - count + 1) * DAY_MS)),
  );
}

/** The beginnings of the last `count` hours of a zone, the present one last, and its end. */
export function hourBounds(zone: string, now: Date, count: number): Date[] {
  const offset = offsetAt(zone, now.getTime());
  const current = Math.floor((now.getTime() + offset) / HOUR_MS) * HOUR_MS - offset;
  return Array.from({ length: count + 1 }, (_, index) => new Date(current + (index - count + 1) * HOUR_MS));
}
