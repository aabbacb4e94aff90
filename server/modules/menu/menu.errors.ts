import { defineErrors } from '#core/errors.ts';

export const menuErrors = defineErrors('menu', {
  not_found: [404, '菜单不存在', 'Menu not found'],
  name_taken: [409, '菜单名称已存在', 'This menu name is already taken'],
  parent_missing: [409, '上级菜单不存在', 'The parent menu does not exist'],
  parent_kind: [422, '该类型的菜单不能放在所选上级之下', 'A menu of this kind cannot stand below the chosen parent'],
  cycle: [409, '不能移动到自己或自己的下级菜单之下', 'A menu cannot be moved below itself'],
  has_children: [409, '存在下级菜单，无法删除：{names}', 'It still has menus below it: {names}'],
  declared: [
    409,
    '该权限由系统声明，不能删除，可以停用',
    'The program declares this permission; switch it off instead of deleting it',
  ],
  unknown_permission: [422, '权限 {permission} 不存在', 'There is no permission {permission}'],
  field_needed: [422, '此类型的菜单需要填写该字段', 'A menu of this kind needs this field'],
});
