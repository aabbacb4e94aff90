import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Access, isPermissionCode } from './access.ts';
import type { CacheSpec } from './cache.ts';
import type { Context } from './context.ts';
import type { Entity } from './entity.ts';
import type { ErrorFactory } from './errors.ts';
import type { Listeners } from './events.ts';
import type { Text } from './i18n.ts';
import type { Restorer } from './restore.ts';
import type { Static, TSchema } from './schema.ts';
import type { AnyTaskHandler, BuiltInJob } from './task.ts';

type Read<S> = S extends TSchema ? Static<S> : undefined;

/** What a handler gets: the validated parts of the request, and the raw exchange for the few that set a cookie. */
export interface RouteInput<P, Q, B> {
  readonly params: Read<P>;
  readonly query: Read<Q>;
  readonly body: Read<B>;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/**
 * One endpoint, declared: address, right, messages, and the one call behind it. `access` is mandatory; a route without it
 * stops the start. `response` is the data inside the envelope; left out, the data is null.
 */
export interface Route<
  P extends TSchema | undefined = TSchema | undefined,
  Q extends TSchema | undefined = TSchema | undefined,
  B extends TSchema | undefined = TSchema | undefined,
  R extends TSchema | undefined = TSchema | undefined,
> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below `/api/v1`. */
  readonly path: string;
  readonly access: Access;
  readonly summary: string;
  readonly description?: string;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  readonly response?: R;
  /** Said in the envelope when it succeeds. */
  readonly message?: Text;
  /** The errors of this feature it can answer with, besides those every route has. */
  readonly errors?: readonly ErrorFactory[];
  /** Answers without the envelope, as a standard such as OAuth2 prescribes. */
  readonly bare?: boolean;
  /** Answers with a file of this content type instead of the envelope; the handler returns its content piece by piece. */
  readonly file?: string;
  /** Goes on for as long as the caller listens, so its duration is no measure of anything. */
  readonly isStream?: boolean;
  /** Answers with a redirect to the address that the handler returns, for what a browser opens itself. */
  readonly redirect?: true;
  /** Open to somebody who still has to change their password. */
  readonly allowPasswordChange?: boolean;
  /** Open to somebody whose role asks for a second factor and who has none yet: what setting one up needs. */
  readonly allowEnrolment?: boolean;
  /**
   * Dangerous: asks that the session has proven itself within STEP_UP_MINUTES; a function says for which requests. Otherwise 403
   * `access.step_up_required`, whose details name what `POST /auth/step-up` takes. Callers without a session are refused.
   */
  readonly stepUp?: true | ((input: { readonly body: Read<B>; readonly query: Read<Q> }) => boolean);
  /** Whether a key for machines may call it. Left out: yes where a permission is asked for, no where being signed in is enough. */
  readonly apiKeys?: boolean;
  /** Open, although it is no GET, to somebody who looks at the program as another user: it changes nothing of what they see. */
  readonly allowViewing?: true;
  /** Although it is no GET, it changes nothing: a question too long for an address. */
  readonly changesNothing?: true;
  /** Fields of the body that the record of the call keeps, where that says what was changed and no row does. Never a secret. */
  readonly keeps?: readonly Extract<keyof Read<B>, string>[];
  /** Requests one address may make in a minute. */
  readonly ratePerMinute?: number;
  handle(
    ctx: Context,
    input: RouteInput<P, Q, B>,
  ): R extends TSchema
    ? Static<R> | Promise<Static<R>>
    : void | Promise<void> | AsyncIterable<string | Uint8Array> | Promise<string | AsyncIterable<string | Uint8Array>>;
}

/** A list of routes forgets their types; each was checked where it was declared. */
export type AnyRoute = Route<any, any, any, any>;

/** Declares a route so that its handler's types follow from its schemas. */
export function route<
  P extends TSchema | undefined = undefined,
  Q extends TSchema | undefined = undefined,
  B extends TSchema | undefined = undefined,
  R extends TSchema | undefined = undefined,
>(declaration: Route<P, Q, B, R>): AnyRoute {
  return declaration;
}

/** Whether a key for machines may call a route; one that asks for a new proof never is, for a key cannot give any. */
export function isOpenToKeys({ access, apiKeys, stepUp }: Pick<AnyRoute, 'access' | 'apiKeys' | 'stepUp'>): boolean {
  return (apiKeys ?? isPermissionCode(access)) && stepUp !== true;
}

/** A folder under `modules/`: what it adds to the program. */
export interface Feature {
  /** Name of the folder, and tag of its routes in the document. */
  readonly name: string;
  readonly title: Text;
  readonly description: string;
  readonly entities?: readonly Entity[];
  readonly routes?: readonly AnyRoute[];
  /** The menu row that the buttons of this feature belong to where no page asks for their permission, and what they are called. */
  readonly buttons?: { readonly menu: string; readonly titles: Readonly<Record<string, Text>> };
  /** What it keeps ready because it is read often. */
  readonly caches?: readonly CacheSpec[];
  /** Work that jobs and tasks may name. */
  readonly tasks?: readonly AnyTaskHandler[];
  /** Jobs that every installation has. */
  readonly jobs?: readonly BuiltInJob[];
  /** What a broken constraint of this feature's tables means, by the constraint's name. */
  readonly constraints?: Readonly<Record<string, ErrorFactory>>;
  /** How former values of its rows are put back, by table. */
  readonly restorers?: Readonly<Record<string, readonly Restorer[]>>;
  /** What it wants to be told once it has happened elsewhere and is durable. What a listener throws is logged. */
  readonly listeners?: Listeners;
  /** What it adds to the transaction in which something happens elsewhere; what that throws undoes it. Outside of one it comes by itself. */
  readonly companions?: Listeners;
}
