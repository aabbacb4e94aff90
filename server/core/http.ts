import { Readable } from 'node:stream';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Access } from './access.ts';
import { keepCall } from './audit-requests.ts';
import type { Context } from './context.ts';
import { AppError, type ErrorFactory, requestErrors, serverErrors, toErrorBody } from './errors.ts';
import { type AnyRoute, type Feature, isOpenToKeys } from './feature.ts';
import { type Locale, negotiateLocale, text, translate } from './i18n.ts';
import { message, oneOf, ref, register, schemaName, type TSchema, Type } from './schema.ts';
import type { Tracing } from './tracing.ts';
import { SchemaViolation } from './validation.ts';

export const API_PREFIX = '/api/v1';

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
    route?: AnyRoute;
    /** The feature it belongs to, which is also the module it logs as. */
    module?: string;
    allowPasswordChange?: boolean;
    allowEnrolment?: boolean;
  }
  interface FastifyRequest {
    ctx: Context;
  }
}

export const ErrorBodySchema = message(
  'Error',
  {
    code: Type.Integer({ description: 'the HTTP status' }),
    data: Type.Null(),
    message: Type.String({ description: "what to do, in the caller's language" }),
    error: Type.String({ description: 'stable code a program can branch on, such as `user.username_taken`' }),
    request_id: Type.String(),
    details: Type.Optional(
      Type.Array(Type.Object({ path: Type.String(), message: Type.String() }, { additionalProperties: false })),
    ),
    stack: Type.Optional(Type.String({ description: 'only with DEBUG' })),
  },
  { description: 'every failed answer' },
);

const done = text('操作成功', 'Done');

/** Puts the routes of a feature on the server. */
export function registerRoutes(app: FastifyInstance, feature: Feature, tracing: Tracing): void {
  for (const declared of feature.routes ?? []) {
    app.route({
      method: declared.method,
      url: API_PREFIX + declared.path,
      config: {
        access: declared.access,
        route: declared,
        module: feature.name,
        ...(declared.allowPasswordChange && { allowPasswordChange: true }),
        ...(declared.allowEnrolment && { allowEnrolment: true }),
        ...(declared.ratePerMinute && { rateLimit: { max: declared.ratePerMinute, timeWindow: 60_000 } }),
      },
      schema: schemaOf(declared, feature.name),
      handler: handlerOf(tracing.isOn ? traced(declared, feature.name, tracing) : declared),
    });
  }
}

/** The same route, whose call of the service is a span of its own. */
function traced(declared: AnyRoute, feature: string, tracing: Tracing): AnyRoute {
  const name = `${feature}.${operationId(declared)}`;
  return {
    ...declared,
    handle: (ctx: Context, input: Parameters<AnyRoute['handle']>[1]) =>
      tracing.span(name, 'internal', { 'code.namespace': feature }, async () => declared.handle(ctx, input)),
  };
}

function handlerOf(declared: AnyRoute) {
  const { handle, bare, file, redirect, message = done } = declared;
  return async (request: FastifyRequest, reply: FastifyReply) => {
    const { params, query, body, ctx } = request;
    const data = await handle(ctx, { params, query, body, request, reply });
    await keepCall(declared, request);
    if (redirect) return reply.redirect(data as string, 303);
    if (file) return reply.type(file).send(Readable.from(data as AsyncIterable<string | Uint8Array>));
    return bare ? data : { code: 200, data: data ?? null, message: translate(message, ctx.locale) };
  };
}

function schemaOf(declared: AnyRoute, tag: string) {
  const { access, params, query, body } = declared;
  const permission = access !== 'public' && access !== 'signed-in' ? access : undefined;
  return {
    tags: [tag],
    summary: declared.summary,
    description: [declared.description, permission && `Needs the permission \`${permission}\`.`, stepUpNote(declared)]
      .filter(Boolean)
      .join('\n\n'),
    operationId: operationId(declared),
    security: access === 'public' ? [] : [{ oauth2: [] }, { bearer: [] }],
    ...(permission && { 'x-permission': permission }),
    ...(declared.stepUp && { 'x-step-up': true }),
    ...(access !== 'public' && { 'x-api-keys': isOpenToKeys(declared) }),
    ...(params && { params }),
    ...(query && { querystring: query }),
    ...(body && { body: ref(body) }),
    response: {
      ...(declared.redirect ? { 303: redirectAnswer() } : { 200: successOf(declared) }),
      ...failuresOf(declared),
    },
  };
}

const stepUpNote = ({ stepUp }: AnyRoute) =>
  stepUp &&
  `Dangerous${stepUp === true ? '' : ', depending on the request'}: the session must have proven itself recently (\`POST /auth/step-up\`).`;

const redirectAnswer = () => ({ description: 'where the browser goes on', type: 'null' });

function successOf({ bare, file, response }: AnyRoute) {
  if (file) {
    const [type = file] = file.split(';');
    const schema = { type: 'string', ...(!type.startsWith('text/') && { format: 'binary' }) };
    return { description: 'the file', content: { [type]: { schema } } };
  }
  if (bare) return response ? ref(response) : Type.Null();
  return ref(envelopeOf(response));
}

const envelopes = new Map<string, TSchema>();

function envelopeOf(data: TSchema | undefined): TSchema {
  const inner = data && schemaName(data);
  if (data && !inner) throw new Error('the data of a response needs a name: declare it with message()');
  const name = inner ? `${inner}Response` : 'EmptyResponse';
  const known = envelopes.get(name);
  if (known) return known;
  const envelope = message(name, {
    code: Type.Integer({ enum: [200] }),
    data: data ? ref(data) : Type.Null(),
    message: Type.String(),
  });
  envelopes.set(name, envelope);
  return envelope;
}

const everyRoute: readonly ErrorFactory[] = [requestErrors.invalid, requestErrors.too_many];

function failuresOf(declared: AnyRoute): Record<string, unknown> {
  const codes = new Map<number, string[]>();
  const add = (status: number, code: string) => codes.set(status, [...(codes.get(status) ?? []), code]);
  for (const factory of [...everyRoute, ...(declared.errors ?? [])])
    add(factory.definition.status, factory.definition.code);
  if (declared.access !== 'public') add(401, 'access.unauthenticated');
  if (declared.access !== 'public') add(403, 'access.forbidden');
  if (declared.stepUp) add(403, 'access.step_up_required');
  if (declared.body) {
    add(413, 'request.body_too_large');
    add(415, 'request.unsupported_media_type');
  }
  add(500, 'server.internal');
  return Object.fromEntries(
    [...codes]
      .sort(([a], [b]) => a - b)
      .map(([status, names]) => [status, { ...failureBody(declared), description: names.join(', ') }]),
  );
}

const failureBody = (declared: AnyRoute) => (failsAsOAuth(declared) ? ref(OAuthErrorSchema) : ref(ErrorBodySchema));

/** Where a standard says how its errors look; who is refused elsewhere hears it as everywhere (RFC 7662 §2.3, RFC 6750 §3). */
const failsAsOAuth = ({ bare, access }: AnyRoute) => bare === true && access === 'public';

/** RFC 6749 §5.2. */
export const OAuthErrorSchema = register(
  'OAuthError',
  Type.Object(
    {
      error: oneOf([
        'invalid_request',
        'invalid_client',
        'invalid_grant',
        'unsupported_grant_type',
        'unsupported_token_type',
        'invalid_scope',
        'server_error',
        'temporarily_unavailable',
      ]),
      error_description: Type.Optional(Type.String()),
    },
    { $id: 'OAuthError', title: 'OAuthError', additionalProperties: false, description: 'RFC 6749 §5.2' },
  ),
);

function operationId({ method, path }: AnyRoute): string {
  const words = path
    .split('/')
    .filter(Boolean)
    .map((segment) => segment.replace(':', 'by-'));
  return [method.toLowerCase(), ...words].join('-').replace(/[-_]+(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** What an unexpected failure becomes: `translateUnknown` may know it (a constraint of the database), else it is a 500. */
export interface ErrorHandlerOptions {
  readonly debug: boolean;
  readonly fallbackLocale: Locale;
  readonly translateUnknown: (error: unknown) => AppError | null;
  /** Is told of every request that is refused, by the code of the error. */
  readonly onRefused: (code: string) => void;
}

/** Makes every failure an answer in the envelope, in the caller's language, with a request id. */
export function installErrorHandler(app: FastifyInstance, options: ErrorHandlerOptions): void {
  const answer = (request: FastifyRequest, reply: FastifyReply, error: AppError, cause?: unknown) => {
    const locale = request.ctx?.locale ?? negotiateLocale(request.headers['accept-language'], options.fallbackLocale);
    const { status } = error.definition;
    const refusal = status === 403 ? error : error.forbidden;
    if (refusal) request.refusal = refusal;
    if (refusal || status === 401 || status === 429) options.onRefused((refusal ?? error).definition.code);
    if (status === 401) reply.header('www-authenticate', 'Bearer');
    if (status === 429 && error.params?.['seconds']) reply.header('retry-after', error.params['seconds']);
    if (status >= 500) request.log.error({ err: cause ?? error }, 'request failed');
    // A cache that kept it would go on failing: a file that is missing during an update, for one.
    reply.code(status).type('application/json; charset=utf-8').header('cache-control', 'no-store');
    const body = toErrorBody(error, locale, request.id);
    const stack = options.debug && cause instanceof Error ? { stack: cause.stack } : {};
    const { route } = request.routeOptions.config;
    if (route && failsAsOAuth(route)) {
      return reply.send(toOAuthError(error, translate(error.definition.message, 'en-US', error.params)));
    }
    return reply.send({ ...body, ...stack });
  };

  app.setErrorHandler((error: FastifyError | AppError, request, reply) => {
    if (error instanceof AppError) return answer(request, reply, error, error);
    return answer(request, reply, translateError(error, options.translateUnknown), error);
  });
}

function translateError(error: FastifyError, translateUnknown: (error: unknown) => AppError | null): AppError {
  const cause = error instanceof SchemaViolation ? error : (error as { cause?: unknown }).cause;
  if (cause instanceof SchemaViolation) return requestErrors.invalid().at(...cause.details);
  if (error.statusCode === 413) return requestErrors.body_too_large();
  if (error.statusCode === 415) return requestErrors.unsupported_media_type();
  if (error.statusCode === 408) return requestErrors.timed_out();
  if (error.statusCode === 503) return serverErrors.unavailable();
  if (error.statusCode && error.statusCode < 500) return requestErrors.malformed();
  return translateUnknown(error) ?? serverErrors.internal();
}

/** RFC 6749 §5.2: what the token endpoint says instead of the envelope. */
function toOAuthError(error: AppError, description: string): { error: string; error_description: string } {
  const { code, status } = error.definition;
  if (code.startsWith('oauth.')) return { error: code.slice('oauth.'.length), error_description: description };
  if (status === 429 || status === 503) return { error: 'temporarily_unavailable', error_description: description };
  return {
    error:
      status >= 500
        ? 'server_error'
        : status === 400 && !code.startsWith('request.')
          ? 'invalid_grant'
          : 'invalid_request',
    error_description: description,
  };
}
