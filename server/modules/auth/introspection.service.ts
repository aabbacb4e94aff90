import type { Context } from '#core/context.ts';
import { looksLikeKey } from '../api-key/key-check.service.ts';
import { endSessions, findSessionOfRefreshToken } from '../session/session.service.ts';
import { oauthErrors } from './auth.errors.ts';
import { lacksFactor } from './auth.service.ts';
import { authenticate, authenticateFromSnapshot } from './bearer.service.ts';
import type { Introspection } from './introspection.schema.ts';
import type { AccessTokens } from './token.ts';

const INACTIVE: Introspection = { active: false };

/**
 * What a bearer token is worth at this moment (RFC 7662): nothing that whoever holds it could not ask for with it. A token of somebody
 * who looks on as another user is worth nothing elsewhere, where nobody keeps it from changing things; nor is a key for some addresses,
 * because nobody here knows from where it came; nor a refresh token, which is for this program alone.
 */
export async function introspect(ctx: Context, tokens: AccessTokens, token: string): Promise<Introspection> {
  const claims = looksLikeKey(token) ? null : tokens.verify(token);
  if (claims?.act) return INACTIVE;
  const found =
    authenticateFromSnapshot(ctx.access, tokens, token, ctx.now(), null) ??
    (await authenticate(ctx, tokens, token, null));
  if (typeof found === 'string') return INACTIVE;
  const { actor, apiKey } = found;
  if (actor.mustChangePassword || lacksFactor(actor)) return INACTIVE;
  return {
    active: true,
    token_type: 'Bearer',
    sub: String(actor.userId),
    username: actor.username,
    scope: [...ctx.catalogue.keys()].filter((code) => actor.permissions.holds(code)).join(' '),
    ...(claims && { iat: claims.iat, exp: claims.exp }),
    ...(apiKey && { exp: Math.floor(apiKey.expiresAt / 1000) }),
  };
}

/**
 * Ends the session that an access or refresh token belongs to, with all its tokens (RFC 7009): whoever has one of them may. A token that
 * is worth nothing is no error. Throws `oauth.unsupported_token_type` for an API key.
 */
export async function revokeToken(ctx: Context, tokens: AccessTokens, token: string): Promise<void> {
  if (looksLikeKey(token)) throw oauthErrors.unsupported_token_type();
  const sessionId = tokens.verify(token)?.sid ?? (await findSessionOfRefreshToken(ctx, token));
  if (sessionId !== null) await ctx.inTransaction((ctx) => endSessions(ctx, [sessionId], 'token revoked'));
}
