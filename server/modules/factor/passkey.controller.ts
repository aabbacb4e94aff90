import { route } from '#core/feature.ts';
import { text } from '#core/i18n.ts';
import { IdParams } from '#core/schema.ts';
import { factorErrors } from './factor.errors.ts';
import { PasskeyAdded, PasskeyCreationOptions, PasskeyRegistration, PasskeyRename, Passkeys } from './factor.schema.ts';
import * as service from './passkey.service.ts';

/** Of one address, behind which a whole office may sit. */
const PER_MINUTE = 120;

export const passkeyRoutes = [
  route({
    method: 'GET',
    path: '/users/me/passkeys',
    access: 'signed-in',
    allowEnrolment: true,
    summary: 'List the own passkeys',
    response: Passkeys,
    message: text('获取通行密钥成功', 'Passkeys found'),
    handle: (ctx) => service.listOwnPasskeys(ctx),
  }),
  route({
    method: 'POST',
    path: '/users/me/passkeys/options',
    access: 'signed-in',
    allowEnrolment: true,
    stepUp: true,
    ratePerMinute: PER_MINUTE,
    summary: 'Begin to register a passkey',
    response: PasskeyCreationOptions,
    message: text('请按浏览器提示操作', 'Follow what your browser says'),
    errors: [factorErrors.passkeys_full, factorErrors.passkeys_off],
    handle: (ctx) => service.beginRegistration(ctx),
  }),
  route({
    method: 'POST',
    path: '/users/me/passkeys',
    access: 'signed-in',
    allowEnrolment: true,
    ratePerMinute: PER_MINUTE,
    summary: 'Register a passkey',
    description: 'The first factor of a user brings recovery codes and ends their other sessions.',
    body: PasskeyRegistration,
    response: PasskeyAdded,
    message: text('通行密钥已添加', 'Passkey added'),
    errors: [
      factorErrors.passkey_refused,
      factorErrors.passkey_known,
      factorErrors.passkeys_full,
      factorErrors.passkeys_off,
    ],
    handle: (ctx, { body }) => service.finishRegistration(ctx, body),
  }),
  route({
    method: 'PATCH',
    path: '/users/me/passkeys/:id',
    access: 'signed-in',
    summary: 'Rename a passkey',
    params: IdParams,
    body: PasskeyRename,
    message: text('通行密钥已重命名', 'Passkey renamed'),
    errors: [factorErrors.passkey_missing],
    handle: (ctx, { params, body }) => service.renamePasskey(ctx, params.id, body.name),
  }),
  route({
    method: 'DELETE',
    path: '/users/me/passkeys/:id',
    access: 'signed-in',
    stepUp: true,
    summary: 'Remove a passkey',
    params: IdParams,
    message: text('通行密钥已移除', 'Passkey removed'),
    errors: [factorErrors.passkey_missing, factorErrors.last_required],
    handle: (ctx, { params }) => service.deletePasskey(ctx, params.id),
  }),
];
