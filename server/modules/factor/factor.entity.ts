import { col, defineEntity, type TableOf } from '#core/entity.ts';

/**
 * The authenticator app of a user. The secret is sealed (`#core/seal.ts`); `last_step` is the newest step whose code was used, so that
 * no code works twice. It counts as a factor from `confirmed_at` on.
 */
export const totpSecretEntity = defineEntity({
  table: 'totp_secrets',
  columns: {
    id: col.id(),
    user_id: col.ref('users', 'cascade').unique(),
    sealed_secret: col.text(255),
    last_step: col.integer().default(0),
    confirmed_at: col.datetime().nullable(),
    last_used_at: col.datetime().nullable(),
    created_at: col.stamp(),
  },
  scope: { through: { column: 'user_id', table: 'users' } },
  audit: { masked: ['sealed_secret'], ignored: ['last_step', 'last_used_at'], quiet: ['sealed_secret'] },
});

/** Codes for the day the telephone is gone: SHA-256 of 80 random bits, each for one use. */
export const recoveryCodeEntity = defineEntity({
  table: 'recovery_codes',
  columns: {
    user_id: col.ref('users', 'cascade').primary(),
    code_hash: col.text(64).primary(),
    used_at: col.datetime().nullable(),
    created_at: col.stamp(),
  },
  scope: { through: { column: 'user_id', table: 'users' } },
  audit: { of: 'users', by: 'user_id', as: 'recovery_codes', value: 'code_hash', masked: true, ignored: ['used_at'] },
});

/**
 * WebAuthn credentials, found by the SHA-256 of their id, which may be longer than an index takes. `sign_count` is an unsigned number
 * of 32 bits in a signed column. All passkeys of a user share the `user_handle`, a random text that says nothing about them.
 */
export const passkeyEntity = defineEntity({
  table: 'passkeys',
  columns: {
    id: col.id(),
    user_id: col.ref('users', 'cascade'),
    name: col.text(50),
    credential_hash: col.text(64).unique(),
    credential_id: col.longtext(),
    public_key: col.longtext(),
    user_handle: col.text(64),
    sign_count: col.integer().default(0),
    transports: col.text(100).default(''),
    is_backed_up: col.boolean().default(false),
    last_used_at: col.datetime().nullable(),
    created_at: col.stamp(),
  },
  scope: { through: { column: 'user_id', table: 'users' } },
  audit: {
    label: 'name',
    masked: ['credential_hash', 'credential_id', 'public_key', 'user_handle'],
    ignored: ['sign_count', 'is_backed_up', 'last_used_at'],
  },
});

/**
 * What a passkey is asked to sign, by SHA-256, for one use. `purpose` and `bound_to` (a session, or a sign-in challenge) keep an answer
 * that was given for one thing from being used for another.
 */
export const passkeyChallengeEntity = defineEntity({
  table: 'passkey_challenges',
  columns: {
    challenge_hash: col.text(64).primary(),
    purpose: col.text(20),
    bound_to: col.text(64).default(''),
    expires_at: col.datetime().index(),
    created_at: col.stamp(),
  },
  scope: { none: 'reached only by the hash of a secret' },
  audit: { none: 'a proof that is under way' },
});

declare module '#core/entity.ts' {
  interface Tables {
    totp_secrets: TableOf<typeof totpSecretEntity>;
    recovery_codes: TableOf<typeof recoveryCodeEntity>;
    passkeys: TableOf<typeof passkeyEntity>;
    passkey_challenges: TableOf<typeof passkeyChallengeEntity>;
  }
}
