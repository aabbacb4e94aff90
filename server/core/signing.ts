import { createHash, createPrivateKey, createPublicKey, hkdfSync, type KeyObject, sign, verify } from 'node:crypto';
import { type SealSettings, secretsOf } from './seal.ts';

/** What an Ed25519 key of 32 bytes is wrapped in (RFC 8410). */
const PRIVATE_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const PUBLIC_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

interface SigningKey {
  readonly id: string;
  readonly privateKey: KeyObject;
  readonly publicKey: string;
}

const derived = new WeakMap<SealSettings, readonly SigningKey[]>();

/** Ed25519 keys made from the installation's secrets: whoever has only the database, or a public key, can sign nothing. */
function keysOf(settings: SealSettings): readonly SigningKey[] {
  const known = derived.get(settings);
  if (known) return known;
  const keys = secretsOf(settings).map((secret): SigningKey => {
    const bytes = Buffer.from(hkdfSync('sha256', secret, '', 'fastify-vue3-admin signing v1', 32));
    const privateKey = createPrivateKey({
      key: Buffer.concat([PRIVATE_PREFIX, bytes]),
      format: 'der',
      type: 'pkcs8',
    });
    const publicKey = createPublicKey(privateKey)
      .export({ format: 'der', type: 'spki' })
      .subarray(-32)
      .toString('base64url');
    return { id: idOf(publicKey), privateKey, publicKey };
  });
  derived.set(settings, keys);
  return keys;
}

const idOf = (publicKey: string) => createHash('sha256').update(publicKey).digest('hex').slice(0, 12);

/** Signs a text: `v1.<key>.<signature>`. The first key signs. */
export function signText(settings: SealSettings, text: string): string {
  const [current] = keysOf(settings);
  if (!current) throw new Error('there is no key to sign with: neither ENCRYPTION_KEY nor JWT_SECRET_KEY is set');
  return `v1.${current.id}.${sign(null, Buffer.from(text), current.privateKey).toString('base64url')}`;
}

/** The keys by which others can check what this installation signs, the present one first. */
export function publicKeysOf(settings: SealSettings): string[] {
  return keysOf(settings).map(({ publicKey }) => publicKey);
}

/** Whether a text was signed by one of the public keys; `unknown-key` when it was signed by another. */
export function checkSignature(
  publicKeys: readonly string[],
  text: string,
  signature: string,
): 'valid' | 'invalid' | 'unknown-key' {
  const [version, keyId, bytes = ''] = signature.split('.');
  if (version !== 'v1') return 'invalid';
  const publicKey = publicKeys.find((key) => idOf(key) === keyId);
  if (!publicKey) return 'unknown-key';
  const key = createPublicKey({
    key: Buffer.concat([PUBLIC_PREFIX, Buffer.from(publicKey, 'base64url')]),
    format: 'der',
    type: 'spki',
  });
  return verify(null, Buffer.from(text), key, Buffer.from(bytes, 'base64url')) ? 'valid' : 'invalid';
}
