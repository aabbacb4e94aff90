import { constraintName } from '#core/entity.ts';
import type { Feature } from '#core/feature.ts';
import { text } from '#core/i18n.ts';
import { roleRoutes } from './role.controller.ts';
import { roleDeptEntity, roleEntity, rolePermissionEntity, userRoleEntity } from './role.entity.ts';
import { roleErrors } from './role.errors.ts';
import { roleRestorers } from './role.restorers.ts';

export const role: Feature = {
  name: 'role',
  title: text('角色', 'Roles'),
  description: 'Roles, their permissions and data scopes.',
  entities: [roleEntity, rolePermissionEntity, roleDeptEntity, userRoleEntity],
  routes: roleRoutes,
  restorers: { roles: roleRestorers },
  constraints: {
    [constraintName('roles', ['code'], 'unique')]: roleErrors.code_taken,
    [constraintName('user_roles', ['role_id'], 'foreign')]: roleErrors.missing,
    [constraintName('role_depts', ['dept_id'], 'foreign')]: roleErrors.dept_missing,
  },
};
