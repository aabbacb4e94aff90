import { message, oneOf, register, type Static, Type } from '#core/schema.ts';

const credential = Type.String({ minLength: 1, maxLength: 255 });

export const LoginBody = message('Login', { username: credential, password: credential });
export type LoginBody = Static<typeof LoginBody>;

export const AccessToken = message('AccessToken', {
  access_token: Type.String({ description: 'send it as `Authorization: Bearer …`' }),
  token_type: oneOf(['Bearer']),
  expires_in: Type.Integer({ description: 'seconds' }),
  must_change_password: Type.Boolean({ description: 'nothing but changing the password is allowed until then' }),
});
export type AccessToken = Static<typeof AccessToken>;

/** RFC 6749 §4.3.2 and §6. Unknown parameters are ignored, as §3.2 asks. */
export const TokenRequest = register(
  'TokenRequest',
  Type.Object(
    {
      grant_type: Type.Optional(
        Type.String({ maxLength: 50, description: '`password` or `refresh_token`; a missing one means `password`' }),
      ),
      username: Type.Optional(Type.String({ maxLength: 255 })),
      password: Type.Optional(Type.String({ maxLength: 255 })),
      refresh_token: Type.Optional(Type.String({ maxLength: 255 })),
      scope: Type.Optional(Type.String({ maxLength: 255 })),
      client_id: Type.Optional(Type.String({ maxLength: 255 })),
      client_secret: Type.Optional(Type.String({ maxLength: 255 })),
    },
    { $id: 'TokenRequest', title: 'TokenRequest' },
  ),
);
export type TokenRequest = Static<typeof TokenRequest>;

/** RFC 6749 §5.1. */
export const TokenResponse = message('TokenResponse', {
  access_token: Type.String(),
  token_type: oneOf(['Bearer']),
  expires_in: Type.Integer(),
  refresh_token: Type.String(),
  scope: Type.String(),
});
export type TokenResponse = Static<typeof TokenResponse>;
