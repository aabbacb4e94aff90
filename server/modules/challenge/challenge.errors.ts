import { defineErrors } from '#core/errors.ts';

export const challengeErrors = defineErrors('challenge', {
  invalid: [401, '验证已失效，请重新登录', 'This verification is no longer valid; sign in again'],
});
