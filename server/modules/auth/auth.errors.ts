import { defineErrors } from '#core/errors.ts';

export const authErrors = defineErrors('auth', {
  bad_credentials: [401, '用户名或密码错误', 'The username or the password is not right'],
  // The seed's own wording, in every language.
  inactive_user: [400, 'Inactive user', 'Inactive user'],
  factor_required: [400, '需要第二重验证，请使用 otp 参数', 'A second factor is needed; send it as the parameter otp'],
  method_not_wanted: [409, '请使用其他验证方式', 'Answer in one of the ways that the challenge names'],
  session_expired: [401, '登录已失效，请重新登录', 'The sign-in has expired; sign in again'],
});

/** RFC 6749 §5.2 and RFC 7009 §2.2.1; the part after the dot is the standard's own code. */
export const oauthErrors = defineErrors('oauth', {
  invalid_request: [400, '缺少参数：{parameter}', 'The parameter {parameter} is missing'],
  invalid_grant: [400, '用户名、密码或刷新令牌无效', 'The username, the password or the refresh token is not valid'],
  unsupported_token_type: [
    400,
    'API 密钥请在个人中心吊销',
    'API keys are revoked by their owner, not by whoever has them',
  ],
  unsupported_grant_type: [400, '不支持的授权类型', 'Only the grants password and refresh_token are supported'],
});
