import { defineErrors } from '#core/errors.ts';

export const accountLinkErrors = defineErrors('account_link', {
  invalid: [
    400,
    '链接无效、已使用或已过期，请重新获取',
    'This link is not valid, was used or has expired; ask for a new one',
  ],
  mail_off: [404, '未启用邮件功能，请联系管理员', 'This installation sends no mail; ask an administrator'],
  registration_off: [404, '未开放注册', 'Registration is not open here'],
});
