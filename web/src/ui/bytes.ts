import { formatNumber, t } from '@/app/i18n.ts';

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'] as const;

const toTenths = (value: number) => Math.round(value * 10) / 10;

/** A number of bytes as people say it. */
export function sizeText(bytes: number | null): string {
  if (bytes === null) return t('common.none');
  const power = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${formatNumber(toTenths(bytes / 1024 ** power))} ${UNITS[power]}`;
}

/** Bytes in megabytes (of 1024 kilobytes), to a tenth: for the axis of a chart. */
export const megabytes = (bytes: number): number => toTenths(bytes / 1024 ** 2);
