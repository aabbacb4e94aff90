import { createPrivateKey, createPublicKey } from 'node:crypto';
import { createSigner, createVerifier } from 'fast-jwt';
import type { Context } from '#core/context.ts';

/** What an access token says: who and in which session. Nothing about rights, which are read anew on every request. */
export interface AccessClaims {
  /** The user's id as text (RFC 7519 §4.1.2). */
  readonly sub: string;
  readonly sid: string;
}

export interface AccessTokens {
  sign(claims: AccessClaims): string;
  /** The claims of a valid token, or null for one that is forged, expired, malformed or of another type. */
  verify(token: string): AccessClaims | null;
}

type TokenSettings = Pick<Context['settings'], 'JWT_SECRET_KEY' | 'JWT_ALGORITHM' | 'JWT_ACCESS_TOKEN_EXPIRE_MINUTES'>;

/** A client sends the same token for as long as it lasts, so that most tokens have been seen before. */
const MOST_REMEMBERED = 10_000;

/** RFC 9068 §2.1: the type keeps other tokens signed with the same key from being used as access tokens. */
const TYPE = 'at+jwt';

/** Signs and verifies access tokens with exactly one algorithm; what a token says of its own algorithm is never believed. */
export function accessTokens(settings: TokenSettings): AccessTokens {
  const { JWT_ALGORITHM: algorithm, JWT_SECRET_KEY: secret } = settings;
  const symmetric = algorithm.startsWith('HS');
  const sign = createSigner({
    algorithm,
    key: symmetric ? secret : createPrivateKey(secret).export({ type: 'pkcs8', format: 'pem' }).toString(),
    expiresIn: settings.JWT_ACCESS_TOKEN_EXPIRE_MINUTES * 60_000,
    header: { alg: algorithm, typ: TYPE },
  });
  const verify = createVerifier({
    algorithms: [algorithm],
    key: symmetric ? secret : createPublicKey(secret).export({ type: 'spki', format: 'pem' }).toString(),
    checkTyp: TYPE,
    requiredClaims: ['exp', 'sub', 'sid'],
  });
  // Not the library's own cache: it hashes every token it is asked for, which costs more than the rest of a check.
  const remembered = new Map<string, VerifiedClaims>();
  return {
    sign: (claims) => sign({ ...claims }),
    verify(token) {
      const known = remembered.get(token);
      if (known && known.exp * 1000 > Date.now()) return known;
      remembered.delete(token);
      const claims = verifiedClaims(verify, token);
      if (claims) {
        if (remembered.size >= MOST_REMEMBERED) remembered.delete(remembered.keys().next().value as string);
        remembered.set(token, claims);
      }
      return claims;
    },
  };
}

interface VerifiedClaims extends AccessClaims {
  /** When the token expires, in seconds (RFC 7519 §4.1.4). */
  readonly exp: number;
}

function verifiedClaims(verify: (token: string) => VerifiedClaims, token: string): VerifiedClaims | null {
  try {
    const claims = verify(token);
    return typeof claims.sub === 'string' && typeof claims.sid === 'string' ? claims : null;
  } catch {
    return null;
  }
}
