import { line, message, type Static } from './schema.ts';

/** A solved proof of work, as the bodies of several features carry it; `GET /auth/captcha` draws one. */
export const CaptchaAnswer = message('CaptchaAnswer', {
  id: line(200),
  solution: line(16, { pattern: '^[0-9]+$' }),
});
export type CaptchaAnswer = Static<typeof CaptchaAnswer>;
