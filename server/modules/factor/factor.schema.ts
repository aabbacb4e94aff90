import type {
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
} from '@simplewebauthn/server';
import { MAX_PASSWORD_LENGTH } from '#core/password.ts';
import { id, line, message, moment, nullable, oneOf, ref, type Static, Type } from '#core/schema.ts';

/** What a person can answer with when they are asked for more than their password. */
export const ANSWERS = ['totp', 'recovery-code', 'passkey'] as const;
export type AnswerMethod = (typeof ANSWERS)[number];

export const totpCode = Type.String({
  pattern: '^[0-9]{6}$',
  maxLength: 6,
  description: 'six digits of the authenticator app',
});

export const TotpStart = message('TotpStart', {
  setup_key: Type.String({ description: 'base32, to type into the app by hand' }),
  uri: Type.String({ description: 'the same as an `otpauth:` address, to be shown as a QR code' }),
});
export type TotpStart = Static<typeof TotpStart>;

export const TotpConfirm = message('TotpConfirm', { code: totpCode });

export const RecoveryCodes = message('RecoveryCodes', {
  recovery_codes: Type.Array(Type.String(), { description: 'each works once; they are never shown again' }),
});
export type RecoveryCodes = Static<typeof RecoveryCodes>;

/** Codes come with the first factor only; whoever has some already keeps them. */
export const FactorAdded = message('FactorAdded', {
  recovery_codes: Type.Array(Type.String(), { description: 'new ones, when there were none; never shown again' }),
});
export type FactorAdded = Static<typeof FactorAdded>;

export const PasskeyOut = message('Passkey', {
  id: id(),
  name: Type.String(),
  is_backed_up: Type.Boolean({ description: 'synchronised by its owner, not bound to one device' }),
  created_at: moment(),
  last_used_at: nullable(moment()),
});
export type PasskeyOut = Static<typeof PasskeyOut>;
export const Passkeys = message('Passkeys', { items: Type.Array(ref(PasskeyOut)) });

export const Factors = message('Factors', {
  totp: Type.Object(
    { is_enabled: Type.Boolean(), created_at: nullable(moment()), last_used_at: nullable(moment()) },
    { additionalProperties: false, description: 'the authenticator app' },
  ),
  passkeys: Type.Array(ref(PasskeyOut)),
  recovery_codes_left: Type.Integer(),
  is_required: Type.Boolean({ description: 'whether a role of the user asks for a second factor' }),
});
export type Factors = Static<typeof Factors>;

/** What an administrator sees of somebody else's. */
export const UserFactors = message('UserFactors', { methods: Type.Array(oneOf(ANSWERS)) });
export type UserFactors = Static<typeof UserFactors>;

const passkeyName = line(50, { description: 'how its owner calls it' });
export const PasskeyRename = message('PasskeyRename', { name: passkeyName });

const base64url = (maxLength: number) => Type.String({ minLength: 1, maxLength, pattern: '^[A-Za-z0-9_-]+$' });
const CREDENTIAL_ID = 1400;
const TRANSPORTS = ['ble', 'cable', 'hybrid', 'internal', 'nfc', 'smart-card', 'usb'] as const;

/** The parts of the standard's `RegistrationResponseJSON` that are looked at, under the standard's own names. */
const RegistrationCredential = Type.Object(
  {
    id: base64url(CREDENTIAL_ID),
    response: Type.Object(
      {
        clientDataJSON: base64url(4000),
        attestationObject: base64url(20_000),
        transports: Type.Optional(Type.Array(oneOf(TRANSPORTS), { maxItems: 7, uniqueItems: true })),
      },
      { additionalProperties: false },
    ),
  },
  { additionalProperties: false, description: 'from `navigator.credentials.create()`' },
);
export type RegistrationCredential = Static<typeof RegistrationCredential>;

export const PasskeyRegistration = message('PasskeyRegistration', {
  name: passkeyName,
  credential: RegistrationCredential,
});
export type PasskeyRegistration = Static<typeof PasskeyRegistration>;

export const PasskeyAdded = message('PasskeyAdded', {
  passkey: ref(PasskeyOut),
  recovery_codes: Type.Array(Type.String(), { description: 'new ones, when there were none; never shown again' }),
});
export type PasskeyAdded = Static<typeof PasskeyAdded>;

/** The parts of the standard's `AuthenticationResponseJSON` that are looked at, under the standard's own names. */
export const PasskeyCredential = Type.Object(
  {
    id: base64url(CREDENTIAL_ID),
    response: Type.Object(
      {
        clientDataJSON: base64url(4000),
        authenticatorData: base64url(4000),
        signature: base64url(4000),
        userHandle: Type.Optional(base64url(100)),
      },
      { additionalProperties: false },
    ),
  },
  { additionalProperties: false, description: 'from `navigator.credentials.get()`' },
);
export type PasskeyCredential = Static<typeof PasskeyCredential>;

/** The standard's own object: the browser takes it as it is. */
export const PasskeyCreationOptions = message('PasskeyCreationOptions', {
  options: Type.Unsafe<PublicKeyCredentialCreationOptionsJSON>({
    type: 'object',
    description: '`PublicKeyCredentialCreationOptionsJSON` of WebAuthn',
  }),
});
export const PasskeyRequestOptions = message('PasskeyRequestOptions', {
  options: Type.Unsafe<PublicKeyCredentialRequestOptionsJSON>({
    type: 'object',
    description: '`PublicKeyCredentialRequestOptionsJSON` of WebAuthn',
  }),
});

/** How somebody answers; `method` says which of the fields counts. */
const answerFields = {
  code: Type.Optional(
    Type.String({
      minLength: 6,
      maxLength: 40,
      description: 'six digits of the authenticator app, or a recovery code',
    }),
  ),
  credential: Type.Optional(PasskeyCredential),
};

const challengeToken = line(500, { description: 'of the sign-in challenge' });

export const ChallengeAnswer = message('ChallengeAnswer', {
  token: challengeToken,
  method: oneOf(ANSWERS),
  ...answerFields,
});

export const PasskeyAsk = message('PasskeyAsk', {
  token: Type.Optional(
    line(500, { description: 'of the sign-in challenge; without one the passkey says who signs in' }),
  ),
});

export const PasskeySignIn = message('PasskeySignIn', { credential: PasskeyCredential });

export const StepUp = message('StepUp', {
  method: oneOf(['password', ...ANSWERS]),
  password: Type.Optional(Type.String({ minLength: 1, maxLength: MAX_PASSWORD_LENGTH })),
  ...answerFields,
});
export type StepUp = Static<typeof StepUp>;

export const StepUpResult = message('StepUpResult', {
  expires_in: Type.Integer({ description: 'seconds for which dangerous actions are open now' }),
});
export type StepUpResult = Static<typeof StepUpResult>;
