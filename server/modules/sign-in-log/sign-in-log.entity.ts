import { col, defineEntity, type TableOf } from '#core/entity.ts';

export const OUTCOMES = ['signed-in', 'challenged', 'refused'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** Why an attempt was refused. */
export const REASONS = [
  'unknown-user',
  'wrong-password',
  'wrong-code',
  'inactive',
  'captcha',
  'must-wait',
  'challenge-over',
  'outside',
  'replayed',
] as const;
export type Reason = (typeof REASONS)[number];

/**
 * Every attempt to sign in. `username` is that of a user; what was typed and belongs to nobody is cut down to its first letter, because
 * it may have been a password. A row stays when its user goes.
 */
export const signInLogEntity = defineEntity({
  table: 'sign_in_logs',
  columns: {
    id: col.id(),
    user_id: col.ref('users', 'set null').nullable(),
    username: col.text(50),
    outcome: col.text(20),
    reason: col.text(20).nullable(),
    method: col.text(50),
    address: col.text(64).nullable(),
    user_agent: col.text(255).nullable(),
    browser: col.text(50).nullable(),
    os: col.text(50).nullable(),
    device: col.text(10),
    session_id: col.text(36).nullable(),
    request_id: col.text(64),
    created_at: col.stamp(),
  },
  indexes: [
    ['created_at', 'id'],
    // What the dashboard counts is answered by this one alone.
    ['created_at', 'outcome', 'user_id'],
    ['user_id', 'id'],
    ['outcome', 'id'],
    ['address', 'id'],
  ],
  scope: { through: { column: 'user_id', table: 'users' } },
  audit: { none: 'a log itself' },
});

declare module '#core/entity.ts' {
  interface Tables {
    sign_in_logs: TableOf<typeof signInLogEntity>;
  }
}
