import { defineErrors } from '#core/errors.ts';

export const factorErrors = defineErrors('factor', {
  proof_wrong: [400, '验证未通过，请重试', 'This is not right; try again'],
  method_missing: [409, '您没有启用此验证方式', 'You have not set up this way of proving yourself'],
  totp_exists: [409, '身份验证器已启用，请先移除再重新设置', 'An authenticator app is already set up; remove it first'],
  totp_missing: [404, '尚未设置身份验证器', 'No authenticator app is set up'],
  no_factor: [409, '请先启用身份验证器或通行密钥', 'Set up an authenticator app or a passkey first'],
  last_required: [
    409,
    '您的角色要求双重验证，请先添加另一种验证方式',
    'Your role requires a second factor; add another one before you remove this',
  ],
  passkey_missing: [404, '通行密钥不存在', 'Passkey not found'],
  passkey_known: [409, '该通行密钥已注册', 'This passkey is already registered'],
  passkey_refused: [400, '通行密钥验证未通过，请重试', 'The passkey was not accepted; try again'],
  passkeys_full: [409, '最多可以注册 {most} 个通行密钥', 'No more than {most} passkeys can be registered'],
  passkeys_off: [
    409,
    '未启用通行密钥：管理员需要设置 PUBLIC_URL',
    'Passkeys are not available: the administrator has to set PUBLIC_URL',
  ],
});
