import { col, defineEntity, type TableOf } from '#core/entity.ts';

/**
 * Keys by which machines act in the name of a user. Of the key itself there is only the SHA-256 and the first letters, by which its
 * owner knows it again. It allows no more than its owner may do at the moment it is used. A revoked one stays, to say whose it was.
 */
export const apiKeyEntity = defineEntity({
  table: 'api_keys',
  columns: {
    id: col.id(),
    user_id: col.ref('users', 'cascade'),
    name: col.text(100),
    prefix: col.text(16),
    key_hash: col.text(64).unique(),
    /** Grants, as a role has them. */
    permissions: col.json<string[]>(),
    /** Addresses and networks it may be used from; none for anywhere. */
    addresses: col.json<string[]>(),
    rate_per_minute: col.integer(),
    expires_at: col.datetime(),
    last_used_at: col.datetime().nullable(),
    revoked_at: col.datetime().nullable(),
    created_at: col.stamp(),
  },
  indexes: [['user_id', 'revoked_at']],
  scope: { through: { column: 'user_id', table: 'users' } },
  audit: { label: 'name', masked: ['key_hash'], ignored: ['last_used_at'] },
});

declare module '#core/entity.ts' {
  interface Tables {
    api_keys: TableOf<typeof apiKeyEntity>;
  }
}
