import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** What authenticator apps agree on: SHA-1, six digits, thirty seconds (Key Uri Format). */
const STEP_SECONDS = 30;
const DIGITS = 6;

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** RFC 4648 §6, without padding, as authenticator apps show and read it. */
export function toBase32(bytes: Uint8Array): string {
  let bits = 0;
  let value = 0;
  let text = '';
  for (const byte of bytes) {
    value = (value << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) text += BASE32[(value >>> (bits - 5)) & 31];
    value &= (1 << bits) - 1;
  }
  return bits > 0 ? text + BASE32[(value << (5 - bits)) & 31] : text;
}

/** Reads base32 in either case; characters outside the alphabet are skipped. */
export function fromBase32(text: string): Buffer {
  const bytes: number[] = [];
  let bits = 0;
  let value = 0;
  for (const character of text.toUpperCase()) {
    const digit = BASE32.indexOf(character);
    if (digit < 0) continue;
    value = (value << 5) | digit;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes.push(value >>> bits);
      value &= (1 << bits) - 1;
    }
  }
  return Buffer.from(bytes);
}

/** A new secret of 160 bits, as long as the hash (RFC 4226 §4), in base32. */
export const newTotpSecret = () => toBase32(randomBytes(20));

/** The step that a moment falls into (RFC 6238 §4.2). */
export const stepAt = (moment: Date) => Math.floor(moment.getTime() / 1000 / STEP_SECONDS);

/** The one-time password of a step (RFC 4226 §5.3). */
export function codeAt(secret: Buffer, step: number, { hash = 'sha1', digits = DIGITS } = {}): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac(hash, secret).update(counter).digest();
  const offset = (mac.at(-1) ?? 0) & 15;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 10 ** digits).padStart(digits, '0');
}

/**
 * The step whose code this is, among now, the one before and the one after (a clock may be half a minute off); null for a wrong code.
 * All three are compared, each in constant time.
 */
export function matchingStep(secret: Buffer, code: string, now: Date): number | null {
  if (code.length !== DIGITS || !/^\d+$/.test(code)) return null;
  const given = Buffer.from(code);
  const current = stepAt(now);
  let found: number | null = null;
  for (const step of [current - 1, current, current + 1]) {
    if (timingSafeEqual(given, Buffer.from(codeAt(secret, step)))) found = step;
  }
  return found;
}

/** The address that an authenticator app reads from a QR code (Key Uri Format). */
export function otpauthUri(issuer: string, account: string, secret: string): string {
  const label = `${encodeURIComponent(issuer)}:${encodeURIComponent(account)}`;
  return `otpauth://totp/${label}?secret=${secret}&issuer=${encodeURIComponent(issuer)}`;
}
