import type { FastifyInstance } from 'fastify';
import type { Caller } from './caller.ts';
import type { LogLevels } from './log-levels.ts';
import type { Metrics } from './metrics.ts';
import type { RequestRecords } from './request-records.ts';
import type { RequestStats } from './request-stats.ts';

export interface RequestLogOptions {
  readonly requests: RequestStats;
  readonly metrics: Metrics;
  readonly levels: LogLevels;
  /** Where requests to the API are taken down that are stored too. */
  readonly records: RequestRecords;
  /** A request that takes longer is a warning; 0 for none. */
  readonly slowMs: number;
}

/**
 * One line per request once it is answered: who, what, how it ended, how long it took. Bodies and headers stay out.
 * Requests to the API are also counted.
 */
export function installRequestLog(
  app: FastifyInstance,
  { requests, metrics, levels, records, slowMs }: RequestLogOptions,
): void {
  // Nothing in this line can be a secret, and looking through it for one would cost as much as answering the request.
  const lines = levels.logger('http').child({}, { redact: [] });
  app.addHook('onResponse', (request, reply, done) => {
    const { url = null, logLevel } = request.routeOptions;
    const durationMs = reply.elapsedTime;
    const { route } = request.routeOptions.config;
    if (request.url.startsWith('/api/') && !route?.isStream) {
      requests.add(request.method, url, reply.statusCode, durationMs);
      metrics.request(request.method, url ?? 'unknown', reply.statusCode, durationMs);
      if (records.isOn) records.take(request, reply, durationMs);
    }
    request.span?.end(url, reply.statusCode);
    const caller = request.ctx?.caller;
    const line = {
      request_id: request.id,
      trace_id: request.trace?.traceId ?? null,
      method: request.method,
      // The pattern, not the address: a query can hold what does not belong into a log.
      route: url,
      status: reply.statusCode,
      duration_ms: Math.round(durationMs * 100) / 100,
      bytes: Number(reply.getHeader('content-length') ?? 0),
      user_id: caller?.actor?.userId ?? null,
      session_id: caller?.sessionId ?? null,
      ...namesBehind(caller),
      address: request.ip,
    };
    const level = logLevel || levels.levelOf('http');
    if (lines.level !== level) lines.level = level;
    if (slowMs > 0 && durationMs >= slowMs && !route?.isStream) lines.warn(line, 'slow request');
    else lines.info(line, 'request');
    done();
  });
}

/** Who stands behind the user of a line: the key of a machine, or somebody who looks at the program as that user. */
export function namesBehind(caller: Pick<Caller, 'apiKey' | 'viewer'> | undefined): object {
  if (!caller || (caller.apiKey === null && caller.viewer === null)) return NOBODY;
  return {
    ...(caller.apiKey && { api_key_id: caller.apiKey.id }),
    ...(caller.viewer && { viewer_id: caller.viewer.userId }),
  };
}

const NOBODY = {};

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
