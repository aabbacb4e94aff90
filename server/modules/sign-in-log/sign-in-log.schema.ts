import { id, line, message, moment, nullable, oneOf, pageOf, pageQuery, type Static, Type } from '#core/schema.ts';
import { DEVICE_KINDS } from '#core/user-agent.ts';
import { OUTCOMES, REASONS } from './sign-in-log.entity.ts';

export const SignInLogOut = message('SignInLog', {
  id: id(),
  user_id: nullable(id({ description: 'null for a name that nobody has, and for a user who was deleted' })),
  username: Type.String({ description: 'a name that nobody has is shown by its first letter' }),
  outcome: oneOf(OUTCOMES),
  reason: nullable(oneOf(REASONS, { description: 'why it was refused' })),
  method: Type.String({ description: 'such as `password`' }),
  address: nullable(Type.String()),
  browser: nullable(Type.String()),
  os: nullable(Type.String()),
  device: oneOf(DEVICE_KINDS),
  session_id: nullable(Type.String({ description: 'the session that it opened, or that it ended' })),
  request_id: Type.String({ description: 'the request in the logs of the service' }),
  created_at: moment(),
});
export type SignInLogOut = Static<typeof SignInLogOut>;
export const SignInLogPage = pageOf(SignInLogOut);

const orderable = ['id', 'created_at'];

export const SignInLogQuery = Type.Object(
  {
    ...pageQuery(orderable),
    username: Type.Optional(line(50, { description: 'part of the username' })),
    user_id: Type.Optional(id()),
    outcome: Type.Optional(oneOf(OUTCOMES)),
    reason: Type.Optional(oneOf(REASONS)),
    address: Type.Optional(line(64, { description: 'beginning of the address' })),
    created_at_from: Type.Optional(moment()),
    created_at_to: Type.Optional(moment()),
    archived: Type.Optional(Type.Boolean({ description: 'reads the archive instead, where there is one' })),
  },
  { additionalProperties: false },
);
export type SignInLogQuery = Static<typeof SignInLogQuery>;

export const OwnSignInQuery = Type.Object(pageQuery(orderable), { additionalProperties: false });
export type OwnSignInQuery = Static<typeof OwnSignInQuery>;
