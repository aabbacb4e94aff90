import { route } from '#core/feature.ts';
import { text } from '#core/i18n.ts';
import { IdParams } from '#core/schema.ts';
import { ceilingErrors } from '../access/access.errors.ts';
import { apiKeyErrors } from './api-key.errors.ts';
import { ApiKeyCreate, ApiKeyPage, ApiKeyQuery, NewApiKey, OwnApiKeyQuery } from './api-key.schema.ts';
import * as service from './api-key.service.ts';

const found = text('获取 API 密钥成功', 'API keys found');
const revoked = text('API 密钥已吊销', 'API key revoked');

export const apiKeyRoutes = [
  route({
    method: 'GET',
    path: '/users/me/api-keys',
    access: 'signed-in',
    summary: 'List the own API keys',
    query: OwnApiKeyQuery,
    response: ApiKeyPage,
    message: found,
    handle: (ctx, { query }) => service.listOwnKeys(ctx, query),
  }),
  route({
    method: 'POST',
    path: '/users/me/api-keys',
    access: 'system:api-key:create',
    stepUp: true,
    summary: 'Make an API key',
    description:
      'A machine that sends it as `Authorization: Bearer …` acts in the name of the caller, with those of the given permissions ' +
      'that the caller holds at that moment. The key is in this answer and nowhere else.',
    body: ApiKeyCreate,
    response: NewApiKey,
    message: text('API 密钥已创建', 'API key made'),
    errors: [
      apiKeyErrors.unknown_permission,
      apiKeyErrors.lives_too_long,
      apiKeyErrors.address_invalid,
      apiKeyErrors.too_many,
      ceilingErrors.exceeded,
    ],
    handle: (ctx, { body }) => service.createKey(ctx, body),
  }),
  route({
    method: 'DELETE',
    path: '/users/me/api-keys/:id',
    access: 'signed-in',
    summary: 'Revoke an own API key',
    params: IdParams,
    message: revoked,
    errors: [apiKeyErrors.not_found],
    handle: (ctx, { params }) => service.revokeOwnKey(ctx, params.id),
  }),
  route({
    method: 'GET',
    path: '/api-keys',
    access: 'system:api-key:query',
    apiKeys: false,
    summary: 'List API keys',
    description: 'Those of the users in the scope of the caller. Nobody makes a key for somebody else.',
    query: ApiKeyQuery,
    response: ApiKeyPage,
    message: found,
    handle: (ctx, { query }) => service.listKeys(ctx, query),
  }),
  route({
    method: 'DELETE',
    path: '/api-keys/:id',
    access: 'system:api-key:revoke',
    apiKeys: false,
    summary: 'Revoke an API key',
    params: IdParams,
    message: revoked,
    errors: [apiKeyErrors.not_found, ceilingErrors.exceeded],
    handle: (ctx, { params }) => service.revokeKey(ctx, params.id),
  }),
];
