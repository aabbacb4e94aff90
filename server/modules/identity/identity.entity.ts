import { col, defineEntity, type TableOf } from '#core/entity.ts';

/** An account at an outside provider that signs a user in. The issuer's subject says which one; names and addresses there can change. */
export const userIdentityEntity = defineEntity({
  table: 'user_identities',
  columns: {
    id: col.id(),
    user_id: col.ref('users', 'cascade'),
    provider: col.text(40),
    issuer: col.text(200),
    subject: col.text(255),
    /** What the account is called there; only to be shown. */
    label: col.text(100).nullable(),
    created_at: col.stamp(),
    last_used_at: col.datetime().nullable(),
  },
  uniques: [['issuer', 'subject']],
  scope: { through: { column: 'user_id', table: 'users' } },
  audit: { label: 'provider', ignored: ['last_used_at'], quiet: ['label'] },
});

/** Somebody who was sent to a provider and has not come back yet. State and browser by SHA-256; each works once. */
export const outsideFlowEntity = defineEntity({
  table: 'outside_flows',
  columns: {
    id: col.id(),
    state_hash: col.text(64).unique(),
    browser_hash: col.text(64),
    provider: col.text(40),
    nonce: col.text(64),
    code_verifier: col.text(128),
    return_path: col.text(500),
    /** Whoever links an account is signed in already, and still has to be when they come back. */
    session_id: col.text(36).nullable(),
    created_at: col.stamp(),
    expires_at: col.datetime().index(),
  },
  scope: { none: 'reached only by the hash of a secret' },
  audit: { none: 'somebody on their way to a provider; what comes of it is in the sign-in log' },
});

declare module '#core/entity.ts' {
  interface Tables {
    user_identities: TableOf<typeof userIdentityEntity>;
    outside_flows: TableOf<typeof outsideFlowEntity>;
  }
}
