import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** OWASP Secure Headers. The documents' pages and the console bring their own policy. */
const SECURITY_HEADERS = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const;

const HTTPS_ONLY = 'max-age=31536000; includeSubDomains';

/** Sets the security headers on every answer; answers of the API are never kept by a cache unless a route says so. */
export function installSecurityHeaders(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    secureAnswer(request, reply);
    done();
  });
}

/** Sets the headers of one answer; for those that are sent before any hook runs. */
export function secureAnswer(request: FastifyRequest, reply: FastifyReply): void {
  reply.headers(SECURITY_HEADERS);
  reply.header('x-request-id', request.id);
  if (request.url.startsWith('/api/')) reply.header('cache-control', 'no-store');
  if (request.protocol === 'https') reply.header('strict-transport-security', HTTPS_ONLY);
}
