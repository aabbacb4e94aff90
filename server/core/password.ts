import { availableParallelism } from 'node:os';
import { hash as argon2Hash, verify as argon2Verify } from '@node-rs/argon2';
import { verify as bcryptVerify } from '@node-rs/bcrypt';
import { serverErrors } from './errors.ts';

/** argon2id with OWASP's parameters (Password Storage Cheat Sheet, 2025): 19 MiB, two passes, one lane. */
const ARGON2 = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
const CURRENT = `$argon2id$v=19$m=${ARGON2.memoryCost},t=${ARGON2.timeCost},p=${ARGON2.parallelism}$`;

/** Longest password accepted anywhere, in characters, so that hashing has a bounded input. */
export const MAX_PASSWORD_LENGTH = 128;

/** A well-formed hash of a password nobody has: verifying against it costs what verifying a known user's costs. */
const NOBODY = `${CURRENT}c29tZXNhbHRub2JvZHkxMg$R0IxQm5nZm9lZ1F3Z2JwZEhOcW1yZ2t2bWZ1bGx6eXE`;

/** More than these cannot be answered in a time anybody waits for. */
const MOST_WAITING = 500;

/** Lets at most `limit` pieces of work run at once; the rest wait in order. Throws `server.unavailable` when too many do. */
class Gate {
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(limit: number) {
    this.#free = limit;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  async run<R>(work: () => Promise<R>): Promise<R> {
    if (this.#free > 0) this.#free -= 1;
    else if (this.#waiting.length >= MOST_WAITING) throw serverErrors.unavailable();
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    }
  }
}

// One core is left for everybody else's requests while passwords are hashed.
const gate = new Gate(Math.max(1, availableParallelism() - 1));
let done = 0;

async function counted<R>(work: Promise<R>): Promise<R> {
  const result = await work;
  done += 1;
  return result;
}

/** How many hashes this process has worked out, to keep or to compare, and how many wait for their turn. */
export const passwordWork = () => ({ done, waiting: gate.waiting });

// NIST SP 800-63B §3.1.1.2: the same password typed on another keyboard may be composed differently.
const normalised = (password: string) => password.normalize('NFKC');

/** Hashes a password with the current scheme, off the event loop. */
export function hashPassword(password: string): Promise<string> {
  return gate.run(() => counted(argon2Hash(normalised(password), ARGON2)));
}

/**
 * Compares a password with a stored hash (argon2id, or bcrypt of an older system) off the event loop. `outdated` asks for a new hash.
 * Without a hash it does the same work and answers false, so that time does not tell whether a user exists.
 */
export async function verifyPassword(
  password: string,
  hash: string | null,
): Promise<{ valid: boolean; outdated: boolean }> {
  if (password.length > MAX_PASSWORD_LENGTH) return { valid: false, outdated: false };
  const stored = hash ?? NOBODY;
  const valid = await gate.run(() =>
    counted(
      /^\$2[abxy]?\$/.test(stored)
        ? bcryptVerify(password, stored.replace(/^\$2[xy]?\$/, '$2b$'))
        : argon2Verify(stored, normalised(password)),
    ).catch(() => false),
  );
  return { valid: valid && hash !== null, outdated: !stored.startsWith(CURRENT) };
}
