import { DATA_SCOPES, PERMISSION_PATTERN } from '#core/access.ts';
import { id, message, nullable, oneOf, ref, type Static, Type } from '#core/schema.ts';

export const Permission = message('Permission', {
  code: Type.String(),
  title: Type.String({ description: 'in the language of the caller' }),
  page: Type.String({ description: 'the permission of the page its button belongs to' }),
  routes: Type.Array(
    Type.Object(
      { method: Type.String(), path: Type.String(), summary: Type.String() },
      { additionalProperties: false },
    ),
  ),
  is_switched_off: Type.Boolean({ description: 'its menu is disabled, so nobody but the administrator holds it' }),
});
export const PermissionList = message('PermissionList', { items: Type.Array(ref(Permission)) });
export type PermissionList = Static<typeof PermissionList>;

export const ExplainQuery = Type.Object(
  {
    user_id: id(),
    permission: Type.Optional(Type.String({ maxLength: 100, pattern: PERMISSION_PATTERN })),
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
      { id: Type.Integer(), title: Type.String(), is_enabled: Type.Boolean(), is_orphan: Type.Boolean() },
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
