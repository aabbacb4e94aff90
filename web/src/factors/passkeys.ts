import type {
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
} from '@simplewebauthn/browser';
import type {
  PasskeyCreationOptions,
  PasskeyRegistration,
  PasskeyRequestOptions,
  PasskeySignIn,
} from '@/api/gen/index.ts';
import { t } from '@/app/i18n.ts';

// Few sign-ins need it.
const library = () => import('@simplewebauthn/browser');

/** Whether this browser can use passkeys at this address: they are bound to a name, so never at a bare IP address. */
export const arePasskeysPossible = (): boolean =>
  typeof window.PublicKeyCredential === 'function' && !/^[\d.]+$|:/.test(location.hostname);

/** The person closed the browser's dialog, or let its time run out. */
export class PasskeyCancelled extends Error {
  constructor() {
    super(t('factors.passkeyCancelled'));
    this.name = 'PasskeyCancelled';
  }
}

/** Asks the browser for a new passkey. Throws PasskeyCancelled, and what else the browser has to say as an Error. */
export async function createPasskey({ options }: PasskeyCreationOptions): Promise<PasskeyRegistration['credential']> {
  const { startRegistration } = await library();
  const optionsJSON = options as unknown as PublicKeyCredentialCreationOptionsJSON;
  const { id, response } = await startRegistration({ optionsJSON }).catch(explain);
  const transports = response.transports as PasskeyRegistration['credential']['response']['transports'];
  return {
    id,
    response: {
      clientDataJSON: response.clientDataJSON,
      attestationObject: response.attestationObject,
      ...(transports && { transports }),
    },
  };
}

/** Asks the browser to sign with a passkey. Throws like `createPasskey`. */
export async function signWithPasskey({ options }: PasskeyRequestOptions): Promise<PasskeySignIn['credential']> {
  const { startAuthentication } = await library();
  const optionsJSON = options as unknown as PublicKeyCredentialRequestOptionsJSON;
  const { id, response } = await startAuthentication({ optionsJSON }).catch(explain);
  const { clientDataJSON, authenticatorData, signature, userHandle } = response;
  return { id, response: { clientDataJSON, authenticatorData, signature, ...(userHandle && { userHandle }) } };
}

function explain(error: unknown): never {
  const name = error instanceof Error ? error.name : '';
  if (name === 'NotAllowedError' || name === 'AbortError') throw new PasskeyCancelled();
  if (name === 'InvalidStateError') throw new Error(t('factors.passkeyKnown'));
  throw new Error(t('factors.passkeyFailed'));
}
