import type { FastifyReply, FastifyRequest } from 'fastify';
import { SECRET_NAMES } from './secret-names.ts';

/** One request to the API as it is stored. What it carried, and what it was answered, is not in it. */
export interface RequestRecord {
  readonly created_at: Date;
  readonly request_id: string;
  readonly trace_id: string;
  readonly method: string;
  /** The pattern; null for an address that no route has. */
  readonly route: string | null;
  readonly path: string;
  readonly status: number;
  readonly duration_ms: number;
  readonly bytes: number;
  readonly user_id: number | null;
  readonly username: string | null;
  readonly session_id: string | null;
  readonly api_key_id: number | null;
  readonly api_key_name: string | null;
  readonly viewer_id: number | null;
  readonly viewer_name: string | null;
  readonly address: string | null;
  readonly user_agent: string | null;
}

export interface RequestRecordsOptions {
  /** How many percent of the requests are stored; 0 stores none. */
  readonly percent: number;
  /** A request that takes longer is always stored; 0 for none. */
  readonly slowMs: number;
  readonly now: () => Date;
  /** Records that may wait; what comes beyond is counted and lost. */
  readonly most?: number;
}

/** What may wait while the database is away: a few megabytes. */
const MOST_WAITING = 10_000;
/** Rows of one statement. */
const ROWS_PER_WRITE = 200;
/** So many are written before their time. */
const MANY = 1000;

export const LONGEST_PATH = 500;
export const LONGEST_AGENT = 255;
const GREATEST_INTEGER = 2_147_483_647;

/** Requests that were answered, on their way into the database. They are written many at a time, and never hold a request up. */
export class RequestRecords {
  readonly #options: Required<RequestRecordsOptions>;
  readonly #waiting: RequestRecord[] = [];
  #writing: Promise<void> | null = null;
  #writeEarly: () => void = () => undefined;
  #dropped = 0;

  constructor(options: RequestRecordsOptions) {
    this.#options = { most: MOST_WAITING, ...options };
  }

  get isOn(): boolean {
    return this.#options.percent > 0;
  }

  /** How many were lost because too many waited. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Sets what is called when many wait. */
  writesEarlyBy(write: () => void): void {
    this.#writeEarly = write;
  }

  /** Takes an answered request down if it is one of those that are stored. */
  take(request: FastifyRequest, reply: FastifyReply, durationMs: number): void {
    if (!this.#isWanted(reply.statusCode, durationMs, request.trace.traceId)) return;
    if (this.#waiting.length >= this.#options.most) {
      this.#dropped += 1;
      return;
    }
    this.#waiting.push(recordOf(request, reply, durationMs, this.#options.now()));
    if (this.#waiting.length % MANY === 0) this.#writeEarly();
  }

  /** Hands what waits to `write`, the oldest first. What could not be written goes on waiting. Rejects as `write` does. */
  writeBy(write: (records: readonly RequestRecord[]) => Promise<unknown>): Promise<void> {
    this.#writing ??= this.#writeAll(write).finally(() => {
      this.#writing = null;
    });
    return this.#writing;
  }

  async #writeAll(write: (records: readonly RequestRecord[]) => Promise<unknown>): Promise<void> {
    while (this.#waiting.length > 0) {
      const some = this.#waiting.slice(0, ROWS_PER_WRITE);
      await write(some);
      this.#waiting.splice(0, some.length);
    }
  }

  /** All requests of a trace are stored, or none of them: its id decides, which is as good as a die. */
  #isWanted(status: number, durationMs: number, traceId: string): boolean {
    const { percent, slowMs } = this.#options;
    if (percent === 0) return false;
    if (status >= 500 || (slowMs > 0 && durationMs >= slowMs)) return true;
    return percent === 100 || Number.parseInt(traceId.slice(-8), 16) * 100 < percent * 2 ** 32;
  }
}

function recordOf(request: FastifyRequest, reply: FastifyReply, durationMs: number, now: Date): RequestRecord {
  const { actor = null, sessionId = null, apiKey = null, viewer = null, address = null } = request.ctx?.caller ?? {};
  return {
    created_at: now,
    request_id: request.id,
    trace_id: request.trace.traceId,
    method: request.method,
    route: request.routeOptions.url ?? null,
    path: pathToKeep(request),
    status: reply.statusCode,
    duration_ms: Math.min(GREATEST_INTEGER, Math.round(durationMs)),
    bytes: Math.min(GREATEST_INTEGER, Number(reply.getHeader('content-length') ?? 0)),
    user_id: actor?.userId ?? null,
    username: actor?.username ?? null,
    session_id: sessionId,
    api_key_id: apiKey?.id ?? null,
    api_key_name: apiKey?.name ?? null,
    viewer_id: viewer?.userId ?? null,
    viewer_name: viewer?.username ?? null,
    address,
    user_agent: request.headers['user-agent']?.slice(0, LONGEST_AGENT) ?? null,
  };
}

const secrets: ReadonlySet<string> = new Set(SECRET_NAMES);

/**
 * The path, and of the query what the route declares: anything else that a client puts there may be anything. Of a route that is open to
 * everybody nothing is kept, because such queries carry codes of sign-ins.
 */
function pathToKeep({ url, routeOptions: { config } }: FastifyRequest): string {
  const end = url.indexOf('?');
  if (end === -1) return url.slice(0, LONGEST_PATH);
  const declared: Readonly<Record<string, unknown>> = config.route?.query?.properties ?? {};
  const kept =
    config.access === 'public'
      ? []
      : [...new URLSearchParams(url.slice(end + 1))]
          .filter(([name]) => Object.hasOwn(declared, name))
          .map(
            ([name, value]) => `${name}=${secrets.has(name) ? '[redacted]' : encodeURIComponent(value.toWellFormed())}`,
          );
  return `${url.slice(0, end)}${kept.length > 0 ? `?${kept.join('&')}` : ''}`.slice(0, LONGEST_PATH);
}
