import { line, message, type Static, Type } from '#core/schema.ts';

export const CaptchaQuery = Type.Object(
  { for: line(255, { description: 'the username or e-mail address of the attempt that it is for' }) },
  { additionalProperties: false },
);
export type CaptchaQuery = Static<typeof CaptchaQuery>;

export const Captcha = message('Captcha', {
  id: Type.String({ description: 'send it back with the solution' }),
  challenge: Type.String(),
  difficulty: Type.Integer({
    description:
      'find a whole number n so that SHA-256 of `<challenge>:<n>` begins with this many zero bits; n is the solution',
  }),
  expires_in: Type.Integer({ description: 'seconds' }),
});
export type Captcha = Static<typeof Captcha>;
