import { conflictErrors } from '#core/errors.ts';
import { route } from '#core/feature.ts';
import { text } from '#core/i18n.ts';
import { IdParams } from '#core/schema.ts';
import { ceilingErrors } from '../access/access.errors.ts';
import * as service from './online.service.ts';
import { sessionErrors } from './session.errors.ts';
import {
  OnlineQuery,
  OnlineSessionPage,
  SessionIdsBody,
  SessionPage,
  SessionParams,
  SessionQuery,
} from './session.schema.ts';

const found = text('获取会话列表成功', 'Sessions found');
const ended = text('会话已结束', 'Session ended');

export const sessionRoutes = [
  route({
    method: 'GET',
    path: '/online-users',
    access: 'monitor:online:query',
    summary: 'List who is signed in',
    description: 'The live sessions of the users in the scope of the caller, those seen last first.',
    query: OnlineQuery,
    response: OnlineSessionPage,
    message: text('获取在线用户成功', 'Online users found'),
    handle: (ctx, { query }) => service.listOnline(ctx, query),
  }),
  route({
    method: 'DELETE',
    path: '/online-users/:session_id',
    access: 'monitor:online:sign-out',
    apiKeys: false,
    summary: 'Sign a session out',
    description: 'Its tokens are refused from the next request on. Nobody signs out whoever holds more than they do.',
    params: SessionParams,
    message: text('用户已下线', 'Signed out'),
    errors: [sessionErrors.not_found, sessionErrors.own, ceilingErrors.exceeded],
    handle: (ctx, { params }) => service.signOutSession(ctx, params.session_id),
  }),
  route({
    method: 'POST',
    path: '/online-users/batch-sign-out',
    access: 'monitor:online:sign-out',
    apiKeys: false,
    summary: 'Sign several sessions out, all or none',
    body: SessionIdsBody,
    message: text('用户已下线', 'Signed out'),
    errors: [conflictErrors.batch_refused],
    handle: (ctx, { body }) => service.signOutSessions(ctx, body.ids),
  }),
  route({
    method: 'GET',
    path: '/users/:id/sessions',
    access: 'monitor:online:query',
    summary: 'List the sessions of a user',
    params: IdParams,
    query: SessionQuery,
    response: SessionPage,
    message: found,
    errors: [sessionErrors.user_missing],
    handle: (ctx, { params, query }) => service.listSessionsOf(ctx, params.id, query),
  }),
  route({
    method: 'GET',
    path: '/users/me/sessions',
    access: 'signed-in',
    summary: 'List the own sessions',
    query: SessionQuery,
    response: SessionPage,
    message: found,
    handle: (ctx, { query }) => service.listOwnSessions(ctx, query),
  }),
  route({
    method: 'DELETE',
    path: '/users/me/sessions/:session_id',
    access: 'signed-in',
    summary: 'End another session of the signed-in user',
    params: SessionParams,
    message: ended,
    errors: [sessionErrors.not_found, sessionErrors.own],
    handle: (ctx, { params }) => service.endOwnSession(ctx, params.session_id),
  }),
  route({
    method: 'DELETE',
    path: '/users/me/sessions',
    access: 'signed-in',
    summary: 'End all other sessions of the signed-in user',
    message: text('其他会话已全部结束', 'All other sessions ended'),
    handle: (ctx) => service.endOtherSessions(ctx),
  }),
];
