import type { FastifyInstance } from 'fastify';
import type { AccessTokens } from './token.ts';

/** How long others may keep the keys: a new one is there before the old tokens are over. */
const MAX_AGE_SECONDS = 300;

/** `/.well-known/jwks.json` (RFC 7517): the key by which others verify access tokens. There is none when a secret signs them. */
export function installKeySet(app: FastifyInstance, { publicKey }: AccessTokens): void {
  if (publicKey === null) return;
  const options = { config: { access: 'public' }, schema: { hide: true } } as const;
  app.get('/.well-known/jwks.json', options, async (_request, reply) =>
    reply
      .type('application/jwk-set+json')
      .header('cache-control', `public, max-age=${MAX_AGE_SECONDS}`)
      .send(JSON.stringify({ keys: [publicKey] })),
  );
}
