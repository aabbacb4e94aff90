import { DATA_SCOPES, GRANT_PATTERN } from '#core/access.ts';
import {
  editor,
  id,
  line,
  MAX_VERSION,
  message,
  moment,
  nullable,
  oneOf,
  pageOf,
  pageQuery,
  ref,
  type Static,
  Type,
} from '#core/schema.ts';
import { MENU_KINDS } from '../menu/menu.entity.ts';

const code = line(50, { pattern: '^[a-z][a-z0-9_-]*$', description: 'unique, lower case' });
const order = Type.Integer({ minimum: -1_000_000, maximum: 1_000_000 });
const remark = nullable(Type.String({ maxLength: 255 }));
const dataScope = oneOf(DATA_SCOPES, { description: 'which rows the members see; several roles add up' });
const deptIds = Type.Array(id(), { maxItems: 1000, uniqueItems: true, description: 'only for `custom`' });
const includesBelow = Type.Boolean({ description: 'whether a `custom` scope reaches below the chosen departments' });
const permissions = Type.Array(Type.String({ maxLength: 100, pattern: GRANT_PATTERN }), {
  maxItems: 2000,
  uniqueItems: true,
  description: 'codes of the catalogue; `*` stands for a segment',
});
const version = Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_VERSION }));

export const RoleOut = message('Role', {
  id: id(),
  code: Type.String(),
  name: Type.String(),
  data_scope: oneOf(DATA_SCOPES),
  includes_below: Type.Boolean(),
  dept_ids: Type.Array(Type.Integer()),
  order: Type.Integer(),
  is_enabled: Type.Boolean(),
  is_builtin: Type.Boolean(),
  requires_second_factor: Type.Boolean({ description: 'whether its members must have a second factor' }),
  remark: nullable(Type.String()),
  version: Type.Integer(),
  created_at: moment(),
  updated_at: moment(),
  updated_by_name: editor(),
});
export type RoleOut = Static<typeof RoleOut>;
export const RolePage = pageOf(RoleOut);
export const RoleList = message('RoleList', { items: Type.Array(ref(RoleOut)) });
export type RoleList = Static<typeof RoleList>;

export const RoleOption = message('RoleOption', {
  id: id(),
  code: Type.String(),
  name: Type.String(),
  may_give: Type.Boolean({ description: 'the caller holds all that the role gives, so may give or take it' }),
});
export const RoleOptions = message('RoleOptions', { items: Type.Array(ref(RoleOption)) });
export type RoleOptions = Static<typeof RoleOptions>;

export const RoleCreate = message('RoleCreate', {
  code,
  name: line(50),
  data_scope: Type.Optional(dataScope),
  includes_below: Type.Optional(includesBelow),
  dept_ids: Type.Optional(deptIds),
  permissions: Type.Optional(permissions),
  order: Type.Optional(order),
  is_enabled: Type.Optional(Type.Boolean()),
  requires_second_factor: Type.Optional(Type.Boolean()),
  remark: Type.Optional(remark),
});
export type RoleCreate = Static<typeof RoleCreate>;

export const RoleUpdate = message(
  'RoleUpdate',
  {
    code: Type.Optional(code),
    name: Type.Optional(line(50)),
    order: Type.Optional(order),
    is_enabled: Type.Optional(Type.Boolean()),
    requires_second_factor: Type.Optional(Type.Boolean()),
    remark: Type.Optional(remark),
    version,
  },
  { minProperties: 1 },
);
export type RoleUpdate = Static<typeof RoleUpdate>;

export const RolePermissions = message('RolePermissions', {
  permissions,
  version: Type.Integer({ description: 'of the role' }),
});
export type RolePermissions = Static<typeof RolePermissions>;

export const RolePermissionsUpdate = message('RolePermissionsUpdate', { permissions, version });
export type RolePermissionsUpdate = Static<typeof RolePermissionsUpdate>;

/** The menus as the tree of what a role can be given; a directory has nothing to give itself. */
export const GrantableMenu = message('GrantableMenu', {
  id: id(),
  parent_id: nullable(Type.Integer()),
  kind: oneOf(MENU_KINDS),
  title: Type.String({ description: 'in the language of the caller' }),
  permission: nullable(Type.String()),
  is_enabled: Type.Boolean({ description: 'switched off, nobody but the administrator holds its permission' }),
  is_orphan: Type.Boolean({ description: 'no route declares its permission any more' }),
});
export const GrantableMenus = message('GrantableMenus', { items: Type.Array(ref(GrantableMenu)) });

export const RoleDataScope = message('RoleDataScope', {
  data_scope: dataScope,
  includes_below: Type.Optional(includesBelow),
  dept_ids: Type.Optional(deptIds),
  version,
});
export type RoleDataScope = Static<typeof RoleDataScope>;

export const RoleMembers = message('RoleMembers', {
  user_ids: Type.Array(id(), { minItems: 1, maxItems: 200, uniqueItems: true }),
});
export type RoleMembers = Static<typeof RoleMembers>;

export const RoleQuery = Type.Object(
  {
    ...pageQuery(['id', 'code', 'name', 'order', 'created_at']),
    keyword: Type.Optional(line(50, { description: 'part of the name or code' })),
    is_enabled: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);
export type RoleQuery = Static<typeof RoleQuery>;

export const Member = message('Member', {
  id: id(),
  username: Type.String(),
  name: nullable(Type.String()),
  is_active: Type.Boolean(),
  dept_id: nullable(Type.Integer()),
});
export const MemberPage = pageOf(Member);

export const MemberQuery = Type.Object(
  { ...pageQuery(['id', 'username', 'name']), keyword: Type.Optional(line(50)) },
  { additionalProperties: false },
);
export type MemberQuery = Static<typeof MemberQuery>;
