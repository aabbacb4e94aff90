import { col, defineEntity, type TableOf } from '#core/entity.ts';

/** What a person can prove themselves by. */
export const FACTORS = ['password', 'totp', 'recovery-code', 'passkey', 'outside'] as const;
export type Factor = (typeof FACTORS)[number];

/** A sign-in that has proven one thing and still has to prove another. The token by SHA-256; whoever else sends it is nobody. */
export const signInChallengeEntity = defineEntity({
  table: 'sign_in_challenges',
  columns: {
    id: col.id(),
    token_hash: col.text(64).unique(),
    user_id: col.ref('users', 'cascade'),
    method: col.text(50),
    proven: col.text(100),
    wanted: col.text(100),
    origin_hash: col.text(64),
    attempts: col.integer().default(0),
    created_at: col.stamp(),
    expires_at: col.datetime().index(),
    used_at: col.datetime().nullable(),
  },
  scope: { none: 'reached only by the hash of a secret' },
  audit: { none: 'a sign-in that is under way; what comes of it is in the sign-in log' },
});

declare module '#core/entity.ts' {
  interface Tables {
    sign_in_challenges: TableOf<typeof signInChallengeEntity>;
  }
}
