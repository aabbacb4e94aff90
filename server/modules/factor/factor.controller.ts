import { route } from '#core/feature.ts';
import { text } from '#core/i18n.ts';
import { IdParams } from '#core/schema.ts';
import { ceilingErrors } from '../access/access.errors.ts';
import { protectionErrors } from '../protection/protection.errors.ts';
import { userErrors } from '../user/user.errors.ts';
import { factorErrors } from './factor.errors.ts';
import {
  FactorAdded,
  Factors,
  PasskeyRequestOptions,
  RecoveryCodes,
  StepUp,
  StepUpResult,
  TotpConfirm,
  TotpStart,
  UserFactors,
} from './factor.schema.ts';
import * as service from './factor.service.ts';
import * as overview from './overview.service.ts';
import { regenerateRecoveryCodes } from './recovery.service.ts';
import * as stepUp from './step-up.service.ts';
import * as totp from './totp.service.ts';

/** Of one address, behind which a whole office may sit. */
const PER_MINUTE = 120;
const found = text('获取双重验证信息成功', 'Second factors found');

export const factorRoutes = [
  route({
    method: 'GET',
    path: '/users/me/factors',
    access: 'signed-in',
    allowEnrolment: true,
    summary: 'Read the own second factors',
    response: Factors,
    message: found,
    handle: (ctx) => overview.getOwnFactors(ctx),
  }),
  route({
    method: 'POST',
    path: '/users/me/totp',
    access: 'signed-in',
    allowEnrolment: true,
    stepUp: true,
    summary: 'Begin to set up an authenticator app',
    description: 'It counts once `POST /users/me/totp/confirm` was given a code of it. An unconfirmed one is replaced.',
    response: TotpStart,
    message: text('请用身份验证器扫描', 'Scan this with your authenticator app'),
    errors: [factorErrors.totp_exists],
    handle: (ctx) => totp.beginTotp(ctx),
  }),
  route({
    method: 'POST',
    path: '/users/me/totp/confirm',
    access: 'signed-in',
    allowEnrolment: true,
    ratePerMinute: PER_MINUTE,
    summary: 'Switch the authenticator app on by its first code',
    description: 'The first factor of a user brings recovery codes and ends their other sessions.',
    body: TotpConfirm,
    response: FactorAdded,
    message: text('身份验证器已启用', 'Authenticator app set up'),
    errors: [factorErrors.totp_missing, factorErrors.totp_exists, factorErrors.proof_wrong],
    handle: (ctx, { body }) => totp.confirmTotp(ctx, body.code),
  }),
  route({
    method: 'DELETE',
    path: '/users/me/totp',
    access: 'signed-in',
    stepUp: true,
    summary: 'Remove the authenticator app',
    message: text('身份验证器已移除', 'Authenticator app removed'),
    errors: [factorErrors.totp_missing, factorErrors.last_required],
    handle: (ctx) => totp.removeTotp(ctx),
  }),
  route({
    method: 'POST',
    path: '/users/me/recovery-codes',
    access: 'signed-in',
    stepUp: true,
    summary: 'Replace the recovery codes',
    description: 'The older ones are worth nothing from then on.',
    response: RecoveryCodes,
    message: text('恢复代码已重新生成', 'Recovery codes replaced'),
    errors: [factorErrors.no_factor],
    handle: (ctx) => regenerateRecoveryCodes(ctx),
  }),
  route({
    method: 'GET',
    path: '/users/:id/factors',
    access: 'system:user:query',
    summary: 'Read which second factors a user has',
    params: IdParams,
    response: UserFactors,
    message: found,
    errors: [userErrors.not_found],
    handle: (ctx, { params }) => overview.getUserFactors(ctx, params.id),
  }),
  route({
    method: 'DELETE',
    path: '/users/:id/factors',
    access: 'system:user:reset-factors',
    stepUp: true,
    summary: 'Remove all second factors of a user',
    description: 'For somebody who has lost them. Ends their sessions.',
    params: IdParams,
    message: text('双重验证已重置', 'Second factors reset'),
    errors: [userErrors.not_found, userErrors.administrator_protected, ceilingErrors.exceeded],
    handle: (ctx, { params }) => service.resetFactors(ctx, params.id),
  }),
  route({
    method: 'POST',
    path: '/auth/step-up/options',
    access: 'signed-in',
    allowEnrolment: true,
    ratePerMinute: PER_MINUTE,
    summary: 'Ask a passkey for a step-up',
    response: PasskeyRequestOptions,
    message: text('请使用通行密钥', 'Use your passkey'),
    errors: [factorErrors.method_missing, factorErrors.passkeys_off],
    handle: (ctx) => stepUp.askForStepUp(ctx),
  }),
  route({
    method: 'POST',
    path: '/auth/step-up',
    access: 'signed-in',
    allowEnrolment: true,
    ratePerMinute: PER_MINUTE,
    summary: 'Prove who you are once more',
    description:
      'Opens dangerous actions for STEP_UP_MINUTES. The password proves somebody who has no second factor, a second factor everybody else.',
    body: StepUp,
    response: StepUpResult,
    message: text('身份已验证', 'Proven'),
    errors: [
      factorErrors.method_missing,
      factorErrors.proof_wrong,
      factorErrors.passkey_refused,
      protectionErrors.too_many_attempts,
    ],
    handle: (ctx, { body }) => stepUp.stepUp(ctx, body),
  }),
];
