import { defineErrors } from '#core/errors.ts';

export const roleErrors = defineErrors('role', {
  not_found: [404, '角色不存在', 'Role not found'],
  code_taken: [409, '角色编码已存在', 'This role code is already taken'],
  missing: [409, '角色不存在', 'The role does not exist'],
  builtin: [403, '内置角色不能删除或更改编码', 'A built-in role cannot be deleted, nor its code changed'],
  administrator: [403, '超级管理员角色不能修改', "The administrator's role cannot be changed"],
  has_members: [409, '角色下仍有用户，无法删除：{names}', 'The role still has members: {names}'],
  unknown_permission: [422, '权限 {permission} 不存在', 'There is no permission {permission}'],
  dept_missing: [409, '部门不存在或不在您的数据范围内', 'A department does not exist or is not yours to use'],
  dept_needed: [422, '自定义数据权限需要选择部门', 'A custom scope needs at least one department'],
  user_missing: [404, '用户不存在', 'User not found'],
});
