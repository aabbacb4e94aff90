/**
 * SHA-256 of one block (FIPS 180-4), the first 32 bits of it. The browser's own hashing is a promise for each of many thousand hashes,
 * and missing on a page without TLS.
 */

const K = new Uint32Array(64);
const START = new Uint32Array(8);
const fraction = (root: number) => Math.floor((root % 1) * 2 ** 32);
for (let candidate = 2, found = 0; found < 64; candidate++) {
  if (Array.from({ length: candidate - 2 }, (_, i) => i + 2).some((divisor) => candidate % divisor === 0)) continue;
  K[found] = fraction(Math.cbrt(candidate));
  if (found < 8) START[found] = fraction(Math.sqrt(candidate));
  found += 1;
}

/** The longest text that one block holds, in bytes. */
export const ONE_BLOCK = 55;

const schedule = new Uint32Array(64);

/** The first word of the hash of an ASCII text of at most `ONE_BLOCK` characters. */
export function firstWord(text: string): number {
  const w = schedule;
  w.fill(0, 0, 16);
  for (let i = 0; i < text.length; i++) w[i >> 2]! |= text.charCodeAt(i) << (24 - 8 * (i & 3));
  w[text.length >> 2]! |= 0x80 << (24 - 8 * (text.length & 3));
  w[15] = text.length * 8;
  for (let i = 16; i < 64; i++) {
    const a = w[i - 15]!;
    const b = w[i - 2]!;
    const s0 = ((a >>> 7) | (a << 25)) ^ ((a >>> 18) | (a << 14)) ^ (a >>> 3);
    const s1 = ((b >>> 17) | (b << 15)) ^ ((b >>> 19) | (b << 13)) ^ (b >>> 10);
    w[i] = (w[i - 16]! + s0 + w[i - 7]! + s1) | 0;
  }
  let [a, b, c, d, e, f, g, h] = START as unknown as [number, number, number, number, number, number, number, number];
  for (let i = 0; i < 64; i++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + K[i]! + w[i]!) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  return (START[0]! + a) >>> 0;
}
