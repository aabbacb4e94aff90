import { col, defineEntity, type TableOf } from '#core/entity.ts';

/** `data_scope` is one of DATA_SCOPES (`#core/access.ts`); `is_builtin` roles cannot be deleted or renamed. */
export const roleEntity = defineEntity({
  table: 'roles',
  columns: {
    id: col.id(),
    code: col.text(50).unique(),
    name: col.text(50),
    data_scope: col.text(20).default('self'),
    /** Whether a `custom` scope reaches the departments below the chosen ones too. */
    includes_below: col.boolean().default(false),
    order: col.integer().default(0),
    is_enabled: col.boolean().default(true),
    /** Whether its members must have a second factor; who has none can only set one up. */
    requires_second_factor: col.boolean().default(false),
    is_builtin: col.boolean().default(false),
    remark: col.text(255).nullable(),
    version: col.integer().default(1),
    created_by: col.ref('users', 'set null').nullable(),
    created_at: col.stamp(),
    updated_by: col.ref('users', 'set null').nullable(),
    updated_at: col.stamp(),
  },
  scope: { none: 'roles are shared definitions; who may give one is decided by the grant ceiling' },
  audit: { label: 'name' },
});

/** The permission codes a role holds; a code may be a wildcard such as `system:user:*`. */
export const rolePermissionEntity = defineEntity({
  table: 'role_permissions',
  columns: {
    role_id: col.ref('roles', 'cascade').primary(),
    permission: col.text(100).primary(),
  },
  scope: { none: 'part of a role' },
  audit: { of: 'roles', by: 'role_id', as: 'permissions', value: 'permission' },
});

/** The departments of a role whose data scope is `custom`. */
export const roleDeptEntity = defineEntity({
  table: 'role_depts',
  columns: {
    role_id: col.ref('roles', 'cascade').primary(),
    dept_id: col.ref('depts', 'cascade').primary(),
  },
  scope: { none: 'part of a role' },
  audit: { of: 'roles', by: 'role_id', as: 'dept_ids', value: 'dept_id' },
});

export const userRoleEntity = defineEntity({
  table: 'user_roles',
  columns: {
    user_id: col.ref('users', 'cascade').primary(),
    role_id: col.ref('roles', 'restrict').primary(),
  },
  scope: { through: { column: 'user_id', table: 'users' } },
  audit: { of: 'users', by: 'user_id', as: 'role_ids', value: 'role_id' },
});

declare module '#core/entity.ts' {
  interface Tables {
    roles: TableOf<typeof roleEntity>;
    role_permissions: TableOf<typeof rolePermissionEntity>;
    role_depts: TableOf<typeof roleDeptEntity>;
    user_roles: TableOf<typeof userRoleEntity>;
  }
}
