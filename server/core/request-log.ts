import type { FastifyInstance } from 'fastify';

/** One line per request once it is answered: who, what, how it ended, how long it took. Bodies and headers stay out. */
export function installRequestLog(app: FastifyInstance): void {
  app.addHook('onResponse', (request, reply, done) => {
    request.log.info(
      {
        method: request.method,
        // The pattern, not the address: a query can hold what does not belong into a log.
        route: request.routeOptions.url ?? null,
        status: reply.statusCode,
        duration_ms: Math.round(reply.elapsedTime * 100) / 100,
        user_id: request.ctx?.caller.actor?.userId ?? null,
        address: request.ip,
      },
      'request',
    );
    done();
  });
}
