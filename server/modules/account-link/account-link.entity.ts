import { col, defineEntity, type TableOf } from '#core/entity.ts';

export const LINK_PURPOSES = ['reset', 'register'] as const;
export type LinkPurpose = (typeof LINK_PURPOSES)[number];

/** A link that was mailed to somebody, by SHA-256: it works once, for a while, for the address that it was sent to. */
export const accountLinkEntity = defineEntity({
  table: 'account_links',
  columns: {
    id: col.id(),
    purpose: col.text(20),
    token_hash: col.text(64).unique(),
    user_id: col.ref('users', 'cascade').nullable(),
    email: col.text(100),
    created_at: col.stamp(),
    expires_at: col.datetime().index(),
    used_at: col.datetime().nullable(),
  },
  indexes: [['email', 'purpose']],
  scope: { none: 'reached only by the hash of a secret' },
  audit: { none: 'a mailed link; what it is used for is kept with the user' },
});

declare module '#core/entity.ts' {
  interface Tables {
    account_links: TableOf<typeof accountLinkEntity>;
  }
}
