import { id, line, message, moment, nullable, oneOf, pageOf, pageQuery, type Static, Type } from '#core/schema.ts';
import { DEVICE_KINDS } from './session.entity.ts';

const sessionId = (options: object = {}) => Type.String({ format: 'uuid', maxLength: 36, ...options });

export const SessionParams = message('SessionParams', { session_id: sessionId({ description: 'id of the session' }) });
export const SessionIdsBody = message('SessionIdsBody', {
  ids: Type.Array(sessionId(), { minItems: 1, maxItems: 200, uniqueItems: true }),
});

const sessionFields = {
  id: sessionId(),
  method: Type.String({ description: 'how it began, such as `password`' }),
  address: nullable(Type.String({ description: 'where the sign-in came from' })),
  browser: nullable(Type.String({ description: 'browser or program with its major version, as it says of itself' })),
  os: nullable(Type.String()),
  device: oneOf(DEVICE_KINDS),
  created_at: moment({ description: 'when it began' }),
  last_seen_at: moment({ description: 'when it last sent a request, 15 seconds behind at most' }),
  expires_at: moment({ description: 'when it ends if it is not used until then' }),
  is_online: Type.Boolean({ description: 'seen in the last five minutes' }),
  is_current: Type.Boolean({ description: 'the session that asks' }),
};

export const SessionOut = message('Session', sessionFields);
export type SessionOut = Static<typeof SessionOut>;
export const SessionPage = pageOf(SessionOut);

export const OnlineSession = message('OnlineSession', {
  ...sessionFields,
  user_id: id(),
  username: Type.String(),
  name: nullable(Type.String()),
  dept_name: nullable(Type.String()),
});
export type OnlineSession = Static<typeof OnlineSession>;
export const OnlineSessionPage = pageOf(OnlineSession);

const orderable = ['last_seen_at', 'created_at', 'expires_at'];

export const SessionQuery = Type.Object(pageQuery(orderable), { additionalProperties: false });
export type SessionQuery = Static<typeof SessionQuery>;

export const OnlineQuery = Type.Object(
  {
    ...pageQuery(orderable),
    keyword: Type.Optional(line(50, { description: 'part of the username or the name' })),
    address: Type.Optional(line(64, { description: 'part of the address' })),
    browser: Type.Optional(line(50, { description: 'part of the browser' })),
    device: Type.Optional(oneOf(DEVICE_KINDS)),
    user_id: Type.Optional(id()),
    is_online: Type.Optional(Type.Boolean({ description: 'seen in the last five minutes, or not' })),
    created_at_from: Type.Optional(moment()),
    created_at_to: Type.Optional(moment()),
  },
  { additionalProperties: false },
);
export type OnlineQuery = Static<typeof OnlineQuery>;
