import { col, defineEntity, type TableOf } from '#core/entity.ts';

/** Letters, digits and a few signs; the first is no sign. */
export const USERNAME_PATTERN = '^[\\p{L}\\p{N}][\\p{L}\\p{N}_.@-]*$';

/** `hashed_password` is a PHC or bcrypt string; it never leaves the service. */
export const userEntity = defineEntity({
  table: 'users',
  columns: {
    id: col.id(),
    username: col.text(50).unique(),
    email: col.text(100).unique(),
    hashed_password: col.text(255),
    is_active: col.boolean().default(true),
    is_superuser: col.boolean().default(false),
    must_change_password: col.boolean().default(false),
    password_changed_at: col.datetime().nullable(),
    name: col.text(50).nullable(),
    phone: col.text(20).nullable(),
    avatar: col.text(255).nullable(),
    remark: col.text(255).nullable(),
    dept_id: col.ref('depts').nullable(),
    last_sign_in_at: col.datetime().nullable(),
    version: col.integer().default(1),
    created_by: col.ref('users', 'set null').nullable(),
    created_at: col.stamp().index(),
    updated_by: col.ref('users', 'set null').nullable(),
    updated_at: col.stamp(),
  },
  indexes: [
    ['dept_id', 'id'],
    ['is_active', 'id'],
  ],
  scope: { dept: 'dept_id', owner: ['created_by', 'id'] },
  audit: {
    label: 'username',
    masked: ['hashed_password'],
    ignored: ['last_sign_in_at', 'password_changed_at'],
    quiet: ['hashed_password'],
  },
});

/** Hashes of passwords a user had before, as many as PASSWORD_HISTORY says. */
export const passwordHistoryEntity = defineEntity({
  table: 'password_history',
  columns: {
    id: col.id(),
    user_id: col.ref('users', 'cascade'),
    hashed_password: col.text(255),
    created_at: col.stamp(),
  },
  scope: { none: 'former hashes, compared with and never shown' },
  audit: { none: 'the change of the password is kept with its user' },
});

declare module '#core/entity.ts' {
  interface Tables {
    users: TableOf<typeof userEntity>;
    password_history: TableOf<typeof passwordHistoryEntity>;
  }
}
