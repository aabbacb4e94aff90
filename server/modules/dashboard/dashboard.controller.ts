import { route } from '#core/feature.ts';
import { dashboardErrors } from './dashboard.errors.ts';
import {
  OwnFigures,
  ProcessFigures,
  RequestFigures,
  SignInFigures,
  UserFigures,
  ZoneQuery,
} from './dashboard.schema.ts';
import * as service from './dashboard.service.ts';

const errors = [dashboardErrors.time_zone_unknown];

export const dashboardRoutes = [
  route({
    method: 'GET',
    path: '/dashboard/me',
    access: 'signed-in',
    summary: 'Read the figures of the signed-in user',
    query: ZoneQuery,
    response: OwnFigures,
    errors,
    handle: (ctx, { query }) => service.getOwnFigures(ctx, query),
  }),
  route({
    method: 'GET',
    path: '/dashboard/users',
    access: 'monitor:dashboard:query',
    summary: 'Read how many users there are, and how many are new',
    description: 'Of the users in the data scope of the caller.',
    query: ZoneQuery,
    response: UserFigures,
    errors,
    handle: (ctx, { query }) => service.getUserFigures(ctx, query),
  }),
  route({
    method: 'GET',
    path: '/dashboard/sign-ins',
    access: 'monitor:dashboard:query',
    summary: 'Read how many signed in, and how many are signed in now',
    description: 'Of the users in the data scope of the caller.',
    query: ZoneQuery,
    response: SignInFigures,
    errors,
    handle: (ctx, { query }) => service.getSignInFigures(ctx, query),
  }),
  route({
    method: 'GET',
    path: '/dashboard/requests',
    access: 'monitor:server:query',
    summary: 'Read how many requests this process answered, and how fast',
    response: RequestFigures,
    handle: (ctx) => service.getRequestFigures(ctx),
  }),
  route({
    method: 'GET',
    path: '/dashboard/process',
    access: 'monitor:server:query',
    summary: 'Read what this process uses',
    response: ProcessFigures,
    handle: (ctx) => service.getProcessFigures(ctx),
  }),
];
