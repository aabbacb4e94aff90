import { id, message, moment, nullable, ref, type Static, Type } from '#core/schema.ts';

export const ZoneQuery = Type.Object(
  {
    tz: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 64,
        pattern: '^([A-Za-z][A-Za-z0-9_+/-]*|[+-][0-9]{2}:[0-9]{2})$',
        default: 'UTC',
        description: 'whose days and hours: a zone such as `Asia/Shanghai` or an offset such as `+08:00`',
      }),
    ),
  },
  { additionalProperties: false },
);
export type ZoneQuery = Static<typeof ZoneQuery>;

const count = (description?: string) => Type.Integer({ minimum: 0, ...(description && { description }) });

/** How many there were from a moment on, up to the next one. */
export const CountPoint = message('CountPoint', { from: moment(), count: count() });
export type CountPoint = Static<typeof CountPoint>;

const points = Type.Array(ref(CountPoint));

export const SignInPoint = message('SignInPoint', {
  from: moment(),
  succeeded: count('sign-ins that opened a session'),
  refused: count('attempts that were refused'),
});
export type SignInPoint = Static<typeof SignInPoint>;

const signInPoints = Type.Array(ref(SignInPoint));

export const OwnFigures = message('OwnFigures', {
  roles: Type.Array(
    Type.Object({ id: id(), code: Type.String(), name: Type.String() }, { additionalProperties: false }),
  ),
  dept_name: nullable(Type.String()),
  live_sessions: count('devices that are signed in now'),
  previous_sign_in: nullable(
    Type.Object(
      { at: moment(), address: nullable(Type.String()), user_agent: nullable(Type.String()) },
      { additionalProperties: false },
    ),
  ),
  sign_in_days: signInPoints,
});
export type OwnFigures = Static<typeof OwnFigures>;

export const UserFigures = message('UserFigures', {
  total: count(),
  active: count(),
  new_days: points,
  new_before: count('new in the same time before those days'),
});
export type UserFigures = Static<typeof UserFigures>;

export const SignInFigures = message('SignInFigures', {
  live_sessions: count(),
  online_users: count('users who have a live session'),
  days: signInPoints,
  hours: signInPoints,
  before_hours: count('that succeeded in the same time before those hours'),
});
export type SignInFigures = Static<typeof SignInFigures>;

const milliseconds = () => nullable(Type.Number({ minimum: 0, description: 'milliseconds; null without requests' }));

export const RequestTally = message('RequestTally', {
  count: count(),
  client_errors: count('answered 4xx'),
  server_errors: count('answered 5xx'),
  p50_ms: milliseconds(),
  p95_ms: milliseconds(),
});
export type RequestTally = Static<typeof RequestTally>;

export const RequestPoint = message('RequestPoint', { from: moment(), tally: ref(RequestTally) });
export const RouteTally = message('RouteTally', {
  method: Type.String(),
  path: Type.String(),
  tally: ref(RequestTally),
});

/** Only what this process has answered: it is counted in its memory. */
export const RequestFigures = message('RequestFigures', {
  instance: Type.String({ description: 'which process: its number and its machine' }),
  since: moment({ description: 'when counting began' }),
  last_hour: ref(RequestTally),
  hour_before: ref(RequestTally),
  minutes: Type.Array(ref(RequestPoint)),
  hours: Type.Array(ref(RequestPoint)),
  routes: Type.Array(ref(RouteTally)),
});
export type RequestFigures = Static<typeof RequestFigures>;

export const ProcessPoint = message('ProcessPoint', {
  at: moment(),
  rss_bytes: count(),
  heap_bytes: count(),
  loop_delay_ms: Type.Number({ minimum: 0 }),
  utilization: Type.Number({ minimum: 0 }),
});

export const ProcessFigures = message('ProcessFigures', {
  instance: Type.String(),
  node_version: Type.String(),
  uptime_seconds: Type.Integer({ minimum: 0 }),
  samples: Type.Array(ref(ProcessPoint)),
});
export type ProcessFigures = Static<typeof ProcessFigures>;
