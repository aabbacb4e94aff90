import { type AnyRoute, route } from '#core/feature.ts';
import { oauthErrors } from './auth.errors.ts';
import { Introspection, IntrospectionRequest, RevocationRequest } from './introspection.schema.ts';
import { introspect, revokeToken } from './introspection.service.ts';
import type { AccessTokens } from './token.ts';

export const INTROSPECT = 'system:token:introspect';

/** What programs ask about tokens that were given to them. */
export function introspectionRoutes(tokens: AccessTokens, ratePerMinute: number): AnyRoute[] {
  return [
    route({
      method: 'POST',
      path: '/auth/revoke',
      access: 'public',
      ratePerMinute,
      bare: true,
      summary: 'Revoke a token (OAuth2)',
      description:
        'RFC 7009, as a form: ends the session of an access or refresh token, with all its tokens. Whoever has the token may. ' +
        'The answer is the same for a token that is worth nothing.',
      body: RevocationRequest,
      errors: [oauthErrors.unsupported_token_type],
      async handle(ctx, { body, reply }) {
        await revokeToken(ctx, tokens, body.token);
        reply.header('cache-control', 'no-store').header('pragma', 'no-cache');
      },
    }),
    route({
      method: 'POST',
      path: '/auth/introspect',
      access: INTROSPECT,
      changesNothing: true,
      bare: true,
      summary: 'Ask what a token is worth (OAuth2)',
      description:
        'RFC 7662, as a form, for programs that are given tokens of this one. They ask with an API key whose owner holds the ' +
        'permission. Nothing is said that the token itself would not open.',
      body: IntrospectionRequest,
      response: Introspection,
      handle(ctx, { body, reply }) {
        reply.header('cache-control', 'no-store').header('pragma', 'no-cache');
        return introspect(ctx, tokens, body.token);
      },
    }),
  ];
}
