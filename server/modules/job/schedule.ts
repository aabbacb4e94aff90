import { Cron } from 'croner';
import { isStorableMoment } from '#core/moments.ts';

/** When a job is to run, as it is stored. */
export interface Schedule {
  readonly trigger_type: string;
  readonly expression: string | null;
  readonly timezone: string | null;
  readonly seconds: number | null;
  readonly at: Date | null;
  readonly starts_at: Date | null;
  readonly ends_at: Date | null;
}

/** Croner also takes a moment (`2030-01-01T00:00:00`) and names such as `@daily`, which are no cron expressions. */
const FIVE_OR_SIX_FIELDS = /^\s*[^\s:@]+(?:\s+[^\s:@]+){4,5}\s*$/;

/** Reads a cron expression of 5 or 6 fields in a time zone. Throws for one that cannot be read, or a zone that does not exist. */
export function readCron(expression: string, timezone: string): Cron {
  if (!FIVE_OR_SIX_FIELDS.test(expression)) throw new TypeError('it has 5 fields, or 6 with seconds first');
  return new Cron(expression, { paused: true, timezone, mode: '5-or-6-parts' });
}

/**
 * The first moment after `after` at which the job is due; null when there is none (an impossible date, past its end, or later than
 * what can be stored). An interval counts from `anchor`, so that a late run does not shift those after it.
 */
export function nextAfter(schedule: Schedule, after: Date, anchor: Date): Date | null {
  const { starts_at: startsAt, ends_at: endsAt } = schedule;
  const from = startsAt && startsAt.getTime() > after.getTime() ? new Date(startsAt.getTime() - 1) : after;
  const next = following(schedule, from, startsAt ?? anchor);
  if (!next || !isStorableMoment(next.getTime())) return null;
  return endsAt && next > endsAt ? null : next;
}

function following(schedule: Schedule, after: Date, anchor: Date): Date | null {
  if (schedule.trigger_type === 'cron')
    return readCron(schedule.expression ?? '', schedule.timezone ?? 'UTC').nextRun(after);
  if (schedule.trigger_type === 'once') return schedule.at && schedule.at > after ? schedule.at : null;
  const step = (schedule.seconds ?? 0) * 1000;
  if (step <= 0) return null;
  const passed = Math.floor((after.getTime() - anchor.getTime()) / step) + 1;
  return new Date(anchor.getTime() + Math.max(passed, 0) * step);
}

/** The next moments after `after`, at most `count`. */
export function nextRuns(schedule: Schedule, after: Date, anchor: Date, count: number): Date[] {
  const found: Date[] = [];
  let last = after;
  while (found.length < count) {
    const next = nextAfter(schedule, last, anchor);
    if (!next) break;
    found.push(next);
    last = next;
  }
  return found;
}

/**
 * The moments at which a job was due, from `first` to `until`, the newest of them first: whoever was away for long takes the last ones,
 * and never spends time on the others. `first` is taken as one without asking.
 */
export function* firingsBack(schedule: Schedule, first: Date, until: Date, anchor: Date): Generator<Date> {
  const { ends_at: endsAt } = schedule;
  const before = preceding(schedule, schedule.starts_at ?? anchor);
  let moment = before(new Date(Math.min(until.getTime(), endsAt?.getTime() ?? Number.POSITIVE_INFINITY) + 1));
  while (moment && moment > first) {
    yield moment;
    moment = before(moment);
  }
  yield first;
}

/** What finds the last moment before another one. */
function preceding(schedule: Schedule, anchor: Date): (moment: Date) => Date | null {
  if (schedule.trigger_type === 'cron') {
    const cron = readCron(schedule.expression ?? '', schedule.timezone ?? 'UTC');
    return (moment) => cron.previousRuns(1, moment)[0] ?? null;
  }
  if (schedule.trigger_type === 'once') return (moment) => (schedule.at && schedule.at < moment ? schedule.at : null);
  const step = (schedule.seconds ?? 0) * 1000;
  return (moment) => {
    const passed = Math.ceil((moment.getTime() - anchor.getTime()) / step) - 1;
    return step > 0 && passed >= 0 ? new Date(anchor.getTime() + passed * step) : null;
  };
}
