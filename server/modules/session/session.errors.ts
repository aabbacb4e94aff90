import { defineErrors } from '#core/errors.ts';

export const sessionErrors = defineErrors('session', {
  not_found: [404, '会话不存在或已结束', 'There is no such session, or it has ended'],
  user_missing: [404, '用户不存在', 'User not found'],
  own: [409, '不能在此结束您当前的会话，请使用退出登录', 'This is your own session; sign out to end it'],
});
