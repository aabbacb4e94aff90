import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** What a browser is asked for, as far as it matters here. */
interface Options {
  readonly challenge: string;
  readonly rpId?: string;
  readonly rp?: { readonly id?: string };
  readonly user?: { readonly id: string };
}

interface Habits {
  readonly origin?: string;
  /** Asks its owner for a PIN. */
  readonly verifiesUser?: boolean;
  /** Counts its signatures; keys that are synchronised do not. */
  readonly counts?: boolean;
}

const sha256 = (value: string | Buffer) => createHash('sha256').update(value).digest();
const encode = (bytes: Buffer) => bytes.toString('base64url');

/** CBOR (RFC 8949) of what an attestation is made of. */
function cbor(value: number | string | Buffer | Map<number | string, unknown>): Buffer {
  const head = (major: number, count: number) =>
    count < 24
      ? Buffer.from([(major << 5) | count])
      : count < 256
        ? Buffer.from([(major << 5) | 24, count])
        : Buffer.from([(major << 5) | 25, count >> 8, count & 255]);
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value);
  if (typeof value === 'string') return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value]);
  const parts = [...value].flatMap(([key, part]) => [cbor(key), cbor(part as string)]);
  return Buffer.concat([head(5, value.size), ...parts]);
}

/**
 * A security key in software: ES256, no attestation (WebAuthn Level 3 §6). It answers as a browser would send it on; `tamper` lets a test
 * change what is signed before it is signed.
 */
export class Authenticator {
  readonly id = encode(randomBytes(32));
  readonly #keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  readonly #habits: Required<Habits>;
  counter = 0;
  #userHandle = encode(randomBytes(32));

  constructor(habits: Habits = {}) {
    this.#habits = { origin: 'http://localhost:8000', verifiesUser: true, counts: true, ...habits };
  }

  #clientData(type: string, challenge: string, origin = this.#habits.origin): Buffer {
    return Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false }));
  }

  #authenticatorData(rpId: string, flags: number, more = Buffer.alloc(0)): Buffer {
    if (this.#habits.counts) this.counter += 1;
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(this.counter);
    const present = 1 | (this.#habits.verifiesUser ? 4 : 0) | (this.#habits.counts ? 0 : 8 | 16);
    return Buffer.concat([sha256(rpId), Buffer.from([present | flags]), counter, more]);
  }

  /** `navigator.credentials.create()` */
  create(
    { challenge, rp, user }: Options,
    { type = 'webauthn.create', origin }: { type?: string; origin?: string } = {},
  ) {
    this.#userHandle = user?.id ?? '';
    const { x = '', y = '' } = this.#keys.publicKey.export({ format: 'jwk' });
    const publicKey = cbor(
      new Map<number, number | Buffer>([
        [1, 2],
        [3, -7],
        [-1, 1],
        [-2, Buffer.from(x, 'base64url')],
        [-3, Buffer.from(y, 'base64url')],
      ]),
    );
    const id = Buffer.from(this.id, 'base64url');
    const attested = Buffer.concat([Buffer.alloc(16), Buffer.from([id.length >> 8, id.length & 255]), id, publicKey]);
    const attestationObject = cbor(
      new Map<string, unknown>([
        ['fmt', 'none'],
        ['attStmt', new Map()],
        ['authData', this.#authenticatorData(rp?.id ?? '', 64, attested)],
      ]),
    );
    const response = {
      clientDataJSON: encode(this.#clientData(type, challenge, origin)),
      attestationObject: encode(attestationObject),
      transports: ['usb' as const],
    };
    return { id: this.id, response };
  }

  /** `navigator.credentials.get()` */
  get({ challenge, rpId = '' }: Options, { type = 'webauthn.get', origin }: { type?: string; origin?: string } = {}) {
    const clientData = this.#clientData(type, challenge, origin);
    const authenticatorData = this.#authenticatorData(rpId, 0);
    const signature = sign('sha256', Buffer.concat([authenticatorData, sha256(clientData)]), this.#keys.privateKey);
    const response = {
      clientDataJSON: encode(clientData),
      authenticatorData: encode(authenticatorData),
      signature: encode(signature),
      userHandle: this.#userHandle,
    };
    return { id: this.id, response };
  }
}
