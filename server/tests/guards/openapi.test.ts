import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, describe, test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { loadConfig } from '#config';
import { API_PREFIX } from '#core/http.ts';
import { accessTokens } from '#modules/auth/token.ts';
import { features } from '#modules/index.ts';
import { DOCUMENT_FILE, openApiText } from '../../scripts/export-openapi.ts';

interface Content {
  readonly content?: Record<string, { readonly schema?: { readonly $ref?: string } }>;
}
interface Operation {
  readonly tags?: string[];
  readonly summary?: string;
  readonly operationId?: string;
  readonly security?: Record<string, string[]>[];
  readonly 'x-permission'?: string;
  readonly requestBody?: Content;
  readonly responses: Record<string, Content>;
}
interface Document {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, unknown>; readonly securitySchemes: Record<string, unknown> };
}

/** Where a body or an answer is described in place instead of by a named component. */
function unnamed(operation: Operation, name: string): string[] {
  const parts: [string, Content | undefined][] = [
    ['body', operation.requestBody],
    ...Object.entries(operation.responses),
  ];
  return parts.flatMap(([part, described]) =>
    Object.entries(described?.content ?? {})
      // A file is no JSON: there is nothing to name.
      .filter(([type]) => type === 'application/json' || part === 'body')
      .filter(([, { schema }]) => !schema?.$ref?.startsWith('#/components/schemas/'))
      .map(() => `${name} ${part}`),
  );
}

describe('the OpenAPI document', () => {
  let text: string;
  let document: Document;
  const config = loadConfig({ APP_ENV: 'testing' });
  const routes = features(config, accessTokens(config)).flatMap((feature) =>
    (feature.routes ?? []).map((route) => ({ ...route, feature: feature.name })),
  );
  const operationOf = ({ method, path }: { method: string; path: string }) =>
    document.paths[API_PREFIX + path.replace(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()];
  const operations = () =>
    Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const),
    );

  before(async () => {
    text = await openApiText();
    document = JSON.parse(text);
  });

  test('is valid OpenAPI 3.1 for an independent validator', async () => {
    assert.equal(document.openapi, '3.1.0');
    const { valid, errors } = await new Validator().validate(JSON.parse(text));
    assert.ok(valid, JSON.stringify(errors, null, 2));
  });

  test('would be found broken (the validator bites)', async () => {
    const broken = { ...document, paths: { '/x': { get: { responses: 'none' } } } };
    assert.equal((await new Validator().validate(broken)).valid, false);
  });

  test('holds every route, and nothing else', () => {
    for (const route of routes) assert.ok(operationOf(route), `${route.method} ${route.path}`);
    assert.equal(operations().length, routes.length);
  });

  test('names every body and every answer', () => {
    assert.deepEqual(
      operations().flatMap(([name, operation]) => unnamed(operation, name)),
      [],
    );
    const inline = {
      responses: { 200: { content: { 'application/json': { schema: { type: 'object' } as object } } } },
    };
    assert.deepEqual(unnamed(inline, 'GET /x'), ['GET /x 200'], 'the guard bites');
    for (const name of Object.keys(document.components.schemas)) assert.match(name, /^[A-Z][A-Za-z0-9]+$/);
  });

  test('refers only to components that are there', () => {
    for (const [, name = ''] of text.matchAll(/"\$ref": "#\/components\/schemas\/([^"]+)"/g))
      assert.ok(document.components.schemas[name], name);
    assert.deepEqual(text.match(/"\$ref": "(?!#\/components\/schemas\/)[^"]*"/g) ?? [], []);
  });

  test('gives every route a summary, a tag, an id of its own, its answers and its failures', () => {
    const ids = new Set<string | undefined>();
    for (const route of routes) {
      const name = `${route.method} ${route.path}`;
      const operation = operationOf(route);
      assert.ok(operation?.summary, name);
      assert.deepEqual(operation.tags, [route.feature], name);
      ids.add(operation.operationId);
      const expected = [route.redirect ? '303' : '200', '400', '429', '500'];
      if (route.access !== 'public') expected.push('401', '403');
      if (route.body) expected.push('413', '415');
      for (const error of route.errors ?? []) expected.push(String(error.definition.status));
      for (const status of expected) assert.ok(operation.responses[status], `${name} does not describe ${status}`);
    }
    assert.equal(ids.size, routes.length);
  });

  test('says of every route who may call it', () => {
    for (const route of routes) {
      const operation = operationOf(route);
      const isPublic = route.access === 'public';
      assert.deepEqual(operation?.security, isPublic ? [] : [{ oauth2: [] }, { bearer: [] }], route.path);
      const permission = isPublic || route.access === 'signed-in' ? undefined : route.access;
      assert.equal(operation?.['x-permission'], permission, route.path);
    }
    assert.deepEqual(Object.keys(document.components.securitySchemes).sort(), ['bearer', 'oauth2']);
  });

  test('is the one that was committed: run `npm run openapi` after a change of the API, and review its diff', () => {
    assert.ok(readFileSync(DOCUMENT_FILE, 'utf8') === text, 'docs/openapi.json is out of date: run `npm run openapi`');
  });
});
