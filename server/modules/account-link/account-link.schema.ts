import { CaptchaAnswer } from '#core/captcha.ts';
import { MAX_PASSWORD_LENGTH } from '#core/password.ts';
import { line, message, ref, type Static, Type } from '#core/schema.ts';
import { USERNAME_PATTERN } from '../user/user.entity.ts';

const password = Type.String({
  minLength: 1,
  maxLength: MAX_PASSWORD_LENGTH,
  description: 'at least PASSWORD_MIN_LENGTH characters, none that many people have, and not the own name',
});
const token = line(64, { description: 'what stands behind `#token=` in the mailed link' });

export const AuthOptions = message('AuthOptions', {
  password_reset: Type.Boolean({ description: 'whether a link to reset a password can be mailed' }),
  registration: Type.Boolean({ description: 'whether people may register themselves' }),
  password_min_length: Type.Integer(),
});
export type AuthOptions = Static<typeof AuthOptions>;

export const LinkRequest = message('LinkRequest', {
  email: Type.String({ format: 'email', maxLength: 100 }),
  captcha: Type.Optional(ref(CaptchaAnswer)),
});
export type LinkRequest = Static<typeof LinkRequest>;

export const PasswordByLink = message('PasswordByLink', { token, new_password: password });
export type PasswordByLink = Static<typeof PasswordByLink>;

export const RegistrationByLink = message('RegistrationByLink', {
  token,
  username: line(50, { minLength: 2, pattern: USERNAME_PATTERN }),
  password,
  name: Type.Optional(line(50)),
});
export type RegistrationByLink = Static<typeof RegistrationByLink>;
