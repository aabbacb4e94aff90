import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** The end is a checksum of the rest: a key that was cut off or made up is known without asking the database. */
const FORM = /^fva_[0-9a-f]{8}_[\w-]{43}[0-9a-f]{8}$/;
const CHECKSUM_LENGTH = 8;
const PREFIX_LENGTH = 'fva_01234567'.length;

const checksumOf = (text: string) => crc32(text).toString(16).padStart(CHECKSUM_LENGTH, '0');

/** A new key: its name, 256 random bits and a checksum. */
export function newKey(): string {
  const text = `fva_${randomBytes(4).toString('hex')}_${randomBytes(32).toString('base64url')}`;
  return text + checksumOf(text);
}

/** Whether a bearer token wants to be a key for machines rather than a token of a session. */
export const looksLikeKey = (bearer: string) => bearer.startsWith('fva_');

export const isWellFormed = (key: string) =>
  FORM.test(key) && checksumOf(key.slice(0, -CHECKSUM_LENGTH)) === key.slice(-CHECKSUM_LENGTH);

/** By what a key is known again: nothing of its secret. */
export const prefixOf = (key: string) => key.slice(0, PREFIX_LENGTH);

export const hashOf = (key: string) => createHash('sha256').update(key).digest('hex');
