import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { blockListOf, familyOf } from './address.ts';
import type { Metrics } from './metrics.ts';

export interface MetricsAccess {
  /** What Prometheus sends as a bearer token. */
  readonly METRICS_TOKEN: string;
  /** Who may read without it. */
  readonly METRICS_ADDRESSES: readonly string[];
}

/** `/metrics`, for whoever brings the token or comes from one of the addresses. For everybody else it does not exist. */
export function installMetrics(
  app: FastifyInstance,
  metrics: Metrics,
  { METRICS_TOKEN: token, METRICS_ADDRESSES }: MetricsAccess,
): void {
  if (!token && METRICS_ADDRESSES.length === 0) return;
  const addresses = blockListOf(METRICS_ADDRESSES);
  const expected = digest(token);
  const mayRead = (request: FastifyRequest) => {
    if (addresses.check(request.ip, familyOf(request.ip))) return true;
    const given = /^bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
    return token !== '' && given !== undefined && timingSafeEqual(digest(given), expected);
  };
  const options = { config: { access: 'public' as const }, schema: { hide: true }, logLevel: 'warn' as const };
  app.get('/metrics', options, async (request, reply) => {
    if (!mayRead(request)) return reply.callNotFound();
    return reply
      .type('text/plain; version=0.0.4; charset=utf-8')
      .header('cache-control', 'no-store')
      .send(await metrics.text());
  });
}

const digest = (text: string) => createHash('sha256').update(text).digest();
