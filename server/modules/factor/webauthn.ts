import type {
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
} from '@simplewebauthn/server';
import type { Context } from '#core/context.ts';
import { factorErrors } from './factor.errors.ts';
import type { PasskeyCredential, RegistrationCredential } from './factor.schema.ts';

/** How long a person may take to find their key. */
export const CEREMONY_MS = 300_000;

/** EdDSA, ES256 and RS256: what every authenticator offers one of. */
const ALGORITHMS = [-8, -7, -257];

const NAME = 'Fastify Vue3 Admin';

// A sixth of the time of a start, needed by the few requests that check a passkey.
const library = () => import('@simplewebauthn/server');

interface RelyingParty {
  readonly id: string;
  accepts(origin: string): boolean;
}

/**
 * Whom passkeys are made for: the host of PUBLIC_URL. Without it a development machine uses `localhost`, on any port.
 * Throws `factor.passkeys_off` where neither is the case.
 */
export function relyingParty({ settings }: Context): RelyingParty {
  if (settings.PUBLIC_URL) {
    const { hostname, origin: own } = new URL(settings.PUBLIC_URL);
    return { id: hostname, accepts: (origin) => origin === own };
  }
  if (settings.APP_ENV === 'production') throw factorErrors.passkeys_off();
  return { id: 'localhost', accepts: (origin) => /^https?:\/\/localhost(:\d+)?$/.test(origin) };
}

interface ClientData {
  readonly challenge: string;
  readonly origin: string;
}

/** What the browser says it signed; null when it cannot be read. */
export function readClientData(clientDataJSON: string): ClientData | null {
  try {
    const { challenge, origin } = JSON.parse(Buffer.from(clientDataJSON, 'base64url').toString('utf8'));
    return typeof challenge === 'string' && typeof origin === 'string' ? { challenge, origin } : null;
  } catch {
    return null;
  }
}

/** A passkey that a browser may use: its id, and the ways to reach it. */
export interface KnownCredential {
  readonly credential_id: string;
  readonly transports: string;
}

const descriptors = (known: readonly KnownCredential[]) =>
  known.map(({ credential_id, transports }) => ({
    id: credential_id,
    type: 'public-key' as const,
    transports: transports.split(',').filter(Boolean),
  }));

export function creationOptions(
  ctx: Context,
  challenge: string,
  user: { readonly handle: string; readonly name: string },
  known: readonly KnownCredential[],
): PublicKeyCredentialCreationOptionsJSON {
  return {
    rp: { id: relyingParty(ctx).id, name: NAME },
    user: { id: user.handle, name: user.name, displayName: user.name },
    challenge,
    pubKeyCredParams: ALGORITHMS.map((alg) => ({ alg, type: 'public-key' })),
    timeout: CEREMONY_MS,
    attestation: 'none',
    excludeCredentials: descriptors(known),
    // A key that can sign in by itself where there is one; an older security key as a second factor otherwise.
    authenticatorSelection: { residentKey: 'preferred', userVerification: 'preferred' },
    extensions: {},
  } as PublicKeyCredentialCreationOptionsJSON;
}

export function requestOptions(
  ctx: Context,
  challenge: string,
  known: readonly KnownCredential[],
  userVerification: 'required' | 'preferred',
): PublicKeyCredentialRequestOptionsJSON {
  return {
    rpId: relyingParty(ctx).id,
    challenge,
    timeout: CEREMONY_MS,
    allowCredentials: descriptors(known),
    userVerification,
  } as PublicKeyCredentialRequestOptionsJSON;
}

export interface NewCredential {
  readonly id: string;
  readonly publicKey: string;
  readonly signCount: number;
  readonly isBackedUp: boolean;
}

/** The credential of a registration; null for one that is not what was asked for. The challenge was checked before. */
export async function verifyRegistration(
  ctx: Context,
  { challenge, origin }: ClientData,
  credential: RegistrationCredential,
): Promise<NewCredential | null> {
  const party = relyingParty(ctx);
  if (!party.accepts(origin)) return null;
  const { verifyRegistrationResponse } = await library();
  try {
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: {
        id: credential.id,
        rawId: credential.id,
        type: 'public-key',
        clientExtensionResults: {},
        response: {
          clientDataJSON: credential.response.clientDataJSON,
          attestationObject: credential.response.attestationObject,
        },
      },
      expectedChallenge: challenge,
      expectedOrigin: origin,
      expectedRPID: party.id,
      requireUserVerification: false,
      supportedAlgorithmIDs: ALGORITHMS,
    });
    if (!verified) return null;
    const { credential: made, credentialBackedUp } = registrationInfo;
    const publicKey = Buffer.from(made.publicKey).toString('base64url');
    return { id: made.id, publicKey, signCount: made.counter, isBackedUp: credentialBackedUp };
  } catch (error) {
    return refused(ctx, error);
  }
}

export interface Assertion {
  readonly signCount: number;
  readonly isBackedUp: boolean;
  /** Whether the key asked its owner for a PIN, a finger or a face. */
  readonly isUserVerified: boolean;
}

/** What a passkey signed; null when it did not, or not for us. The challenge was checked before, the counter is checked afterwards. */
export async function verifyAssertion(
  ctx: Context,
  { challenge, origin }: ClientData,
  credential: PasskeyCredential,
  publicKey: string,
): Promise<Assertion | null> {
  const party = relyingParty(ctx);
  if (!party.accepts(origin)) return null;
  const { verifyAuthenticationResponse } = await library();
  const { clientDataJSON, authenticatorData, signature } = credential.response;
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: {
        id: credential.id,
        rawId: credential.id,
        type: 'public-key',
        clientExtensionResults: {},
        response: { clientDataJSON, authenticatorData, signature },
      },
      expectedChallenge: challenge,
      expectedOrigin: origin,
      expectedRPID: party.id,
      requireUserVerification: false,
      // The library compares counters before it checks the signature; a counter counts only once that was right.
      credential: { id: credential.id, publicKey: new Uint8Array(Buffer.from(publicKey, 'base64url')), counter: 0 },
    });
    if (!verified) return null;
    const { newCounter, credentialBackedUp, userVerified } = authenticationInfo;
    return { signCount: newCounter, isBackedUp: credentialBackedUp, isUserVerified: userVerified };
  } catch (error) {
    return refused(ctx, error);
  }
}

/** The library throws for everything that is wrong with an answer; the reason helps whoever reads the log, not whoever asks. */
function refused(ctx: Context, error: unknown): null {
  ctx.log.info({ reason: error instanceof Error ? error.name : 'unknown' }, 'a passkey was refused');
  return null;
}
