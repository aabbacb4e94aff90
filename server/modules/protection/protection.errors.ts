import { defineErrors } from '#core/errors.ts';

/** They belong to signing in, wherever they come from. */
export const protectionErrors = defineErrors('auth', {
  captcha_required: [
    400,
    '请先完成安全验证：通过 GET /auth/captcha 获取题目，并随请求提交答案',
    'Solve a challenge of GET /auth/captcha first and send it along as captcha',
  ],
  too_many_attempts: [
    429,
    '尝试次数过多，请 {seconds} 秒后重试',
    'Too many failed attempts; try again in {seconds} seconds',
  ],
});
