import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Context } from '#core/context.ts';
import type { OpenedSession, OpenedView } from '../session/session.service.ts';
import type { AccessToken, SignIn } from './auth.schema.ts';
import { mustEnrolFactor } from './auth.service.ts';
import { setSessionCookie } from './auth-cookie.service.ts';
import type { SignInOutcome } from './sign-in.service.ts';
import type { AccessTokens } from './token.ts';

interface Exchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/** What the sign-in routes say: tokens in the answer and in the cookie. */
export interface Answers {
  /** The access token of a session. */
  token(ctx: Context, session: OpenedSession): Pick<AccessToken, 'access_token' | 'token_type' | 'expires_in'>;
  /** What every sign-in of the console comes to: a session and its cookie, or the challenge that is still to be answered. */
  view(ctx: Context, view: OpenedView): Pick<AccessToken, 'access_token' | 'token_type' | 'expires_in'>;
  signIn(ctx: Context, outcome: SignInOutcome, exchange: Exchange): Promise<SignIn>;
}

/** Somebody else's eyes for a while: an access token without a refresh token, for as long as the view lasts. */
function viewToken(tokens: AccessTokens, ctx: Context, view: OpenedView) {
  const left = Math.floor((view.expiresAt.getTime() - ctx.now().getTime()) / 1000);
  const claims = { sub: String(view.viewedUserId), sid: view.sessionId, act: { sub: String(view.userId) } };
  return { access_token: tokens.sign(claims, left), token_type: 'Bearer' as const, expires_in: left };
}

export function signInAnswers(tokens: AccessTokens): Answers {
  const token: Answers['token'] = (ctx, session) => ({
    access_token: tokens.sign({ sub: String(session.userId), sid: session.sessionId }),
    token_type: 'Bearer',
    expires_in: ctx.settings.JWT_ACCESS_TOKEN_EXPIRE_MINUTES * 60,
  });
  return {
    token,
    view: (ctx, view) => viewToken(tokens, ctx, view),
    async signIn(ctx, outcome, { request, reply }) {
      if (outcome.kind === 'session') {
        const { session, mustChangePassword } = outcome;
        setSessionCookie(request, reply, session);
        return {
          ...token(ctx, session),
          must_change_password: mustChangePassword,
          must_enrol_factor: await mustEnrolFactor(ctx, session.userId),
          challenge: null,
        };
      }
      const { wanted, expiresIn, ...opened } = outcome.challenge;
      reply.header('cache-control', 'no-store');
      const challenge = { token: opened.token, methods: [...wanted], expires_in: expiresIn };
      const nothing = { expires_in: 0, must_change_password: false, must_enrol_factor: false };
      return { access_token: null, token_type: 'Bearer', ...nothing, challenge };
    },
  };
}
