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

/** What is kept of an error beside its message: names and numbers. Drivers also attach the statement with its values, or the row. */
const KEPT = ['code', 'errno', 'sqlState', 'constraint', 'table', 'column', 'statusCode'];

/** An error as it may be logged: without the values of the statement that failed, which can be a person's secrets. */
export function errorForLog(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return error;
  const properties = error as unknown as Record<string, unknown>;
  const kept = KEPT.filter((name) => ['string', 'number'].includes(typeof properties[name]));
  return {
    type: error.name,
    message: error.message,
    stack: error.stack,
    ...Object.fromEntries(kept.map((name) => [name, properties[name]])),
    ...(error.cause !== undefined && depth < 3 && { cause: errorForLog(error.cause, depth + 1) }),
  };
}
