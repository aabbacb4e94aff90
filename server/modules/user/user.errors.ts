import { defineErrors } from '#core/errors.ts';

export const userErrors = defineErrors('user', {
  not_found: [404, '用户不存在', 'User not found'],
  username_taken: [409, '用户名已存在', 'This username is already taken'],
  email_taken: [409, '邮箱已被使用', 'This e-mail address is already in use'],
  dept_missing: [409, '部门不存在或不在您的数据范围内', 'The department does not exist or is not yours to use'],
  role_missing: [409, '角色不存在', 'The role does not exist'],
  administrator_protected: [
    403,
    '不能修改、停用或删除超级管理员',
    'The administrator cannot be changed by others, disabled or deleted',
  ],
  self_protected: [403, '不能停用或删除自己', 'You cannot disable or delete yourself'],
  password_wrong: [400, '原密码不正确', 'The old password is not right'],
  password_same: [422, '新密码不能与原密码相同', 'The new password must differ from the old one'],
  password_too_short: [422, '密码至少需要 {minimum} 个字符', 'The password must have at least {minimum} characters'],
  password_common: [
    422,
    '该密码过于常见，请换一个',
    'Many people have this password, so it is tried first; choose another one',
  ],
  password_personal: [
    422,
    '密码不能由用户名或邮箱构成',
    'The password must not be made of the username or the e-mail address',
  ],
  password_recent: [
    422,
    '不能使用当前或最近 {remembered} 次用过的密码',
    'The password must differ from the present one and the last {remembered} ones',
  ],
  batch_refused: [409, '批量操作未执行：部分用户不能删除', 'Nothing was deleted: some of the users cannot be'],
});
