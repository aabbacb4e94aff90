import type { AnyRoute } from '#core/feature.ts';
import { route } from '#core/feature.ts';
import { text } from '#core/i18n.ts';
import { challengeErrors } from '../challenge/challenge.errors.ts';
import { factorErrors } from '../factor/factor.errors.ts';
import { ChallengeAnswer, PasskeyAsk, PasskeyRequestOptions, PasskeySignIn } from '../factor/proof.service.ts';
import { protectionErrors } from '../protection/protection.errors.ts';
import * as service from './answer.service.ts';
import type { Answers } from './answers.ts';
import { authErrors } from './auth.errors.ts';
import { SignIn } from './auth.schema.ts';

/** The routes by which a sign-in goes on, or begins with a passkey. */
export function challengeRoutes(answers: Answers, ratePerMinute: number): AnyRoute[] {
  return [
    route({
      method: 'POST',
      path: '/auth/challenge',
      access: 'public',
      ratePerMinute,
      summary: 'Answer the challenge of a sign-in',
      description:
        'With one of its methods. A challenge takes five answers; it is bound to the address and the browser it was given to.',
      body: ChallengeAnswer,
      response: SignIn,
      message: text('登录成功', 'Signed in'),
      errors: [
        challengeErrors.invalid,
        authErrors.bad_credentials,
        authErrors.method_not_wanted,
        authErrors.inactive_user,
        factorErrors.proof_wrong,
        factorErrors.passkey_refused,
        factorErrors.passkeys_off,
        protectionErrors.too_many_attempts,
      ],
      handle: async (ctx, { body: { token, ...given }, ...exchange }) =>
        answers.signIn(ctx, await service.answerChallenge(ctx, token, given), exchange),
    }),
    route({
      method: 'POST',
      path: '/auth/passkey/options',
      access: 'public',
      ratePerMinute,
      summary: 'Ask for a passkey',
      description: 'As the answer to a challenge, or without one to sign in with nothing else.',
      body: PasskeyAsk,
      response: PasskeyRequestOptions,
      message: text('请使用通行密钥', 'Use your passkey'),
      errors: [challengeErrors.invalid, factorErrors.method_missing, factorErrors.passkeys_off],
      handle: (ctx, { body }) => service.askPasskey(ctx, body.token),
    }),
    route({
      method: 'POST',
      path: '/auth/passkey/verify',
      access: 'public',
      ratePerMinute,
      summary: 'Sign in with a passkey',
      description: 'One that asked its owner for a PIN, a finger or a face.',
      body: PasskeySignIn,
      response: SignIn,
      message: text('登录成功', 'Signed in'),
      errors: [factorErrors.passkey_refused, factorErrors.passkeys_off, authErrors.inactive_user],
      handle: async (ctx, { body, ...exchange }) =>
        answers.signIn(ctx, await service.signInWithPasskey(ctx, body.credential), exchange),
    }),
  ];
}
