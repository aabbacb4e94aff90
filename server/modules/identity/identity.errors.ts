import { defineErrors } from '#core/errors.ts';

export const identityErrors = defineErrors('identity', {
  provider_unknown: [404, '没有这个登录方式', 'There is no such provider'],
  not_found: [404, '关联的账号不存在', 'The linked account does not exist'],
  flow_invalid: [
    400,
    '本次外部登录已失效，请重新开始',
    'This sign-in has expired or was started elsewhere; begin again',
  ],
  denied: [400, '外部登录已被取消或拒绝', 'The sign-in was cancelled or refused by the provider'],
  exchange_failed: [
    400,
    '外部账号无法核实，请重试；如仍失败请联系管理员',
    'The provider’s answer could not be verified; try again, or ask an administrator',
  ],
  unreachable: [
    503,
    '登录服务提供方暂时无法访问，请稍后重试',
    'The provider cannot be reached right now; try again later',
  ],
  not_linked: [
    403,
    '此外部账号尚未关联任何用户：请先用密码登录，再到个人中心关联',
    'No user is linked to this account: sign in with your password, then link it on your profile',
  ],
  taken: [409, '此外部账号已关联其他用户', 'This account is linked to another user'],
  last_way_in: [409, '这是您唯一的登录方式，请先设置密码', 'This is your only way to sign in; set a password first'],
});
