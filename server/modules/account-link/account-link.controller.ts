import { type AnyRoute, route } from '#core/feature.ts';
import { text } from '#core/i18n.ts';
import { protectionErrors } from '../protection/protection.errors.ts';
import { userErrors } from '../user/user.errors.ts';
import { accountLinkErrors } from './account-link.errors.ts';
import { AuthOptions, LinkRequest, PasswordByLink, RegistrationByLink } from './account-link.schema.ts';
import * as service from './account-link.service.ts';

const asking = [accountLinkErrors.mail_off, protectionErrors.captcha_required];
const refusedPasswords = [userErrors.password_too_short, userErrors.password_common, userErrors.password_personal];

/** `ratePerMinute` bounds what one address may ask for. */
export const accountLinkRoutes = (ratePerMinute: number): AnyRoute[] => [
  route({
    method: 'GET',
    path: '/auth/options',
    access: 'public',
    summary: 'What the sign-in page offers',
    response: AuthOptions,
    message: text('获取登录选项成功', 'Options found'),
    handle: (ctx) => service.getAuthOptions(ctx),
  }),
  route({
    method: 'POST',
    path: '/auth/forgot-password',
    access: 'public',
    ratePerMinute,
    summary: 'Ask for a link to reset a password',
    description:
      'Takes a proof of work of `GET /auth/captcha` for the address. The answer is the same whether somebody has the address or not.',
    body: LinkRequest,
    message: text(
      '如果该邮箱属于某个用户，重置链接将很快送达',
      'If somebody has this address, a link to reset the password is on its way',
    ),
    errors: asking,
    handle: (ctx, { body }) => service.requestLink(ctx, 'reset', body),
  }),
  route({
    method: 'POST',
    path: '/auth/reset-password',
    access: 'public',
    ratePerMinute,
    summary: 'Set a new password by a mailed link',
    description: 'The link works once, for 30 minutes. Ends all sessions of the user.',
    body: PasswordByLink,
    message: text('密码已重置，请登录', 'The password was set; sign in with it'),
    errors: [accountLinkErrors.invalid, userErrors.password_recent, ...refusedPasswords],
    handle: (ctx, { body }) => service.resetByLink(ctx, body),
  }),
  route({
    method: 'POST',
    path: '/auth/register',
    access: 'public',
    ratePerMinute,
    summary: 'Ask for a link to register',
    description: 'Where REGISTRATION_ENABLED is on. Takes a proof of work; the answer is the same for every address.',
    body: LinkRequest,
    message: text('请查收邮件，打开其中的链接完成注册', 'Look into your mail and open the link to go on'),
    errors: [...asking, accountLinkErrors.registration_off],
    handle: (ctx, { body }) => service.requestLink(ctx, 'register', body),
  }),
  route({
    method: 'POST',
    path: '/auth/register/complete',
    access: 'public',
    ratePerMinute,
    summary: 'Register by a mailed link',
    description: 'The new user has no role, no department and no right but to see themselves.',
    body: RegistrationByLink,
    message: text('注册成功，请登录', 'You are registered; sign in'),
    errors: [
      accountLinkErrors.invalid,
      accountLinkErrors.registration_off,
      userErrors.username_taken,
      userErrors.email_taken,
      ...refusedPasswords,
    ],
    handle: (ctx, { body }) => service.registerByLink(ctx, body),
  }),
];
