import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { loadConfig } from '#config';
import { isAudited } from '#core/audit-change.ts';
import { col, defineEntity } from '#core/entity.ts';
import type { AnyRoute } from '#core/feature.ts';
import { checkedRegistry } from '#core/registry.ts';
import { namedSchemas } from '#core/schema.ts';
import { accessTokens } from '#modules/auth/token.ts';
import { entities, features } from '#modules/index.ts';

const config = loadConfig({ APP_ENV: 'testing' });
const all = features(config, accessTokens(config));
const routes = all.flatMap((feature) => feature.routes ?? []);

interface Schema {
  readonly $id?: string;
  readonly $ref?: string;
  readonly type?: string | string[];
  readonly properties?: Record<string, Schema>;
  readonly additionalProperties?: unknown;
  readonly items?: Schema;
  readonly anyOf?: Schema[];
  readonly enum?: unknown[];
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly format?: string;
}

/** Every schema inside another, references followed, with the way to it. */
function* inside(schema: Schema, path: string, seen = new Set<string>()): Generator<[path: string, schema: Schema]> {
  if (schema.$ref) {
    const name = schema.$ref.replace(/#.*$/, '');
    if (seen.has(name)) return;
    const target = namedSchemas().find((named) => (named as Schema).$id === name);
    assert.ok(target, `${path} refers to ${schema.$ref}, which nobody declares`);
    yield* inside(target as Schema, path, new Set([...seen, name]));
    return;
  }
  yield [path, schema];
  for (const [name, child] of Object.entries(schema.properties ?? {})) yield* inside(child, `${path}.${name}`, seen);
  if (schema.items) yield* inside(schema.items, `${path}[]`, seen);
  for (const child of schema.anyOf ?? []) yield* inside(child, path, seen);
}

/** RFC 6749 §3.2: the token endpoint ignores parameters that it does not know. */
const OPEN_BODIES = ['POST /auth/token', 'POST /auth/revoke', 'POST /auth/introspect'];
/** RFC 6749 §4.1.2: neither does the address that providers send people back to. */
const OPEN_QUERIES = ['GET /auth/oidc/:provider/callback'];

function openObjects(schema: Schema, name: string): string[] {
  return [...inside(schema, name)]
    .filter(([, part]) => part.properties !== undefined && part.additionalProperties !== false)
    .map(([path]) => path);
}

const BOUND = { integer: 'maximum', number: 'maximum', string: 'maxLength', array: 'maxItems' } as const;

function unbounded(schema: Schema, name: string): string[] {
  return [...inside(schema, name)]
    .filter(([, part]) => part.enum === undefined && part.format !== 'date-time')
    .filter(([, part]) =>
      [part.type].flat().some((type) => {
        const bound = BOUND[type as keyof typeof BOUND];
        return bound !== undefined && part[bound] === undefined;
      }),
    )
    .map(([path]) => path);
}

const SECRET = /password|hash|secret|token|salt|private|setup_key|^recovery_codes$/i;
const NO_SECRETS = ['password_reset', 'password_min_length', 'must_change_password', 'token_type'];
/** The secrets that a route is there to give. */
const GIVEN: Readonly<Record<string, readonly string[]>> = {
  'POST /auth/token': ['access_token', 'refresh_token'],
  'POST /auth/login': ['access_token', 'token'],
  'POST /auth/refresh': ['access_token'],
  'POST /auth/challenge': ['access_token', 'token'],
  'POST /auth/passkey/verify': ['access_token', 'token'],
  'POST /users/me/totp': ['setup_key'],
  'POST /users/me/totp/confirm': ['recovery_codes'],
  'POST /users/me/passkeys': ['recovery_codes'],
  'POST /users/me/recovery-codes': ['recovery_codes'],
  'POST /auth/oidc/challenge': ['token'],
  'POST /users/:id/reset-password': ['one_time_password'],
  'POST /users/:id/view-as': ['access_token'],
};

function secretsIn(schema: Schema, name: string, allowed: readonly string[]): string[] {
  return [...inside(schema, name)]
    .map(([path]) => path)
    .filter((path) => {
      const field = path.split('.').at(-1) as string;
      return path !== name && SECRET.test(field) && !NO_SECRETS.includes(field) && !allowed.includes(field);
    });
}

const nameOf = ({ method, path }: AnyRoute) => `${method} ${path}`;

describe('entities', () => {
  test('each declares its data scope, or why it has none', (context) => {
    for (const { table, scope } of entities) {
      assert.ok(scope, table);
      if ('none' in scope) assert.ok(scope.none.trim().length > 5, `${table} does not say why`);
    }
    context.diagnostic(`${entities.length} entities`);
  });

  test('one without a scope, or without a reason for none, stops the start (the guard bites)', () => {
    const columns = { id: col.id() };
    const undecided = defineEntity({ table: 'undecided', columns, scope: undefined as never, audit: { none: 'test' } });
    const silent = defineEntity({ table: 'silent', columns, scope: { none: ' ' }, audit: { none: 'test' } });
    const empty = defineEntity({ table: 'empty', columns, scope: {}, audit: { none: 'test' } });
    const lost = defineEntity({ table: 'lost', columns, scope: { dept: 'dept_id' }, audit: { none: 'test' } });
    const astray = defineEntity({
      table: 'astray',
      columns,
      scope: { through: { column: 'id', table: 'nowhere' } },
      audit: { none: 'test' },
    });
    const description = { title: { 'zh-CN': '', 'en-US': '' }, description: '' };
    const feature = { name: 'broken', ...description, entities: [undecided, silent, empty, lost, astray] };
    assert.throws(
      () => checkedRegistry([feature]),
      ({ message }: Error) =>
        ['undecided', 'silent', 'empty', 'lost', 'astray'].every((table) => message.includes(table)),
    );
  });

  test('each says what is kept of its writes, or why nothing is', (context) => {
    for (const { table, audit } of entities) {
      assert.ok(audit, table);
      if ('none' in audit) assert.ok(audit.none.trim().length > 5, `${table} does not say why`);
    }
    context.diagnostic(`${entities.filter(isAudited).length} of ${entities.length} entities are kept`);
  });

  test('one that does not, or that names what is not there, stops the start (the guard bites)', () => {
    const columns = { id: col.id(), name: col.text(10) };
    const scope = { none: 'test' };
    const make = (table: string, audit: unknown, more = {}) =>
      defineEntity({ table, columns: { ...columns, ...more }, scope, audit: audit as never });
    const broken = [
      make('undecided', undefined),
      make('silent', { none: ' ' }),
      make('misnamed', { label: 'nmae' }),
      make('loose', { of: 'nowhere', by: 'id', as: 'things', value: 'name' }),
      make('lax', { label: 'name' }, { log_id: col.ref('unkept', 'cascade') }),
    ];
    const unkept = make('unkept', { none: 'a test' });
    const description = { title: { 'zh-CN': '', 'en-US': '' }, description: '' };
    const feature = { name: 'broken', ...description, entities: [...broken, unkept] };
    assert.throws(
      () => checkedRegistry([feature]),
      ({ message }: Error) => broken.every(({ table }) => message.includes(table)),
    );
  });

  test('name tables and columns in snake_case', () => {
    for (const { table, columns } of entities) {
      for (const name of [table, ...Object.keys(columns)]) assert.match(name, /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/, table);
    }
  });
});

describe('requests', () => {
  test('refuse fields that nobody declared, at every depth of body, query and path', () => {
    const offenders = routes.flatMap((route) => {
      const query = OPEN_QUERIES.includes(nameOf(route)) ? undefined : route.query;
      const parts = [route.params, query, ...(OPEN_BODIES.includes(nameOf(route)) ? [] : [route.body])];
      return parts.flatMap((part) => (part ? openObjects(part, nameOf(route)) : []));
    });
    assert.deepEqual(offenders, []);
  });

  test('bound every number, text and list, so that no database has to refuse what is beyond it', () => {
    const offenders = routes.flatMap((route) =>
      [route.params, route.query, route.body].flatMap((part) => (part ? unbounded(part, nameOf(route)) : [])),
    );
    assert.deepEqual(offenders, []);
  });

  test('would be found unbounded (the guard bites)', () => {
    const properties = {
      version: { type: ['integer', 'null'] },
      name: { type: 'string' },
      ids: { type: 'array', items: { type: 'integer', maximum: 9 } },
    };
    assert.deepEqual(unbounded({ properties }, 'PATCH /x'), ['PATCH /x.version', 'PATCH /x.name', 'PATCH /x.ids']);
  });

  test('would be found open (the guard bites)', () => {
    const nested = { properties: { inner: { items: { properties: { a: {} } } } }, additionalProperties: false };
    assert.deepEqual(openObjects(nested as Schema, 'POST /x'), ['POST /x.inner[]']);
  });
});

describe('answers', () => {
  test('have no field that could hold a password, a hash or a secret', () => {
    const offenders = routes.flatMap((route) =>
      route.response ? secretsIn(route.response, nameOf(route), GIVEN[nameOf(route)] ?? []) : [],
    );
    assert.deepEqual(offenders, []);
  });

  test('would be found leaking (the guard bites)', () => {
    const leaking = { properties: { user: { properties: { hashed_password: {}, access_token: {} } } } };
    assert.deepEqual(secretsIn(leaking, 'GET /x', []), ['GET /x.user.hashed_password', 'GET /x.user.access_token']);
    assert.deepEqual(secretsIn(leaking, 'GET /x', ['access_token']), ['GET /x.user.hashed_password']);
  });

  test('name their fields in snake_case', () => {
    const offenders = routes.flatMap((route) =>
      [...(route.response ? inside(route.response, nameOf(route)) : [])]
        .flatMap(([, schema]) => Object.keys(schema.properties ?? {}))
        .filter((field) => !/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(field)),
    );
    assert.deepEqual(offenders, []);
  });
});
