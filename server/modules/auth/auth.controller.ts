import type { Context } from '#core/context.ts';
import { AppError, accessErrors } from '#core/errors.ts';
import { type AnyRoute, route } from '#core/feature.ts';
import { text } from '#core/i18n.ts';
import { protectionErrors } from '../protection/protection.errors.ts';
import type { OpenedSession } from '../session/session.service.ts';
import { answerChallenge } from './answer.service.ts';
import type { Answers } from './answers.ts';
import { authErrors, oauthErrors } from './auth.errors.ts';
import { AccessToken, LoginBody, SignIn, TokenRequest, TokenResponse } from './auth.schema.ts';
import * as service from './auth.service.ts';
import { assertSameSite, clearSessionCookie, sessionCookieOf, setSessionCookie } from './auth-cookie.service.ts';
import { type SignInOutcome, signInWithPassword } from './sign-in.service.ts';

/** The sign-in routes. `ratePerMinute` bounds the attempts of one address. */
export function authRoutes(answers: Answers, ratePerMinute: number): AnyRoute[] {
  /** RFC 6749 §4.3 and §6: everything that is wrong with a grant is `invalid_grant`. */
  async function grant(ctx: Context, body: TokenRequest) {
    const asked = body.grant_type ?? 'password';
    if (asked !== 'password' && asked !== 'refresh_token') throw oauthErrors.unsupported_grant_type();
    const needed = asked === 'password' ? (['username', 'password'] as const) : (['refresh_token'] as const);
    for (const parameter of needed) if (!body[parameter]) throw oauthErrors.invalid_request({ parameter });
    try {
      return asked === 'password'
        ? await sessionOf(
            ctx,
            await signInWithPassword(ctx, body.username ?? '', body.password ?? '', captchaOf(body)),
            body.otp,
          )
        : await service.refresh(ctx, body.refresh_token ?? '');
    } catch (error) {
      if (error instanceof AppError && error.definition.status === 401) throw oauthErrors.invalid_grant();
      throw error;
    }
  }

  return [
    route({
      method: 'POST',
      path: '/auth/token',
      access: 'public',
      ratePerMinute,
      bare: true,
      summary: 'Get tokens (OAuth2)',
      description: 'The password and the refresh grant of RFC 6749, as a form. Swagger UI signs in here.',
      body: TokenRequest,
      response: TokenResponse,
      errors: [
        oauthErrors.invalid_request,
        oauthErrors.invalid_grant,
        oauthErrors.unsupported_grant_type,
        authErrors.inactive_user,
        authErrors.factor_required,
        protectionErrors.captcha_required,
        protectionErrors.too_many_attempts,
      ],
      async handle(ctx, { body, reply }) {
        const session = await grant(ctx, body);
        reply.header('cache-control', 'no-store').header('pragma', 'no-cache');
        return { ...answers.token(ctx, session), refresh_token: session.refreshToken, scope: body.scope ?? '' };
      },
    }),
    route({
      method: 'POST',
      path: '/auth/login',
      access: 'public',
      ratePerMinute,
      summary: 'Sign in',
      description:
        'The refresh token comes as an HttpOnly cookie that only the sign-in addresses receive. ' +
        'Who needs a second factor gets a `challenge` instead of a token.',
      body: LoginBody,
      response: SignIn,
      message: text('登录成功', 'Signed in'),
      errors: [
        authErrors.bad_credentials,
        authErrors.inactive_user,
        protectionErrors.captcha_required,
        protectionErrors.too_many_attempts,
      ],
      handle: async (ctx, { body, ...exchange }) =>
        answers.signIn(ctx, await signInWithPassword(ctx, body.username, body.password, body.captcha), exchange),
    }),
    route({
      method: 'POST',
      path: '/auth/refresh',
      access: 'public',
      ratePerMinute,
      summary: 'Continue a sign-in by its cookie',
      response: AccessToken,
      message: text('登录已续期', 'Sign-in continued'),
      errors: [authErrors.session_expired, accessErrors.forbidden],
      async handle(ctx, { request, reply }) {
        assertSameSite(request);
        const refreshToken = sessionCookieOf(request);
        if (!refreshToken) throw authErrors.session_expired();
        const session = await service.refresh(ctx, refreshToken);
        setSessionCookie(request, reply, session);
        const { mustChangePassword, mustEnrolFactor } = session;
        return {
          ...answers.token(ctx, session),
          must_change_password: mustChangePassword,
          must_enrol_factor: mustEnrolFactor,
        };
      },
    }),
    route({
      method: 'POST',
      path: '/auth/logout',
      access: 'signed-in',
      allowPasswordChange: true,
      allowEnrolment: true,
      summary: 'Sign out',
      description: 'Ends the session: its access token is refused from the next request on.',
      message: text('已退出登录', 'Signed out'),
      async handle(ctx, { request, reply }) {
        await service.signOut(ctx, sessionCookieOf(request));
        clearSessionCookie(reply);
      },
    }),
  ];
}

/** The form has no room for a challenge: who needs a second factor sends it along. */
async function sessionOf(ctx: Context, outcome: SignInOutcome, otp: string | undefined): Promise<OpenedSession> {
  if (outcome.kind === 'session') return outcome.session;
  if (!otp) throw authErrors.factor_required();
  const method = otp.length === 6 ? 'totp' : 'recovery-code';
  const answered = await answerChallenge(ctx, outcome.challenge.token, { method, code: otp });
  if (answered.kind === 'challenge') throw authErrors.factor_required();
  return answered.session;
}

function captchaOf({ captcha_id: id, captcha_solution: solution }: TokenRequest) {
  return id && solution ? { id, solution } : undefined;
}
