import type { FastifyBaseLogger, FastifyRequest } from 'fastify';
import type { LogLevels } from './log-levels.ts';
import { namesBehind } from './request-log.ts';

type ChildArguments = Parameters<FastifyBaseLogger['child']>;
type Line = [first: any, ...rest: any[]];

/**
 * The logger of one request: a child of the program's that is made when it is first used. Most requests never log a line of their
 * own, and a child that redacts costs as much as running a statement. It names the request, its trace, and who sent it.
 */
export class RequestLogger implements FastifyBaseLogger {
  readonly #parent: FastifyBaseLogger;
  readonly #childArguments: ChildArguments;
  readonly #levels: LogLevels;
  #request: FastifyRequest | undefined;
  #made: FastifyBaseLogger | undefined;

  constructor(parent: FastifyBaseLogger, childArguments: ChildArguments, levels: LogLevels) {
    this.#parent = parent;
    this.#childArguments = childArguments;
    this.#levels = levels;
  }

  /** Says which request it is: from now on lines name what is known of it. */
  about(request: FastifyRequest): void {
    this.#request = request;
    this.#made = undefined;
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
    this.#made ??= this.#make();
    return this.#made;
  }

  #make(): FastifyBaseLogger {
    const [bindings, options] = this.#childArguments;
    const request = this.#request;
    const module = request?.routeOptions.config.module ?? 'http';
    const caller = request?.ctx?.caller;
    const names = {
      ...bindings,
      module,
      ...(request && { trace_id: request.trace.traceId }),
      ...(caller?.actor && { user_id: caller.actor.userId }),
      ...(caller?.sessionId && { session_id: caller.sessionId }),
      ...namesBehind(caller),
    };
    return this.#parent.child(names, { ...options, level: options?.level ?? this.#levels.levelOf(module) });
  }
}
