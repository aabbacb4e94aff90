import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { errorCatalogue } from '#core/errors.ts';
import type { AnyRoute } from '#core/feature.ts';
import { API_PREFIX } from '#core/http.ts';
import { features } from '#modules/index.ts';
import { type Client, inject, useApp } from '#tests/harness.ts';
import { fitting, hostileText, type JsonSchema, mostly, nearly, rawBody } from './fuzz-values.ts';

/** Requests to each route; more by FUZZ_RUNS. A run that found something prints its seed and is repeated by FUZZ_SEED. */
const numRuns = Number(process.env['FUZZ_RUNS'] ?? 40);
const seed = process.env['FUZZ_SEED'] === undefined ? {} : { seed: Number(process.env['FUZZ_SEED']) };

const CONTENT_TYPES = [
  'application/json',
  'application/json; charset=utf-8',
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data',
  'application/xml',
  '',
  'x/y;;',
];
const CLIENTS = ['admin', 'limited', 'anonymous', 'forged'] as const;

interface Sent {
  readonly url: string;
  readonly body: unknown;
  readonly headers: Record<string, string>;
  readonly as: (typeof CLIENTS)[number];
}

function requestsTo(route: AnyRoute): fc.Arbitrary<Sent> {
  const names = [...route.path.matchAll(/:(\w+)/g)].map((match) => match[1] as string);
  const parameter = mostly(fc.integer({ min: 1, max: 60 }).map(String), hostileText);
  const parameters = fc.tuple(...names.map(() => parameter));
  const query = route.query
    ? mostly(asQuery(fitting(route.query as JsonSchema)), asQuery(nearly(route.query as JsonSchema)))
    : fc.constant('');
  const stray = mostly(
    fc.constant(''),
    hostileText.map((text) => `&${encode(text)}=${encode(text)}`),
  );
  const body = route.body
    ? mostly<unknown>(nearly(route.body as JsonSchema), rawBody)
    : mostly<unknown>(fc.constant(undefined), rawBody);
  const headers = fc.record(
    {
      'content-type': mostly(fc.constant('application/json'), fc.constantFrom(...CONTENT_TYPES)),
      'accept-language': fc.constantFrom('en', 'zh-CN', '*;q=x', ';;;', 'x'.repeat(300)),
      'x-request-id': fc.constantFrom('a', '"', 'x'.repeat(100)),
      cookie: fc.constantFrom('refresh_token=x', 'refresh_token=%ff', ';;=;', '__proto__=1'),
      'user-agent': fc.constantFrom('', 'x'.repeat(2000), 'ÿþ'),
    },
    { requiredKeys: ['content-type'] },
  );
  const as = fc.oneof({ arbitrary: fc.constant('admin' as const), weight: 6 }, fc.constantFrom(...CLIENTS));
  return fc.record({ parameters, query, stray, body, headers, as }).map((parts) => {
    let index = 0;
    const path = route.path.replace(/:\w+/g, () => encode(String(parts.parameters[index++])));
    return {
      url: `${API_PREFIX}${path}?${parts.query}${parts.stray}`,
      body: parts.body,
      headers: parts.headers,
      as: parts.as,
    };
  });
}

function asQuery(values: fc.Arbitrary<unknown>): fc.Arbitrary<string> {
  return values.map((value) =>
    Object.entries(value ?? {})
      .map(
        ([name, member]) =>
          `${encode(name)}=${encode(typeof member === 'object' ? JSON.stringify(member) : String(member))}`,
      )
      .join('&'),
  );
}

/** Percent-encodes text, lone surrogates included, which `encodeURIComponent` refuses. */
const encode = (text: string) =>
  encodeURIComponent(text.toWellFormed().slice(0, 300)) + (text.isWellFormed() ? '' : '%ED%A0%80');

describe('generated requests', () => {
  const t = useApp({ searchesSecrets: false });
  const clients = new Map<string, Client>();
  const statusOf = new Map(errorCatalogue().map(({ code, status }) => [code, status]));

  /** Requests change the codes of departments too. */
  const anyDept = async () => {
    const depts = t.system.unscoped('depts', 'a test prepares its data').select().select('code');
    return (await depts.limit(1).executeTakeFirstOrThrow()).code;
  };

  const clientFor = async (as: Sent['as']): Promise<Client> => {
    if (as === 'anonymous') return t.anonymous;
    if (as === 'forged') return t.withToken('eyJhbGciOiJub25lIn0.e30.');
    const known = clients.get(as);
    if (known && (await known.get('users/me/permissions')).status === 200) return known;
    // The one before has signed out, was disabled, or has to set up a second factor because of one of the requests.
    const fresh =
      as === 'admin'
        ? { superuser: true, permissions: ['*:*:*'] }
        : { permissions: ['system:user:*'], scope: 'dept' as const, dept: await anyDept() };
    const client = await t.as({ ...fresh, username: `${as}-${clients.size}-${Date.now()}` });
    clients.set(as, client);
    return client;
  };

  const send = async (route: AnyRoute, { url, body, headers, as }: Sent) => {
    const { token } = await clientFor(as);
    return inject(t.app, {
      method: route.method,
      url,
      headers: { ...headers, ...(token && { authorization: `Bearer ${token}` }) },
      ...(body !== undefined && { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  };

  const check = (route: AnyRoute, { status, headers, text }: Awaited<ReturnType<typeof send>>) => {
    const fault = status >= 500 && t.logLines.findLast((line) => line.includes('request failed'));
    assert.ok(status < 500, `${status} ${fault}`);
    assert.ok(headers['x-request-id']);
    if (status === 200 && (route.file || (route.bare && !route.response))) return;
    if (status === 303 && route.redirect) {
      assert.match(String(headers.location), /^\/(?![/\\])/, 'a path of this site');
      return;
    }
    assert.match(String(headers['content-type']), /^application\/json/);
    const body = JSON.parse(text);
    if (route.bare && status === 200) return;
    if (route.bare && route.access === 'public') {
      assert.equal(typeof body.error, 'string');
      return;
    }
    assert.equal(body.code, status);
    assert.equal(typeof body.message, 'string');
    assert.ok('data' in body);
    if (status === 200) return;
    assert.equal(body.data, null);
    assert.equal(statusOf.get(body.error), status, body.error);
    assert.equal(body.request_id, headers['x-request-id']);
  };

  const config = {
    settings: { SIGN_IN_RATE_PER_MINUTE: 60 },
    tokens: { sign: () => '', verify: () => null, publicKey: null },
  };
  const routes = features(config.settings as never, config.tokens).flatMap((feature) => feature.routes ?? []);

  for (const route of routes) {
    test(`to ${route.method} ${route.path} never break it`, async () => {
      await fc.assert(
        fc.asyncProperty(requestsTo(route), async (sent) => check(route, await send(route, sent))),
        { numRuns, ...seed },
      );
    });
  }

  test('left the administrator and the log of faults alone', async () => {
    const query = t.system
      .unscoped('users', 'a test looks at what is stored')
      .select()
      .select(['is_active', 'is_superuser']);
    const administrator = await query.where('id', '=', t.admin.userId).executeTakeFirst();
    assert.deepEqual(administrator, { is_active: true, is_superuser: true });
    assert.deepEqual(
      t.logLines.filter((line) => line.includes('request failed')),
      [],
    );
  });
});
