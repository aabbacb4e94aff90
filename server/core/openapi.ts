import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import type { Feature } from './feature.ts';
import { API_PREFIX } from './http.ts';

const require = createRequire(import.meta.url);

/** Documents from elsewhere would need `unsafe-eval` or a CDN; these need neither. ReDoc builds its search in a worker and styles itself. */
const DOCUMENT_POLICY =
  "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

/** The one thing the bundle would fetch from elsewhere. */
const REDOC_LOGO = 'https://cdn.redoc.ly/redoc/logo-mini.svg';
const NO_IMAGE = 'data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=';

/**
 * Describes every route (OpenAPI 3.1). With `served` the document is at `/openapi.json`, Swagger UI at `/docs` (its Authorize button
 * signs in at the token endpoint) and ReDoc at `/redoc`, all from this process. Call it before the routes are registered.
 */
export async function installDocuments(
  app: FastifyInstance,
  features: readonly Feature[],
  served: boolean,
): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Fastify Vue3 Admin',
        version: '0.1.0',
        description:
          'Answers come in one envelope, `{"code":200,"data":…,"message":"…"}`; failures carry a stable `error` code besides. Messages follow `Accept-Language` (zh-CN, en-US).',
        license: { name: 'MIT', identifier: 'MIT' },
      },
      servers: [{ url: '/', description: 'this service' }],
      tags: features
        .filter((feature) => feature.routes?.length)
        // The registry begins with what everything stands on; a reader begins with signing in.
        .toReversed()
        .map((feature) => ({ name: feature.name, description: feature.description })),
      components: {
        securitySchemes: {
          oauth2: {
            type: 'oauth2',
            description: 'Sign in with a username and a password.',
            flows: {
              password: { tokenUrl: `${API_PREFIX}/auth/token`, refreshUrl: `${API_PREFIX}/auth/token`, scopes: {} },
            },
          },
          bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'An access token.' },
        },
      },
    },
    refResolver: {
      buildLocalReference: (json, _baseUri, _fragment, index) => String(json['$id'] ?? `schema-${index}`),
    },
  });
  if (!served) return;

  await app.register(async (documents) => {
    documents.addHook('onRoute', (route) => {
      route.config = { ...route.config, access: 'public' };
      route.logLevel = 'warn';
    });
    documents.addHook('onSend', (_request, reply, _payload, done) => {
      reply.header('content-security-policy', DOCUMENT_POLICY);
      done();
    });
    await documents.register(swaggerUi, {
      routePrefix: '/docs',
      uiConfig: {
        url: '/openapi.json',
        persistAuthorization: false,
        displayRequestDuration: true,
        docExpansion: 'list',
        tryItOutEnabled: true,
      },
      theme: { title: 'Fastify Vue3 Admin' },
    });
    const schema = { hide: true } as const;
    documents.get('/openapi.json', { schema }, (_request, reply) =>
      reply.type('application/json').send(JSON.stringify(app.swagger())),
    );
    const redocPage = Buffer.from(
      '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>Fastify Vue3 Admin</title><body style="margin:0"><redoc spec-url="/openapi.json" disable-google-font hide-download-button></redoc><script src="/redoc/redoc.standalone.js"></script></body></html>',
    );
    documents.get('/redoc', { schema }, (_request, reply) => reply.type('text/html; charset=utf-8').send(redocPage));
    let redocScript: Buffer | undefined;
    documents.get('/redoc/redoc.standalone.js', { schema }, (_request, reply) => {
      redocScript ??= Buffer.from(
        readFileSync(require.resolve('redoc/bundles/redoc.standalone.js'), 'utf8').replaceAll(REDOC_LOGO, NO_IMAGE),
      );
      return reply
        .type('text/javascript; charset=utf-8')
        .header('cache-control', 'public, max-age=86400')
        .send(redocScript);
    });
  });
}
