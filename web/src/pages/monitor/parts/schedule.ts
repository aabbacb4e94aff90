import type { Job, JobCreate } from '@/api/gen/index.ts';
import { formatTime, t } from '@/app/i18n.ts';

export type Trigger = Job['trigger'];

const UNITS = [
  { key: 'days', seconds: 86_400 },
  { key: 'hours', seconds: 3600 },
  { key: 'minutes', seconds: 60 },
  { key: 'seconds', seconds: 1 },
] as const;
export type Unit = (typeof UNITS)[number]['key'];

/** An interval in the largest unit that it is a whole number of. */
export function inUnits(seconds: number): { count: number; unit: Unit } {
  const unit = UNITS.find((one) => seconds % one.seconds === 0) ?? UNITS[3];
  return { count: seconds / unit.seconds, unit: unit.key };
}

export const inSeconds = (count: number, unit: Unit) => count * (UNITS.find(({ key }) => key === unit)?.seconds ?? 1);

export const UNIT_NAMES: readonly Unit[] = ['seconds', 'minutes', 'hours', 'days'];

/** A schedule in a few words. */
export function describeTrigger(trigger: Trigger): string {
  if (trigger.type === 'cron') return `${trigger.expression} · ${trigger.timezone ?? 'UTC'}`;
  if (trigger.type === 'once') return t('jobs.onceAt', { at: formatTime(trigger.at) });
  const { count, unit } = inUnits(trigger.seconds);
  return t(`jobs.every.${unit}`, { count });
}

/** A duration for people: `0.3 s`, `2 min 5 s`. */
export function formatDuration(ms: number | null): string {
  if (ms === null) return t('common.none');
  if (ms < 1000) return t('jobs.milliseconds', { count: ms });
  const seconds = Math.round(ms / 100) / 10;
  if (seconds < 60) return t('jobs.secondsShort', { count: seconds });
  return t('jobs.minutesShort', { minutes: Math.floor(seconds / 60), seconds: Math.round(seconds % 60) });
}

export const blankJob = (): JobCreate => ({
  name: '',
  handler: '',
  args: {},
  trigger: { type: 'cron', expression: '0 3 * * *', timezone: Intl.DateTimeFormat().resolvedOptions().timeZone },
  misfire: 'run_once',
  overlap: 'skip',
  starts_at: null,
  ends_at: null,
  is_enabled: true,
  remark: null,
});
