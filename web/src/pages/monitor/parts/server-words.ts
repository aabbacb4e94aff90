import { formatNumber, t } from '@/app/i18n.ts';

/** What the service needs, in words; what has none keeps its name. */
export const nameOf = (name: string) =>
  name === 'database' || name === 'redis' || name === 'mongodb' ? t(`monitor.server.names.${name}`) : name;

export const latencyText = (ms: number | null) =>
  ms === null ? '' : t('monitor.server.latency', { ms: formatNumber(ms) });
