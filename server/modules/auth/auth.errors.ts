import { defineErrors } from '#core/errors.ts';

export const authErrors = defineErrors('auth', {
  bad_credentials: [401, '用户名或密码错误', 'The username or the password is not right'],
  // The seed's own wording, in every language.
  inactive_user: [400, 'Inactive user', 'Inactive user'],
  session_expired: [401, '登录已失效，请重新登录', 'The sign-in has expired; sign in again'],
});

/** RFC 6749 §5.2; the part after the dot is the standard's own code. */
export const oauthErrors = defineErrors('oauth', {
  invalid_request: [400, '缺少参数：{parameter}', 'The parameter {parameter} is missing'],
  invalid_grant: [400, '用户名、密码或刷新令牌无效', 'The username, the password or the refresh token is not valid'],
  unsupported_grant_type: [400, '不支持的授权类型', 'Only the grants password and refresh_token are supported'],
});
