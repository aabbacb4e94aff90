import { route } from '#core/feature.ts';
import { text } from '#core/i18n.ts';
import { Preferences, PreferencesUpdate } from './preference.schema.ts';
import * as service from './preference.service.ts';

export const preferenceRoutes = [
  route({
    method: 'GET',
    path: '/users/me/preferences',
    access: 'signed-in',
    summary: 'Read the own preferences',
    response: Preferences,
    message: text('获取偏好设置成功', 'Preferences found'),
    handle: (ctx) => service.getPreferences(ctx),
  }),
  route({
    method: 'PUT',
    path: '/users/me/preferences',
    access: 'signed-in',
    summary: 'Change the own preferences',
    description: 'Each preference that is named is replaced; the others stay.',
    body: PreferencesUpdate,
    response: Preferences,
    message: text('偏好设置已保存', 'Preferences saved'),
    handle: (ctx, { body }) => service.setPreferences(ctx, body),
  }),
];
