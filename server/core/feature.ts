import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Access } from './access.ts';
import type { Context } from './context.ts';
import type { Entity } from './entity.ts';
import type { ErrorFactory } from './errors.ts';
import type { Text } from './i18n.ts';
import type { Static, TSchema } from './schema.ts';

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
  /** Answers with a file of this content type instead of the envelope; the handler returns its text piece by piece. */
  readonly file?: string;
  /** Open to somebody who still has to change their password. */
  readonly allowPasswordChange?: boolean;
  /** Requests one address may make in a minute. */
  readonly ratePerMinute?: number;
  handle(
    ctx: Context,
    input: RouteInput<P, Q, B>,
  ): R extends TSchema ? Static<R> | Promise<Static<R>> : void | Promise<void> | AsyncIterable<string>;
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

/** A folder under `modules/`: what it adds to the program. */
export interface Feature {
  /** Name of the folder, and tag of its routes in the document. */
  readonly name: string;
  readonly title: Text;
  readonly description: string;
  readonly entities?: readonly Entity[];
  readonly routes?: readonly AnyRoute[];
  /** What a broken constraint of this feature's tables means, by the constraint's name. */
  readonly constraints?: Readonly<Record<string, ErrorFactory>>;
}
