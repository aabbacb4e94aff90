import { MAX_PASSWORD_LENGTH } from '#core/password.ts';
import {
  editor,
  id,
  line,
  MAX_VERSION,
  message,
  moment,
  nullable,
  pageOf,
  pageQuery,
  type Static,
  Type,
} from '#core/schema.ts';
import { USERNAME_PATTERN } from './user.entity.ts';

const username = line(50, {
  minLength: 2,
  pattern: USERNAME_PATTERN,
  description: 'letters, digits and `_ . @ -`; unique',
});
const email = Type.String({ format: 'email', maxLength: 100, description: 'unique; kept in lower case' });
const phone = Type.String({ pattern: '^\\+?[0-9 -]{5,20}$', maxLength: 20 });
const avatar = Type.String({
  pattern: '^(/|https://)[^\\s]*$',
  maxLength: 255,
  description: 'path on this site or https address',
});
const newPassword = Type.String({
  minLength: 1,
  maxLength: MAX_PASSWORD_LENGTH,
  description: 'at least PASSWORD_MIN_LENGTH characters, none that many people have, and not the own name',
});

const ids = Type.Array(id(), { maxItems: 100, uniqueItems: true });

export const USER_ORDER = [
  'id',
  'username',
  'email',
  'name',
  'is_active',
  'last_sign_in_at',
  'created_at',
  'updated_at',
] as const;

const userFields = {
  id: id(),
  username: Type.String(),
  email: Type.String(),
  is_active: Type.Boolean(),
  is_superuser: Type.Boolean(),
  must_change_password: Type.Boolean(),
  name: nullable(Type.String()),
  phone: nullable(Type.String()),
  avatar: nullable(Type.String()),
  remark: nullable(Type.String()),
  dept_id: nullable(Type.Integer()),
  dept_name: nullable(Type.String()),
  last_sign_in_at: nullable(moment()),
  must_wait_until: nullable(
    moment({
      description: 'after failed sign-ins in this name, at the address where they happened; elsewhere nobody waits',
    }),
  ),
  version: Type.Integer({ description: 'send it back with a change to notice that somebody else was faster' }),
  created_at: moment(),
  updated_at: moment(),
  updated_by_name: editor(),
};

export const UserOut = message('User', userFields);
export type UserOut = Static<typeof UserOut>;

export const UserPage = pageOf(UserOut);

/** One user, with what is assigned to them. */
export const UserDetail = message('UserDetail', {
  ...userFields,
  role_ids: Type.Array(Type.Integer()),
  position_ids: Type.Array(Type.Integer()),
});
export type UserDetail = Static<typeof UserDetail>;

export const UserCreate = message('UserCreate', {
  username,
  email,
  password: newPassword,
  name: Type.Optional(nullable(line(50))),
  phone: Type.Optional(nullable(phone)),
  avatar: Type.Optional(nullable(avatar)),
  remark: Type.Optional(nullable(Type.String({ maxLength: 255 }))),
  dept_id: Type.Optional(nullable(id())),
  is_active: Type.Optional(Type.Boolean({ default: true })),
  role_ids: Type.Optional(ids),
  position_ids: Type.Optional(ids),
});
export type UserCreate = Static<typeof UserCreate>;

export const UserUpdate = message(
  'UserUpdate',
  {
    username: Type.Optional(username),
    email: Type.Optional(email),
    name: Type.Optional(nullable(line(50))),
    phone: Type.Optional(nullable(phone)),
    avatar: Type.Optional(nullable(avatar)),
    remark: Type.Optional(nullable(Type.String({ maxLength: 255 }))),
    dept_id: Type.Optional(nullable(id())),
    is_active: Type.Optional(Type.Boolean()),
    role_ids: Type.Optional(ids),
    position_ids: Type.Optional(ids),
    version: Type.Optional(
      Type.Integer({ minimum: 1, maximum: MAX_VERSION, description: 'the version this change was made from' }),
    ),
  },
  { minProperties: 1, description: 'what is not named stays; null clears' },
);
export type UserUpdate = Static<typeof UserUpdate>;

/** What people may change of themselves. */
export const ProfileUpdate = message(
  'ProfileUpdate',
  {
    email: Type.Optional(email),
    name: Type.Optional(nullable(line(50))),
    phone: Type.Optional(nullable(phone)),
    avatar: Type.Optional(nullable(avatar)),
    version: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_VERSION })),
  },
  { minProperties: 1 },
);
export type ProfileUpdate = Static<typeof ProfileUpdate>;

export const PasswordChange = message('PasswordChange', {
  old_password: Type.String({ minLength: 1, maxLength: MAX_PASSWORD_LENGTH }),
  new_password: newPassword,
});
export type PasswordChange = Static<typeof PasswordChange>;

export const UserQuery = Type.Object(
  {
    ...pageQuery(USER_ORDER),
    keyword: Type.Optional(line(50, { description: 'part of the username, name, e-mail or phone' })),
    username: Type.Optional(line(50, { description: 'part of the username' })),
    email: Type.Optional(line(100, { description: 'part of the e-mail' })),
    name: Type.Optional(line(50, { description: 'part of the name' })),
    phone: Type.Optional(line(20, { description: 'part of the phone' })),
    is_active: Type.Optional(Type.Boolean()),
    dept_id: Type.Optional(id({ description: 'this department and all below it' })),
    created_at_from: Type.Optional(moment()),
    created_at_to: Type.Optional(moment()),
  },
  { additionalProperties: false },
);
export type UserQuery = Static<typeof UserQuery>;

export const UserRoles = message('UserRoles', { role_ids: ids });
export type UserRoles = Static<typeof UserRoles>;

export const PasswordReset = message('PasswordReset', {
  password: Type.Optional(newPassword),
});
export type PasswordReset = Static<typeof PasswordReset>;

export const PasswordResetResult = message('PasswordResetResult', {
  one_time_password: nullable(Type.String({ description: 'shown this once, when none was given' })),
});
export type PasswordResetResult = Static<typeof PasswordResetResult>;

export const UserOption = message('UserOption', {
  id: id(),
  username: Type.String(),
  name: nullable(Type.String()),
});
export const UserOptionPage = pageOf(UserOption);
export const UserOptionQuery = Type.Object(
  { ...pageQuery(['id', 'username', 'name']), keyword: Type.Optional(line(50)) },
  { additionalProperties: false },
);
export type UserOptionQuery = Static<typeof UserOptionQuery>;

/** Which users an export holds: the filters of the list, without its pages. */
export const UserExport = message('UserExport', {
  keyword: Type.Optional(line(50)),
  username: Type.Optional(line(50)),
  email: Type.Optional(line(100)),
  name: Type.Optional(line(50)),
  phone: Type.Optional(line(20)),
  is_active: Type.Optional(Type.Boolean()),
  dept_id: Type.Optional(id()),
  created_at_from: Type.Optional(moment()),
  created_at_to: Type.Optional(moment()),
});
export type UserExport = Static<typeof UserExport>;
