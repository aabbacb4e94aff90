import { type AnyRoute, route } from '#core/feature.ts';
import { text } from '#core/i18n.ts';
import { IdParams } from '#core/schema.ts';
import { ceilingErrors } from '../access/access.errors.ts';
import { viewErrors } from '../access/view.errors.ts';
import { userErrors } from '../user/user.errors.ts';
import type { Answers } from './answers.ts';
import { ViewAs } from './view-as.schema.ts';
import * as service from './view-as.service.ts';

export function viewAsRoutes(answers: Answers): AnyRoute[] {
  return [
    route({
      method: 'POST',
      path: '/users/:id/view-as',
      access: 'system:user:view-as',
      stepUp: true,
      summary: 'View as a user',
      description:
        'Gives a token that reads as this user would, and changes nothing, for VIEW_AS_MINUTES. Every log line names both. It ends when ' +
        'either loses rights or is disabled. Nobody views as somebody who holds more, nor as the administrator, nor while viewing already.',
      params: IdParams,
      response: ViewAs,
      message: text('已切换为以该用户身份查看', 'You view as this user now'),
      errors: [
        userErrors.not_found,
        viewErrors.administrator,
        viewErrors.self,
        viewErrors.inactive,
        ceilingErrors.exceeded,
      ],
      async handle(ctx, { params, reply }) {
        const view = await service.viewAs(ctx, params.id);
        reply.header('cache-control', 'no-store');
        return { ...answers.view(ctx, view), expires_at: view.expiresAt.toISOString(), user: view.user };
      },
    }),
    route({
      method: 'DELETE',
      path: '/auth/view-as',
      access: 'signed-in',
      allowViewing: true,
      allowPasswordChange: true,
      allowEnrolment: true,
      summary: 'Return to oneself',
      message: text('已恢复为您本人', 'You are yourself again'),
      errors: [viewErrors.none],
      handle: (ctx) => service.endView(ctx),
    }),
  ];
}
