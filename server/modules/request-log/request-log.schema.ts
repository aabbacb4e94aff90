import { id, line, message, moment, nullable, oneOf, pageOf, pageQuery, type Static, Type } from '#core/schema.ts';

export const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
export const STATUS_CLASSES = ['2xx', '3xx', '4xx', '5xx'] as const;
const GREATEST_INTEGER = 2_147_483_647;

export const RequestLogOut = message('RequestLog', {
  id: id(),
  created_at: moment({ description: 'when it was answered' }),
  request_id: Type.String({ description: 'the request in the log of the service' }),
  trace_id: Type.String(),
  method: Type.String(),
  route: nullable(Type.String({ description: 'the pattern; null for an address that no route has' })),
  path: Type.String({
    description:
      'the path, with what the route declares of its query; secrets are redacted, and public routes keep none',
  }),
  status: Type.Integer(),
  duration_ms: Type.Integer(),
  bytes: Type.Integer({ description: 'length of the answer; 0 where it was not known beforehand' }),
  user_id: nullable(Type.Integer({ description: 'null for somebody who was not signed in' })),
  username: nullable(Type.String({ description: 'the username then' })),
  session_id: nullable(Type.String()),
  api_key_id: nullable(Type.Integer()),
  api_key_name: nullable(Type.String()),
  viewer_id: nullable(Type.Integer({ description: 'who looked at the program as the user' })),
  viewer_name: nullable(Type.String()),
  address: nullable(Type.String()),
  user_agent: nullable(Type.String()),
});
export type RequestLogOut = Static<typeof RequestLogOut>;
export const RequestLogPage = pageOf(RequestLogOut);

export const RequestLogQuery = Type.Object(
  {
    ...pageQuery(['id', 'created_at', 'duration_ms']),
    username: Type.Optional(line(50, { description: 'part of the username' })),
    user_id: Type.Optional(id()),
    method: Type.Optional(oneOf(METHODS)),
    route: Type.Optional(line(255, { description: 'beginning of the pattern of the route, such as `/api/v1/users`' })),
    status: Type.Optional(Type.Integer({ minimum: 100, maximum: 599 })),
    status_class: Type.Optional(oneOf(STATUS_CLASSES)),
    duration_ms_from: Type.Optional(
      Type.Integer({ minimum: 0, maximum: GREATEST_INTEGER, description: 'took at least so many milliseconds' }),
    ),
    request_id: Type.Optional(line(64)),
    created_at_from: Type.Optional(moment()),
    created_at_to: Type.Optional(moment()),
    archived: Type.Optional(Type.Boolean({ description: 'reads the archive instead, where there is one' })),
  },
  { additionalProperties: false },
);
export type RequestLogQuery = Static<typeof RequestLogQuery>;

export const RequestLogSampling = message('RequestLogSampling', {
  percent: Type.Integer({ description: 'of the requests that are stored; 0 when none is' }),
  slow_ms: Type.Integer({ description: 'what takes longer is always stored; 0 for nothing' }),
  days: Type.Integer({ description: 'how long they are kept' }),
});
export type RequestLogSampling = Static<typeof RequestLogSampling>;
