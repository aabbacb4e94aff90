import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { requestErrors, serverErrors } from './errors.ts';
import { translate } from './i18n.ts';

/** The same in every environment, so that what would break in production breaks at home. Attributes only: Vue and Element Plus place things by them. */
export const CONSOLE_POLICY = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src 'self'",
  "style-src-attr 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  // Menu rows of the kind `embedded` show pages of other sites, each in a sandbox.
  'frame-src http: https:',
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

/** First parts of addresses that are never pages of the console, however they are written. */
const NO_PAGES = new Set(['api', 'assets', 'docs', 'redoc', 'healthz', 'readyz']);
/** A part with a dot is a file. Two slashes at the start would be another site to a browser. */
const PAGE = /^(?:\/[^/\\.]+)*\/?$/;

/**
 * Serves the console, and answers every address that no route has: those of its pages with `index.html`, the others with 404.
 * `folder` is its build; null serves none. Call it after every hook is in place.
 */
export async function installConsole(app: FastifyInstance, folder: string | null): Promise<void> {
  const isBuilt = folder !== null && existsSync(join(folder, 'index.html'));
  if (isBuilt) await serveFiles(app, folder);
  app.setNotFoundHandler((request, reply) => {
    if (folder === null || !asksForPage(request)) throw requestErrors.not_found();
    return isBuilt ? sendPage(reply) : sayNotBuilt(request, reply);
  });
}

async function serveFiles(app: FastifyInstance, folder: string): Promise<void> {
  await app.register(async (files) => {
    files.addHook('onRoute', (route) => {
      route.config = { ...route.config, access: 'public' };
      route.logLevel = 'warn';
    });
    // Their names carry a hash of what is in them.
    await files.register(fastifyStatic, {
      root: join(folder, 'assets'),
      prefix: '/assets/',
      decorateReply: false,
      index: false,
      preCompressed: true,
      immutable: true,
      maxAge: '365d',
    });
    // One route for each: a wildcard would take every address that no route has.
    await files.register(fastifyStatic, {
      root: folder,
      wildcard: false,
      decorateReply: false,
      globIgnore: ['index.html', 'assets/**', '**/*.gz', '**/*.br'],
      preCompressed: true,
      cacheControl: false,
      setHeaders: (reply) => void reply.header('cache-control', 'no-cache'),
    });
  });
  await app.register(fastifyStatic, { root: folder, serve: false, preCompressed: true, cacheControl: false });
}

function asksForPage({ method, url, headers }: FastifyRequest): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false;
  const path = pathOf(url);
  if (path === '/' || path === '/index.html') return true;
  const [, first = ''] = path.split('/');
  return PAGE.test(path) && !NO_PAGES.has(first.toLowerCase()) && headers.accept?.includes('text/html') === true;
}

function pathOf(url: string): string {
  const path = url.replace(/[?#].*$/, '');
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function sendPage(reply: FastifyReply): FastifyReply {
  return reply
    .header('content-security-policy', CONSOLE_POLICY)
    .header('cache-control', 'no-cache')
    .sendFile('index.html');
}

function sayNotBuilt({ headers, ctx }: FastifyRequest, reply: FastifyReply): FastifyReply {
  const error = serverErrors.console_not_built();
  if (!headers.accept?.includes('text/html')) throw error;
  const { message, status } = error.definition;
  const page = `<!doctype html><html lang="${ctx.locale}"><meta charset="utf-8"><title>Fastify Vue3 Admin</title><p>${translate(message, ctx.locale)}</p></html>`;
  return reply.code(status).header('cache-control', 'no-store').type('text/html; charset=utf-8').send(page);
}
