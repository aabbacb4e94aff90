import { route } from '#core/feature.ts';
import { text } from '#core/i18n.ts';
import { OwnSignInQuery, SignInLogPage, SignInLogQuery } from './sign-in-log.schema.ts';
import { listOwnSignIns, listSignIns } from './sign-in-log.service.ts';

const found = text('获取登录日志成功', 'Sign-ins found');

export const signInLogRoutes = [
  route({
    method: 'GET',
    path: '/sign-in-logs',
    access: 'log:sign-in:query',
    summary: 'List attempts to sign in',
    description: 'In the names of the users in the scope of the caller, the newest first.',
    query: SignInLogQuery,
    response: SignInLogPage,
    message: found,
    handle: (ctx, { query }) => listSignIns(ctx, query),
  }),
  route({
    method: 'GET',
    path: '/users/me/sign-ins',
    access: 'signed-in',
    summary: 'List attempts to sign in in the own name',
    query: OwnSignInQuery,
    response: SignInLogPage,
    message: found,
    handle: (ctx, { query }) => listOwnSignIns(ctx, query),
  }),
];
