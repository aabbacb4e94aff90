import type { FastifyBaseLogger, FastifyInstance } from 'fastify';

/** One line per request once it is answered: who, what, how it ended, how long it took. Bodies and headers stay out. */
export function installRequestLog(app: FastifyInstance): void {
  // Nothing in this line can be a secret, and looking through it for one would cost as much as answering the request.
  const lines = app.log.child({}, { redact: [] });
  app.addHook('onResponse', (request, reply, done) => {
    const { url = null, logLevel } = request.routeOptions;
    const line = {
      method: request.method,
      // The pattern, not the address: a query can hold what does not belong into a log.
      route: url,
      status: reply.statusCode,
      duration_ms: Math.round(reply.elapsedTime * 100) / 100,
      user_id: request.ctx?.caller.actor?.userId ?? null,
      address: request.ip,
    };
    if (logLevel) {
      request.log.info(line, 'request');
    } else {
      if (lines.level !== app.log.level) lines.level = app.log.level;
      lines.info({ request_id: request.id, ...line }, 'request');
    }
    done();
  });
}

type ChildArguments = Parameters<FastifyBaseLogger['child']>;
type Line = [first: any, ...rest: any[]];

/**
 * The logger of one request: a child of the program's that is made when it is first used. Most requests never log a line of their
 * own, and a child that redacts costs as much as running a statement.
 */
export class RequestLogger implements FastifyBaseLogger {
  readonly #parent: FastifyBaseLogger;
  readonly #childArguments: ChildArguments;
  #made: FastifyBaseLogger | undefined;

  constructor(parent: FastifyBaseLogger, childArguments: ChildArguments) {
    this.#parent = parent;
    this.#childArguments = childArguments;
  }

  get level(): string {
    return this.#child.level;
  }

  set level(level: string) {
    this.#child.level = level;
  }

  fatal(...line: Line): void {
    this.#child.fatal(...line);
  }

  error(...line: Line): void {
    this.#child.error(...line);
  }

  warn(...line: Line): void {
    this.#child.warn(...line);
  }

  info(...line: Line): void {
    this.#child.info(...line);
  }

  debug(...line: Line): void {
    this.#child.debug(...line);
  }

  trace(...line: Line): void {
    this.#child.trace(...line);
  }

  silent(...line: Line): void {
    this.#child.silent(...line);
  }

  child(...childArguments: ChildArguments): FastifyBaseLogger {
    return this.#child.child(...childArguments);
  }

  get #child(): FastifyBaseLogger {
    this.#made ??= this.#parent.child(...this.#childArguments);
    return this.#made;
  }
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
