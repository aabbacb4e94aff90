import { defineErrors } from '#core/errors.ts';

export const viewErrors = defineErrors('view', {
  administrator: [403, '不能以超级管理员身份查看', 'Nobody views as the administrator'],
  self: [409, '这就是您自己', 'That is you'],
  inactive: [409, '该用户已停用', 'This user is disabled'],
  none: [409, '您没有以他人身份查看', 'You are not viewing as anybody'],
});
