import { defineErrors } from '#core/errors.ts';

export const positionErrors = defineErrors('position', {
  not_found: [404, '岗位不存在', 'Position not found'],
  code_taken: [409, '岗位编码已存在', 'This position code is already taken'],
  missing: [409, '岗位不存在', 'The position does not exist'],
  in_use: [409, '仍有用户担任该岗位，无法删除', 'Users still hold this position'],
});
