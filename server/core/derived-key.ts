import { hkdfSync } from 'node:crypto';
import type { Context } from './context.ts';

const keys = new WeakMap<object, Map<string, Buffer>>();

/**
 * A key of its own for one purpose, made from the installation's secret (RFC 5869): every instance has the same one, and what is made with
 * it is worth nothing elsewhere. Changing the secret changes it, so nothing lasting may depend on it.
 */
export function derivedKey(ctx: Context, purpose: string): Buffer {
  const { settings } = ctx;
  const known = keys.get(settings) ?? new Map<string, Buffer>();
  keys.set(settings, known);
  const key = known.get(purpose) ?? Buffer.from(hkdfSync('sha256', settings.JWT_SECRET_KEY, '', purpose, 32));
  known.set(purpose, key);
  return key;
}
