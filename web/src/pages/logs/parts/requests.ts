import type { RequestLog } from '@/api/gen/index.ts';
import { t } from '@/app/i18n.ts';

/** A request in a word. */
export const requestTitle = ({ method, path }: Pick<RequestLog, 'method' | 'path'>): string => `${method} ${path}`;

/** Who sent a request, by the names of that time; empty for somebody who was not signed in. */
export function personOf({ username, api_key_name: key, viewer_name: viewer }: RequestLog): string {
  const name = username ?? '';
  if (key !== null) return t('audit.byKey', { name, key });
  return viewer === null ? name : t('audit.byView', { name, viewer });
}

const CLASSES = { 2: '2xx', 3: '3xx', 4: '4xx', 5: '5xx' } as const;

/** The class of a status; undefined for one that answers nothing yet. */
export const classOf = (status: number) => CLASSES[Math.floor(status / 100) as keyof typeof CLASSES];
