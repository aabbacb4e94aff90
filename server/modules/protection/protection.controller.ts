import { type AnyRoute, route } from '#core/feature.ts';
import { text } from '#core/i18n.ts';
import { drawCaptcha } from './captcha.service.ts';
import { protectionErrors } from './protection.errors.ts';
import { Captcha, CaptchaQuery } from './protection.schema.ts';

/** `ratePerMinute` bounds the challenges that one address may draw. */
export const protectionRoutes = (ratePerMinute: number): AnyRoute[] => [
  route({
    method: 'GET',
    path: '/auth/captcha',
    access: 'public',
    ratePerMinute,
    summary: 'Draw a proof of work',
    description:
      'For a sign-in that answered `auth.captcha_required`, and for the forms that mail a link. One use, within two minutes, from the ' +
      'same address and in the same name. A signed-in person never needs one.',
    query: CaptchaQuery,
    response: Captcha,
    message: text('获取验证题目成功', 'Challenge drawn'),
    errors: [protectionErrors.too_many_attempts],
    handle(ctx, { query, reply }) {
      reply.header('cache-control', 'no-store');
      return drawCaptcha(ctx, query.for);
    },
  }),
];
