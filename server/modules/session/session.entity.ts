import { col, defineEntity, type TableOf } from '#core/entity.ts';

/** One sign-in on one device: the family of refresh tokens that grew from it. Revoking it ends every access token that names it. */
export const sessionEntity = defineEntity({
  table: 'sessions',
  columns: {
    id: col.text(36).primary(),
    user_id: col.ref('users', 'cascade'),
    address: col.text(64).nullable(),
    user_agent: col.text(255).nullable(),
    created_at: col.stamp(),
    last_seen_at: col.datetime(),
    expires_at: col.datetime().index(),
    revoked_at: col.datetime().nullable(),
    revoked_reason: col.text(50).nullable(),
  },
  scope: { through: { column: 'user_id', table: 'users' } },
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
});

declare module '#core/entity.ts' {
  interface Tables {
    sessions: TableOf<typeof sessionEntity>;
    refresh_tokens: TableOf<typeof refreshTokenEntity>;
  }
}
