import { createHash, createPrivateKey, createPublicKey, type webcrypto } from 'node:crypto';
import { createSigner, createVerifier } from 'fast-jwt';
import type { Context } from '#core/context.ts';

/** What an access token says: who and in which session. Nothing about rights, which are read anew on every request. */
export interface AccessClaims {
  /** The user's id as text (RFC 7519 §4.1.2). */
  readonly sub: string;
  readonly sid: string;
  /** Who looks at the program as the subject (RFC 8693 §4.1). */
  readonly act?: { readonly sub: string };
}

export interface AccessTokens {
  /** A token for JWT_ACCESS_TOKEN_EXPIRE_MINUTES, or for that many seconds. */
  sign(claims: AccessClaims, seconds?: number): string;
  /** The claims of a valid token, or null for one that is forged, expired, malformed or of another type. */
  verify(token: string): VerifiedClaims | null;
  /** By what others verify tokens; null when they are signed with a secret, which only this program knows. */
  readonly publicKey: PublicKey | null;
}

/** What a token that was verified says of itself, besides what was signed: when it was made and when it expires, in seconds. */
export interface VerifiedClaims extends AccessClaims {
  readonly exp: number;
  readonly iat: number;
}

/** A public key with its name (RFC 7517). */
export interface PublicKey extends webcrypto.JsonWebKey {
  readonly kid: string;
  readonly use: 'sig';
  readonly alg: string;
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
  const publicKey = symmetric ? null : publicKeyOf(secret, algorithm);
  const sign = createSigner({
    algorithm,
    key: symmetric ? secret : createPrivateKey(secret).export({ type: 'pkcs8', format: 'pem' }).toString(),
    header: { alg: algorithm, typ: TYPE, ...(publicKey && { kid: publicKey.kid }) },
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
    publicKey,
    sign(claims, seconds = settings.JWT_ACCESS_TOKEN_EXPIRE_MINUTES * 60) {
      const iat = Math.floor(Date.now() / 1000);
      return sign({ ...claims, iat, exp: iat + seconds });
    },
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

/** Named by its thumbprint (RFC 7638), so that the same key has the same name wherever it is used. */
function publicKeyOf(secret: string, algorithm: string): PublicKey {
  const jwk = createPublicKey(secret).export({ format: 'jwk' });
  // What a public key has are exactly the members that a thumbprint is made of, in the order of their names.
  const members = JSON.stringify(Object.fromEntries(Object.entries(jwk).sort(([a], [b]) => (a < b ? -1 : 1))));
  return { ...jwk, kid: createHash('sha256').update(members).digest('base64url'), use: 'sig', alg: algorithm };
}

function verifiedClaims(verify: (token: string) => VerifiedClaims, token: string): VerifiedClaims | null {
  try {
    const claims = verify(token);
    return typeof claims.sub === 'string' && typeof claims.sid === 'string' ? claims : null;
  } catch {
    return null;
  }
}
