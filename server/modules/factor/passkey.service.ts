import { createHash, randomBytes } from 'node:crypto';
import type { Context } from '#core/context.ts';
import { factorErrors } from './factor.errors.ts';
import type { PasskeyAdded, PasskeyCredential, PasskeyOut, PasskeyRegistration } from './factor.schema.ts';
import { addFactor, removeFactor } from './factor.service.ts';
import * as crud from './passkey.crud.ts';
import {
  CEREMONY_MS,
  creationOptions,
  readClientData,
  relyingParty,
  requestOptions,
  verifyAssertion,
  verifyRegistration,
} from './webauthn.ts';

/** More would be somebody filling the table. */
const MOST_PASSKEYS = 20;

/** What a passkey is asked for. `boundTo` is the session, or the sign-in challenge, that the answer counts for. */
export interface PasskeyPurpose {
  readonly purpose: 'register' | 'sign-in' | 'second-factor' | 'step-up';
  readonly boundTo: string;
}

/** To sign in with nothing else: the answer is bound to nobody, because nobody is known yet. */
const SIGN_IN: PasskeyPurpose = { purpose: 'sign-in', boundTo: '' };

const sha256 = (value: string) => createHash('sha256').update(value).digest('hex');

export function toPasskeyOut(row: crud.PasskeyRow): PasskeyOut {
  return {
    id: row.id,
    name: row.name,
    is_backed_up: row.is_backed_up,
    created_at: row.created_at.toISOString(),
    last_used_at: row.last_used_at?.toISOString() ?? null,
  };
}

async function newChallenge(ctx: Context, { purpose, boundTo }: PasskeyPurpose): Promise<string> {
  // Before anything is stored: nobody could answer it.
  relyingParty(ctx);
  await crud.deleteExpiredPasskeyChallenges(ctx);
  const challenge = randomBytes(32).toString('base64url');
  await crud.insertPasskeyChallenge(ctx, {
    challenge_hash: sha256(challenge),
    purpose,
    bound_to: boundTo,
    expires_at: new Date(ctx.now().getTime() + CEREMONY_MS),
    created_at: ctx.now(),
  });
  return challenge;
}

/** What the browser said it signed, if that is a challenge of ours, for this purpose, and nobody used it before. */
async function takeClientData(ctx: Context, clientDataJSON: string, { purpose, boundTo }: PasskeyPurpose) {
  const clientData = readClientData(clientDataJSON);
  if (!clientData) return null;
  const taken = await crud.takePasskeyChallenge(ctx, sha256(clientData.challenge), purpose, boundTo);
  return taken ? clientData : null;
}

/** The random handle of somebody's first passkey: it follows from the challenge, so that it need not be kept until the answer comes. */
const handleFor = (challenge: string) => createHash('sha256').update(`handle ${challenge}`).digest('base64url');

const registering = (ctx: Context): PasskeyPurpose => ({ purpose: 'register', boundTo: ctx.caller.sessionId ?? '' });

export async function listOwnPasskeys(ctx: Context) {
  return { items: (await crud.listPasskeys(ctx, ctx.actor.userId)).map(toPasskeyOut) };
}

/** What `navigator.credentials.create()` takes. Throws `factor.passkeys_full`, `factor.passkeys_off`. */
export async function beginRegistration(ctx: Context) {
  const { userId, username } = ctx.actor;
  const known = await crud.listPasskeys(ctx, userId);
  if (known.length >= MOST_PASSKEYS) throw factorErrors.passkeys_full({ most: MOST_PASSKEYS });
  const challenge = await newChallenge(ctx, registering(ctx));
  const handle = known[0]?.user_handle ?? handleFor(challenge);
  return { options: creationOptions(ctx, challenge, { handle, name: username }, known) };
}

/** Registers a passkey. Throws `factor.passkey_refused`, `factor.passkey_known`, `factor.passkeys_full`, `factor.passkeys_off`. */
export async function finishRegistration(ctx: Context, input: PasskeyRegistration): Promise<PasskeyAdded> {
  const { userId } = ctx.actor;
  const clientData = await takeClientData(ctx, input.credential.response.clientDataJSON, registering(ctx));
  const made = clientData && (await verifyRegistration(ctx, clientData, input.credential));
  if (!made) throw factorErrors.passkey_refused();
  return addFactor(ctx, userId, async (ctx) => {
    const known = await crud.listPasskeys(ctx, userId);
    if (known.length >= MOST_PASSKEYS) throw factorErrors.passkeys_full({ most: MOST_PASSKEYS });
    await crud.insertPasskey(ctx, {
      user_id: userId,
      name: input.name,
      credential_hash: sha256(made.id),
      credential_id: made.id,
      public_key: made.publicKey,
      user_handle: known[0]?.user_handle ?? handleFor(clientData.challenge),
      sign_count: made.signCount | 0,
      transports: (input.credential.response.transports ?? []).join(','),
      is_backed_up: made.isBackedUp,
    });
    const added = await crud.findPasskey(ctx, sha256(made.id));
    if (!added) throw factorErrors.passkey_missing();
    return { passkey: toPasskeyOut(added) };
  });
}

/** Throws `factor.passkey_missing`, also for a passkey of somebody else. */
export async function renamePasskey(ctx: Context, passkeyId: number, name: string): Promise<void> {
  if (!(await crud.renamePasskey(ctx, ctx.actor.userId, passkeyId, name))) throw factorErrors.passkey_missing();
}

/** Throws `factor.passkey_missing` and `factor.last_required`. */
export function deletePasskey(ctx: Context, passkeyId: number): Promise<void> {
  const { userId } = ctx.actor;
  return removeFactor(ctx, userId, async (ctx) => {
    if (!(await crud.deletePasskey(ctx, userId, passkeyId))) throw factorErrors.passkey_missing();
  });
}

/** What `navigator.credentials.get()` takes to ask for one of a user's passkeys. Throws `factor.method_missing`, `factor.passkeys_off`. */
export async function askForPasskey(ctx: Context, userId: number, purpose: PasskeyPurpose) {
  const known = await crud.listPasskeys(ctx, userId);
  if (known.length === 0) throw factorErrors.method_missing();
  return { options: requestOptions(ctx, await newChallenge(ctx, purpose), known, 'preferred') };
}

/** The same for somebody who has not said who they are: the key knows. Throws `factor.passkeys_off`. */
export async function askForAnyPasskey(ctx: Context) {
  return { options: requestOptions(ctx, await newChallenge(ctx, SIGN_IN), [], 'required') };
}

export type { PasskeyCredential };

/** Who signed, and whether the key made sure that it was its owner. */
export interface PasskeyProof {
  readonly userId: number;
  readonly isUserVerified: boolean;
}

/**
 * Whose passkey has signed a challenge of this purpose; null for anything that is not right, whatever it is. A counter that does not go
 * up means that there are two of a key that should be one: the answer is refused, and the log says so.
 */
export async function checkPasskey(
  ctx: Context,
  credential: PasskeyCredential,
  purpose: PasskeyPurpose,
): Promise<PasskeyProof | null> {
  const clientData = await takeClientData(ctx, credential.response.clientDataJSON, purpose);
  const passkey = await crud.findPasskey(ctx, sha256(credential.id));
  if (!clientData || !passkey) return null;
  const { userHandle } = credential.response;
  if (userHandle !== undefined && userHandle !== passkey.user_handle) return null;
  const assertion = await verifyAssertion(ctx, clientData, credential, passkey.public_key);
  if (!assertion) return null;
  const before = passkey.sign_count >>> 0;
  if ((before > 0 || assertion.signCount > 0) && assertion.signCount <= before) {
    ctx.log.warn(
      { user_id: passkey.user_id, passkey_id: passkey.id },
      'the counter of a passkey went back: it may be a copy',
    );
    return null;
  }
  const use = { sign_count: assertion.signCount | 0, is_backed_up: assertion.isBackedUp };
  if (!(await crud.usePasskey(ctx, passkey.id, passkey.sign_count, use))) return null;
  return { userId: passkey.user_id, isUserVerified: assertion.isUserVerified };
}

/** Who signs in with a passkey alone: it must have made sure of its owner. Throws `factor.passkey_refused`, whatever was wrong. */
export async function getPasskeyOwner(ctx: Context, credential: PasskeyCredential): Promise<number> {
  const proof = await checkPasskey(ctx, credential, SIGN_IN);
  if (!proof?.isUserVerified) throw factorErrors.passkey_refused();
  return proof.userId;
}
