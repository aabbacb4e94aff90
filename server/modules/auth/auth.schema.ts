import { CaptchaAnswer } from '#core/captcha.ts';
import { message, nullable, oneOf, ref, register, type Static, Type } from '#core/schema.ts';
import { FACTORS } from '../challenge/challenge.entity.ts';

const credential = Type.String({ minLength: 1, maxLength: 255 });

export const LoginBody = message('Login', {
  username: credential,
  password: credential,
  captcha: Type.Optional(ref(CaptchaAnswer)),
});
export type LoginBody = Static<typeof LoginBody>;

const mustEnrolFactor = Type.Boolean({ description: 'nothing but setting up a second factor is allowed until then' });

export const AccessToken = message('AccessToken', {
  access_token: Type.String({ description: 'send it as `Authorization: Bearer …`' }),
  token_type: oneOf(['Bearer']),
  expires_in: Type.Integer({ description: 'seconds' }),
  must_change_password: Type.Boolean({ description: 'nothing but changing the password is allowed until then' }),
  must_enrol_factor: mustEnrolFactor,
});
export type AccessToken = Static<typeof AccessToken>;

export const SignInChallenge = message('SignInChallenge', {
  token: Type.String({ description: 'send it with the answer to `POST /auth/challenge`; works once' }),
  methods: Type.Array(oneOf(FACTORS), { description: 'any one of them is enough' }),
  expires_in: Type.Integer({ description: 'seconds' }),
});

export const SignIn = message('SignIn', {
  access_token: nullable(Type.String({ description: 'null when there is a challenge to answer first' })),
  token_type: oneOf(['Bearer']),
  expires_in: Type.Integer({ description: 'seconds' }),
  must_change_password: Type.Boolean({ description: 'nothing but changing the password is allowed until then' }),
  must_enrol_factor: mustEnrolFactor,
  challenge: nullable(ref(SignInChallenge)),
});
export type SignIn = Static<typeof SignIn>;

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
      captcha_id: Type.Optional(Type.String({ maxLength: 200, description: 'a challenge of `GET /auth/captcha`' })),
      captcha_solution: Type.Optional(Type.String({ maxLength: 16 })),
      scope: Type.Optional(Type.String({ maxLength: 255 })),
      otp: Type.Optional(
        Type.String({
          maxLength: 40,
          description: 'a code of the authenticator app, or a recovery code, for who has one',
        }),
      ),
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
