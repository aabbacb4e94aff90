import { defineErrors } from '#core/errors.ts';

export const deptErrors = defineErrors('dept', {
  not_found: [404, '部门不存在', 'Department not found'],
  code_taken: [409, '部门编码已存在', 'This department code is already taken'],
  parent_missing: [
    409,
    '上级部门不存在或不在您的数据范围内',
    'The parent department does not exist or is not yours to use',
  ],
  leader_missing: [409, '负责人不存在或不在您的数据范围内', 'The leader does not exist or is outside your scope'],
  cycle: [409, '不能移动到自己或自己的下级部门之下', 'A department cannot be moved below itself'],
  too_deep: [409, '部门层级过深', 'The tree of departments is too deep'],
  has_children: [409, '存在下级部门，无法删除：{names}', 'It still has departments below it: {names}'],
  has_users: [409, '部门下仍有用户，无法删除：{names}', 'It still has users: {names}'],
});
