import { id, message, moment, nullable, oneOf, type Static, Type } from '#core/schema.ts';

export const ViewAs = message('ViewAs', {
  access_token: Type.String({ description: 'for reading as the other user; there is no refresh token' }),
  token_type: oneOf(['Bearer']),
  expires_in: Type.Integer({ description: 'seconds' }),
  expires_at: moment(),
  user: Type.Object(
    { id: id(), username: Type.String(), name: nullable(Type.String()) },
    { additionalProperties: false },
  ),
});
export type ViewAs = Static<typeof ViewAs>;
