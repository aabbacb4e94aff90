import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { BlockList } from 'node:net';
import Fastify, {
  type ConnectionError,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify';
import { requestErrors, toErrorBody } from './errors.ts';
import { secureAnswer } from './headers.ts';
import type { Locale } from './i18n.ts';
import type { LogLevels } from './log-levels.ts';
import { RequestLogger } from './request-logger.ts';
import { namedSchemas } from './schema.ts';
import { ownTrace, readTraceparent, type Trace } from './trace.ts';
import type { RequestSpan, Tracing } from './tracing.ts';
import { LazyValidators } from './validation.ts';

export interface ServerOptions {
  readonly logger: FastifyBaseLogger;
  readonly levels: LogLevels;
  readonly tracing: Tracing;
  readonly bodyLimit: number;
  readonly requestTimeoutMs: number;
  /** Peers whose `X-Forwarded-*`, `X-Request-Id` and `traceparent` are believed. */
  readonly trustedProxies: readonly string[];
  readonly trusted: BlockList;
  readonly defaultLocale: Locale;
  /** Fail on every answer that differs from its schema. */
  readonly checkResponses: boolean;
}

const REQUEST_ID = /^[\w.:-]{1,64}$/;

/** A bare HTTP server with the house's parsing, validation and limits; no routes yet. */
export function createServer(options: ServerOptions): FastifyInstance {
  const app: FastifyInstance = Fastify({
    loggerInstance: options.logger,
    // One line of our own per request (request-log.ts) instead of two.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'request_id' }),
    childLoggerFactory: (logger, bindings, childOptions) =>
      new RequestLogger(logger, [bindings, childOptions], options.levels),
    bodyLimit: options.bodyLimit,
    requestTimeout: options.requestTimeoutMs,
    // Node's own limits are a minute for the headers, and a look at late requests every half minute.
    http: {
      headersTimeout: options.requestTimeoutMs,
      requestTimeout: options.requestTimeoutMs,
      connectionsCheckingInterval: Math.min(5000, options.requestTimeoutMs / 2),
    },
    forceCloseConnections: 'idle',
    return503OnClosing: true,
    exposeHeadRoutes: false,
    trustProxy: options.trustedProxies.length > 0 ? [...options.trustedProxies] : false,
    requestIdHeader: false,
    genReqId: (request) => acceptedRequestId(request as IncomingMessage, options.trusted) ?? randomUUID(),
    routerOptions: { ignoreTrailingSlash: true, caseSensitive: true, maxParamLength: 200 },
    frameworkErrors: (_error, request, reply) => {
      const body = toErrorBody(requestErrors.malformed(), options.defaultLocale, request.id);
      // No hook runs for an address that cannot be read.
      secureAnswer(request as FastifyRequest, reply as FastifyReply);
      (reply as FastifyReply).code(400).type('application/json; charset=utf-8').send(body);
    },
    clientErrorHandler: (error, socket) => {
      if (!socket.writable) return;
      const [status, factory] = clientError(error);
      const body = JSON.stringify(toErrorBody(factory(), options.defaultLocale, randomUUID()));
      socket.end(
        `HTTP/1.1 ${status}\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
      );
    },
  });
  app.removeContentTypeParser('text/plain');
  traceRequests(app, options.trusted, options.tracing);
  refuseUnstorableText(app);
  closeConnectionsWhenStopping(app);
  return app;
}

/** A connection whose last request was still open when the stop began would be kept alive until the time for stopping is over. */
function closeConnectionsWhenStopping(app: FastifyInstance): void {
  app.addHook('preClose', (done) => {
    const timer = setInterval(() => app.server.closeIdleConnections(), 100);
    app.server.once('close', () => clearInterval(timer));
    timer.unref();
    done();
  });
}

/** Validates with the named schemas known by now. Call it after every feature has declared its own. */
export function installSchemas(app: FastifyInstance, checkResponses: boolean): void {
  for (const schema of namedSchemas()) app.addSchema(schema);
  const validators = new LazyValidators();
  app.setValidatorCompiler(validators.compile as never);
  app.setSerializerCompiler(checkResponses ? (validators.checkedSerializer as never) : () => JSON.stringify);
}

declare module 'fastify' {
  interface FastifyRequest {
    trace: Trace;
    span: RequestSpan | null;
  }
}

/** Gives every request a trace, and says which in its answer. That of a caller is taken over only from a trusted peer. */
function traceRequests(app: FastifyInstance, trusted: BlockList, tracing: Tracing): void {
  app.decorateRequest('trace', null as never);
  app.decorateRequest('span', null);
  app.addHook('onRequest', (request, reply, done) => {
    const { traceparent } = request.headers;
    const taken = traceparent && isTrusted(request.raw, trusted) ? readTraceparent(traceparent) : null;
    request.trace = taken ?? ownTrace(request.id);
    reply.header('x-trace-id', request.trace.traceId);
    if (request.log instanceof RequestLogger) request.log.about(request);
    if (tracing.isOn && request.url.startsWith('/api/')) request.span = tracing.request(request.method, request.trace);
    if (request.span) request.span.run(done);
    else done();
  });
}

/** A request id is believed only from a trusted peer, so that nobody can write into another's log lines. */
function acceptedRequestId(request: IncomingMessage, trusted: BlockList): string | undefined {
  const id = request.headers['x-request-id'];
  if (typeof id !== 'string' || !REQUEST_ID.test(id)) return undefined;
  return isTrusted(request, trusted) ? id : undefined;
}

function isTrusted(request: IncomingMessage, trusted: BlockList): boolean {
  const address = request.socket?.remoteAddress?.replace(/^::ffff:/, '') ?? '';
  return trusted.check(address, address.includes(':') ? 'ipv6' : 'ipv4');
}

function clientError(
  error: ConnectionError,
): [status: string, factory: (typeof requestErrors)[keyof typeof requestErrors]] {
  if (error.code === 'HPE_HEADER_OVERFLOW')
    return ['431 Request Header Fields Too Large', requestErrors.headers_too_large];
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') return ['408 Request Timeout', requestErrors.timed_out];
  return ['400 Bad Request', requestErrors.malformed];
}

/**
 * NUL and lone surrogates are no text to a database (PostgreSQL refuses the first, none keeps the second), so they are refused
 * once for every route: in the address, in JSON bodies and in forms.
 */
function refuseUnstorableText(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body: string, done) => {
    if (body.length === 0) return done(null, undefined);
    void parse(request, body, (error, value) => {
      if (error) return done(error);
      // Only an escape can bring such text in; most bodies have none and are not walked.
      const suspicious = /\\u(0000|d[89a-f])/i.test(body);
      const unstorable = suspicious ? findUnstorable(value) : null;
      done(unstorable === null ? null : requestErrors.malformed().on(unstorable || 'body'), value);
    });
  });
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (request, body: string, done) => {
      // Browsers send forms to other sites unasked, so only the OAuth2 routes, which must take them and set no cookie, do.
      if (!request.routeOptions.config.route?.bare) return done(requestErrors.unsupported_media_type());
      const parameters = new URLSearchParams(body);
      const form = Object.fromEntries(parameters);
      // RFC 6749 §3.2: what is said twice may be read in two ways.
      const repeated = Object.keys(form).find((name) => parameters.getAll(name).length > 1);
      const wrong = repeated ?? findUnstorable(form);
      done(wrong === null ? null : requestErrors.malformed().on(wrong), form);
    },
  );
  app.addHook('onRequest', (request, reply, done) => {
    if (!request.raw.url?.includes('%00')) return done();
    // This hook is the first; the one that sets the headers comes later.
    secureAnswer(request, reply);
    done(requestErrors.malformed());
  });
}

function findUnstorable(root: unknown): string | null {
  const pending: { path: string; value: unknown }[] = [{ path: '', value: root }];
  for (let next = pending.pop(); next; next = pending.pop()) {
    const { path, value } = next;
    if (typeof value === 'string' && !isStorable(value)) return path;
    if (value === null || typeof value !== 'object') continue;
    for (const [key, child] of Object.entries(value)) {
      const childPath = path ? `${path}.${key}` : key;
      if (!isStorable(key)) return path || 'body';
      pending.push({ path: childPath, value: child });
    }
  }
  return null;
}

const isStorable = (value: string) => !value.includes('\0') && value.isWellFormed();
