import { col, defineEntity, type TableOf } from '#core/entity.ts';

export { DEVICE_KINDS, type DeviceKind } from '#core/user-agent.ts';

/**
 * One sign-in on one device: the family of refresh tokens that grew from it. Revoking it ends every access token that names it.
 * `method` is how it began, `factors` what was proven, separated by commas; browser, system and device are read from the user agent.
 */
export const sessionEntity = defineEntity({
  table: 'sessions',
  columns: {
    id: col.text(36).primary(),
    user_id: col.ref('users', 'cascade'),
    address: col.text(64).nullable(),
    user_agent: col.text(255).nullable(),
    browser: col.text(50).nullable(),
    os: col.text(50).nullable(),
    device: col.text(10).default('unknown'),
    viewed_user_id: col.ref('users', 'cascade').nullable(),
    /** The session that a view was opened from, and ends with. */
    opened_from_id: col.text(36).nullable().index(),
    method: col.text(50).default('password'),
    factors: col.text(100).default('password'),
    created_at: col.stamp().index(),
    /** When its user last proved who they are; null means at its beginning. */
    proven_at: col.datetime().nullable(),
    last_seen_at: col.datetime(),
    expires_at: col.datetime().index(),
    revoked_at: col.datetime().nullable(),
    revoked_reason: col.text(50).nullable(),
  },
  indexes: [
    ['revoked_at', 'last_seen_at'],
    ['user_id', 'revoked_at'],
  ],
  scope: { through: { column: 'user_id', table: 'users' } },
  audit: { none: 'a session is the record of a sign-in; who ends one of somebody else is kept as a call' },
});

/** Refresh tokens by SHA-256, so that a copy of the table signs nobody in. A used one stays until its session expires, to notice a replay. */
export const refreshTokenEntity = defineEntity({
  table: 'refresh_tokens',
  columns: {
    id: col.id(),
    session_id: col.textRef('sessions', 36, 'cascade'),
    token_hash: col.text(64).unique(),
    created_at: col.stamp(),
    expires_at: col.datetime().index(),
    used_at: col.datetime().nullable(),
  },
  scope: { none: 'reached only by the hash of a secret' },
  audit: { none: 'part of a session' },
});

declare module '#core/entity.ts' {
  interface Tables {
    sessions: TableOf<typeof sessionEntity>;
    refresh_tokens: TableOf<typeof refreshTokenEntity>;
  }
}
