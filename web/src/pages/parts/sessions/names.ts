import type { Session } from '@/api/gen/index.ts';
import { t } from '@/app/i18n.ts';

type Named = Pick<Session, 'browser' | 'os' | 'device' | 'method'>;

/** The browser and the system a session was begun with, as far as they are known. */
export function deviceName({ browser, os, device }: Named): string {
  const parts = [browser, os].filter((part) => part !== null);
  return parts.length > 0 ? parts.join(' · ') : t(`sessions.devices.${device}`);
}

/** How a session began, in words; a way that has none, such as an outside provider, by its own name. */
export function methodName({ method }: Named): string {
  switch (method) {
    case 'password':
    case 'passkey':
    case 'view-as':
    case 'refresh':
      return t(`sessions.methods.${method}`);
    default:
      return method;
  }
}
