import type { Feature } from '#core/feature.ts';
import { text } from '#core/i18n.ts';
import { roleDeptEntity, roleEntity, rolePermissionEntity, userRoleEntity } from './role.entity.ts';

export const role: Feature = {
  name: 'role',
  title: text('角色', 'Roles'),
  description: 'Roles, their permissions and data scopes.',
  entities: [roleEntity, rolePermissionEntity, roleDeptEntity, userRoleEntity],
};
