import { defineErrors } from '#core/errors.ts';

export const apiKeyErrors = defineErrors('api_key', {
  not_found: [404, 'API 密钥不存在或已吊销', 'There is no such API key, or it was revoked'],
  unknown_permission: [422, '权限 {permission} 不存在', 'There is no permission {permission}'],
  lives_too_long: [422, '有效期最多 {days} 天', 'A key may live for {days} days at most'],
  address_invalid: [
    422,
    '{address} 不是地址或网段，例如 192.0.2.7 或 10.0.0.0/8',
    '{address} is no address or network such as 192.0.2.7 or 10.0.0.0/8',
  ],
  too_many: [
    409,
    '有效的 API 密钥不能超过 {most} 个，请先吊销一些',
    'Revoke some keys first: there may be {most} at most',
  ],
  address_refused: [403, '此 API 密钥不能从您的地址使用', 'This API key may not be used from your address'],
});
