import { DATA_SCOPES, PERMISSION_PATTERN } from '#core/access.ts';
import { id, line, message, nullable, oneOf, pageOf, pageQuery, ref, type Static, Type } from '#core/schema.ts';

export const Permission = message('Permission', {
  code: Type.String(),
  title: Type.String({ description: 'in the language of the caller' }),
  page: Type.String({ description: 'the permission of the page its button belongs to' }),
  page_title: nullable(Type.String({ description: 'what the menus call that page, in the language of the caller' })),
  routes: Type.Array(
    Type.Object(
      { method: Type.String(), path: Type.String(), summary: Type.String() },
      { additionalProperties: false },
    ),
  ),
  is_switched_off: Type.Boolean({ description: 'its menu is disabled, so nobody but the administrator holds it' }),
});
export const PermissionList = message('PermissionList', {
  items: Type.Array(ref(Permission)),
  entities: Type.Array(Type.String(), { description: 'the tables whose rows can be asked about' }),
});
export type PermissionList = Static<typeof PermissionList>;

const permission = Type.String({ maxLength: 100, pattern: PERMISSION_PATTERN });

export const ExplainQuery = Type.Object(
  {
    user_id: id(),
    permission: Type.Optional(permission),
    entity: Type.Optional(
      Type.String({ maxLength: 50, pattern: '^[a-z_]+$', description: 'a table, such as `users`' }),
    ),
    id: Type.Optional(id({ description: 'key of the row' })),
  },
  { additionalProperties: false },
);
export type ExplainQuery = Static<typeof ExplainQuery>;

const RoleReason = message('RoleReason', {
  role_id: Type.Integer(),
  code: Type.String(),
  name: Type.String(),
  is_enabled: Type.Boolean(),
  allows: Type.Boolean(),
  because: nullable(Type.String({ description: 'the grant or the scope rule that decides, if one does' })),
  data_scope: oneOf(DATA_SCOPES),
  dept_id: nullable(Type.Integer({ description: 'the department by which its scope holds the row' })),
});

/** Why somebody may or may not do something: the chain that decides, read from what is stored. */
export const Explanation = message('Explanation', {
  allowed: Type.Boolean(),
  user_id: Type.Integer(),
  username: Type.String(),
  is_active: Type.Boolean(),
  is_superuser: Type.Boolean(),
  reason: Type.String({ description: 'in the language of the caller' }),
  roles: Type.Array(ref(RoleReason)),
  menus: Type.Array(
    Type.Object(
      {
        id: Type.Integer(),
        title: Type.String({ description: 'in the language of the caller' }),
        above: Type.Array(Type.String(), { description: 'the titles of the menus above it, from the top' }),
        is_enabled: Type.Boolean(),
        is_on: Type.Boolean({ description: 'enabled, and so is everything above it' }),
        is_orphan: Type.Boolean(),
      },
      { additionalProperties: false },
    ),
    { description: 'the menu rows that carry the permission' },
  ),
  row: nullable(
    Type.Object(
      {
        entity: Type.String(),
        id: Type.Integer(),
        columns: Type.Record(Type.String(), Type.Unknown()),
        owner_matches: Type.Boolean(),
      },
      { additionalProperties: false, description: 'the columns of the row that decide' },
    ),
  ),
});
export type Explanation = Static<typeof Explanation>;

export const HolderQuery = Type.Object(
  {
    ...pageQuery(['id', 'username', 'name']),
    permission,
    keyword: Type.Optional(line(50, { description: 'part of the user name or name' })),
  },
  { additionalProperties: false },
);
export type HolderQuery = Static<typeof HolderQuery>;

export const Holder = message('Holder', {
  id: id(),
  username: Type.String(),
  name: nullable(Type.String()),
  dept_id: nullable(Type.Integer()),
  is_superuser: Type.Boolean(),
  roles: Type.Array(ref(RoleReason), { description: 'the roles that grant it; none is needed by the administrator' }),
});
export type Holder = Static<typeof Holder>;
export const HolderPage = pageOf(Holder);
