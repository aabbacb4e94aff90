import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';

/** The secrets that keys are derived from: `ENCRYPTION_KEY` may name several, separated by commas. */
export interface SealSettings {
  readonly ENCRYPTION_KEY: string;
  readonly JWT_SECRET_KEY: string;
}

interface SealKey {
  readonly id: string;
  readonly key: Buffer;
}

const derived = new WeakMap<SealSettings, readonly SealKey[]>();

/**
 * The secrets, the present one first. The one that signs tokens always comes last, so that an installation which gets an
 * `ENCRYPTION_KEY` of its own still knows what was made before.
 */
export function secretsOf(settings: SealSettings): string[] {
  const secrets = [...settings.ENCRYPTION_KEY.split(','), settings.JWT_SECRET_KEY];
  return secrets.map((secret) => secret.trim()).filter(Boolean);
}

/** The first key seals, all of them unseal. */
function keysOf(settings: SealSettings): readonly SealKey[] {
  const known = derived.get(settings);
  if (known) return known;
  const keys = secretsOf(settings).map((secret) => {
    const key = Buffer.from(hkdfSync('sha256', secret, '', 'fastify-vue3-admin sealing v1', 32));
    return { id: createHash('sha256').update(key).digest('hex').slice(0, 12), key };
  });
  derived.set(settings, keys);
  return keys;
}

/**
 * Encrypts a secret for the database (AES-256-GCM): `v1.<key>.<nonce>.<text and tag>`. `purpose` says where it belongs, for example
 * `totp:7`; put anywhere else, it cannot be opened.
 */
export function seal(settings: SealSettings, plain: string, purpose: string): string {
  const [current] = keysOf(settings);
  if (!current) throw new Error('there is no key to seal with: neither ENCRYPTION_KEY nor JWT_SECRET_KEY is set');
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', current.key, nonce).setAAD(Buffer.from(purpose));
  const text = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return ['v1', current.id, nonce.toString('base64url'), text.toString('base64url')].join('.');
}

/** Opens what `seal` has made; null when its key is gone, when it was changed, or when it belongs elsewhere. */
export function unseal(settings: SealSettings, sealed: string, purpose: string): string | null {
  const [version, keyId, nonce = '', text = ''] = sealed.split('.');
  const key = keysOf(settings).find(({ id }) => id === keyId);
  const bytes = Buffer.from(text, 'base64url');
  if (version !== 'v1' || !key || bytes.length < 16) return null;
  try {
    const decipher = createDecipheriv('aes-256-gcm', key.key, Buffer.from(nonce, 'base64url'), { authTagLength: 16 })
      .setAAD(Buffer.from(purpose))
      .setAuthTag(bytes.subarray(-16));
    return Buffer.concat([decipher.update(bytes.subarray(0, -16)), decipher.final()]).toString('utf8');
  } catch {
    return null;
  }
}

/** Whether something was sealed with a key that is no longer the first: seal it anew when it is open anyway. */
export function isSealedByOlderKey(settings: SealSettings, sealed: string): boolean {
  return sealed.split('.')[1] !== keysOf(settings)[0]?.id;
}
