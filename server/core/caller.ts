import type { FastifyBaseLogger } from 'fastify';
import type { Actor } from './access.ts';
import type { Locale } from './i18n.ts';

/** What a request (or a job, or a script) brings with it. */
export interface Caller {
  readonly actor: Actor | null;
  readonly sessionId: string | null;
  /** The key that a machine acts by, in the name of the actor. */
  readonly apiKey: { readonly id: number; readonly name: string } | null;
  /** Who looks at the program as the actor, changing nothing. */
  readonly viewer: { readonly userId: number; readonly username: string } | null;
  /** The task that is being run. */
  readonly task?: { readonly id: number; readonly name: string };
  readonly locale: Locale;
  readonly log: FastifyBaseLogger;
  readonly requestId: string;
  /** 32 hexadecimal digits: what ties a request to its lines, its tasks and what they led to; null where nothing led here. */
  readonly traceId: string | null;
  readonly address: string | null;
  readonly userAgent: string | null;
}
