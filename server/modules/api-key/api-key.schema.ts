import { GRANT_PATTERN } from '#core/access.ts';
import { id, line, message, moment, nullable, oneOf, pageOf, pageQuery, type Static, Type } from '#core/schema.ts';

const grants = Type.Array(Type.String({ maxLength: 100, pattern: GRANT_PATTERN }), {
  minItems: 1,
  maxItems: 200,
  uniqueItems: true,
  description: 'codes of the catalogue, `*` stands for a segment; the key allows what these and its owner both do',
});

export const KEY_STATES = ['live', 'expired', 'revoked'] as const;

export const ApiKeyOut = message('ApiKey', {
  id: id(),
  name: Type.String(),
  prefix: Type.String({ description: 'the first letters of the key' }),
  permissions: Type.Array(Type.String()),
  addresses: Type.Array(Type.String()),
  rate_per_minute: Type.Integer(),
  state: oneOf(KEY_STATES),
  expires_at: moment(),
  last_used_at: nullable(moment({ description: '15 seconds behind at most' })),
  created_at: moment(),
  user_id: id(),
  username: Type.String(),
  user_name: nullable(Type.String()),
});
export type ApiKeyOut = Static<typeof ApiKeyOut>;
export const ApiKeyPage = pageOf(ApiKeyOut);

export const ApiKeyCreate = message('ApiKeyCreate', {
  name: line(100, { description: 'what uses it' }),
  permissions: grants,
  expires_in_days: Type.Integer({ minimum: 1, maximum: 3650, description: 'at most API_KEY_MAX_DAYS' }),
  addresses: Type.Optional(
    Type.Array(line(50), {
      maxItems: 50,
      uniqueItems: true,
      description: 'addresses and networks it may be used from, such as `192.0.2.7` or `10.0.0.0/8`; none for anywhere',
    }),
  ),
  rate_per_minute: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 100_000, default: 600, description: 'requests it may make in a minute' }),
  ),
});
export type ApiKeyCreate = Static<typeof ApiKeyCreate>;

export const NewApiKey = message('NewApiKey', {
  id: id(),
  key: Type.String({ description: 'shown this once; send it as `Authorization: Bearer …`' }),
  expires_at: moment(),
});
export type NewApiKey = Static<typeof NewApiKey>;

const orderable = ['id', 'name', 'created_at', 'expires_at', 'last_used_at'];

export const OwnApiKeyQuery = Type.Object(
  { ...pageQuery(orderable), state: Type.Optional(oneOf(KEY_STATES)) },
  { additionalProperties: false },
);
export type OwnApiKeyQuery = Static<typeof OwnApiKeyQuery>;

export const ApiKeyQuery = Type.Object(
  {
    ...pageQuery(orderable),
    keyword: Type.Optional(line(100, { description: 'part of the name, of the first letters or of the username' })),
    user_id: Type.Optional(id()),
    state: Type.Optional(oneOf(KEY_STATES)),
  },
  { additionalProperties: false },
);
export type ApiKeyQuery = Static<typeof ApiKeyQuery>;
