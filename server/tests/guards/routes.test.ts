import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isPermissionCode } from '#core/access.ts';
import type { AnyRoute } from '#core/feature.ts';
import { features } from '#modules/index.ts';
import { type Client, useApp } from '#tests/harness.ts';
import { buildApp } from '../../app.ts';

const why = 'a test takes somebody out';

/** What the program serves besides the routes of its features; each is public on purpose. */
const OUTSIDE_FEATURES = ['GET /healthz', 'GET /readyz', 'GET /openapi.json', 'GET /docs', 'GET /redoc'];

describe('every route', () => {
  const t = useApp();
  const routes = (): readonly AnyRoute[] => features(t.config, t.tokens).flatMap((feature) => feature.routes ?? []);
  let asked = 0;
  const call = (client: Client, { method, path }: AnyRoute) => {
    asked += 1;
    // A key that no row has, and an empty body: whoever is let in hears 200, 400 or 404.
    const address = path.slice(1).replace(/:\w+/g, '999999');
    const verb = method.toLowerCase() as 'get' | 'post' | 'put' | 'patch' | 'delete';
    return verb === 'get' ? client.get(address) : client[verb](address, method === 'DELETE' ? undefined : {});
  };
  const isLetIn = ({ status, body }: Awaited<ReturnType<typeof call>>) =>
    status !== 403 && !['access.unauthenticated', 'auth.inactive_user'].includes(body?.error);

  test('says who may call it, and the guard counts them', (context) => {
    for (const { method, path, access } of routes())
      assert.ok(access === 'public' || access === 'signed-in' || isPermissionCode(access), `${method} ${path}`);
    const count = (wanted: (route: AnyRoute) => boolean) => routes().filter(wanted).length;
    const open = count((route) => route.access === 'public');
    const signedIn = count((route) => route.access === 'signed-in');
    assert.ok(open + signedIn < routes().length);
    context.diagnostic(`${routes().length} routes: ${open} public, ${signedIn} signed-in, the others by permission`);
  });

  test('that is not public refuses the anonymous, a revoked session and a disabled user', async () => {
    const revoked = await t.as({ permissions: ['*:*:*'] });
    await t.system
      .unscoped('sessions', why)
      .update({ revoked_at: new Date() })
      .where('id', '=', revoked.sessionId)
      .execute();
    const disabled = await t.as({ permissions: ['*:*:*'] });
    await t.system.unscoped('users', why).update({ is_active: false }).where('id', '=', disabled.userId).execute();
    for (const route of routes()) {
      const name = `${route.method} ${route.path}`;
      const answers = [await call(t.anonymous, route), await call(revoked, route), await call(disabled, route)];
      if (route.access === 'public') assert.ok(answers.every(isLetIn), name);
      else {
        assert.deepEqual(
          answers.map((answer) => answer.status),
          [401, 401, 400],
          name,
        );
        assert.ok(!answers.some(isLetIn), name);
      }
    }
  });

  test('that needs a permission refuses who is signed in without it, and lets in who has it alone', async () => {
    const codes = [
      ...new Set(
        routes()
          .map((route) => route.access)
          .filter(isPermissionCode),
      ),
    ];
    const nobody = await t.as({ permissions: [] });
    for (const code of codes) {
      const others = await t.as({ permissions: codes.filter((other) => other !== code) });
      const holder = await t.as({ permissions: [code] });
      for (const route of routes().filter((candidate) => candidate.access === code)) {
        const name = `${route.method} ${route.path}`;
        for (const client of [nobody, others]) {
          const { status, body } = await call(client, route);
          assert.deepEqual([status, body.error], [403, 'access.forbidden'], name);
          assert.ok(body.message.includes(code), name);
        }
        const answer = await call(holder, route);
        assert.ok(isLetIn(answer), `${name}: ${answer.text}`);
      }
    }
  });

  test('that needs only a sign-in lets everybody in who has one', async () => {
    for (const route of routes().filter((candidate) => candidate.access === 'signed-in')) {
      // A client for each: signing out is one of these routes.
      const answer = await call(await t.as({ permissions: [] }), route);
      assert.ok(isLetIn(answer), `${route.method} ${route.path}: ${answer.text}`);
    }
  });

  test('was asked as nobody, with a revoked session, disabled, without roles, with the wrong role and with the right one', (context) => {
    const open = routes().filter((route) => route.access === 'public').length;
    const signedIn = routes().filter((route) => route.access === 'signed-in').length;
    const others = routes().length - open - signedIn;
    assert.equal(asked, 3 * routes().length + 3 * others + signedIn);
    context.diagnostic(`${routes().length} routes, ${asked} requests`);
  });

  test('outside the features is one of a few known ones', async () => {
    for (const address of OUTSIDE_FEATURES) {
      const [method, path] = address.split(' ') as ['GET', string];
      assert.ok(t.app.hasRoute({ method, url: path }), address);
      assert.ok([200, 302].includes((await t.anonymous.get(path)).status), address);
    }
    const served = t.app.printRoutes({ commonPrefix: false, method: 'GET' });
    const roots = [...served.matchAll(/^[├└]── (\/[^\s/(]*)/gmu)].map((match) => match[1]);
    const expected = ['/api', ...OUTSIDE_FEATURES.map((address) => address.split(' ')[1])];
    assert.ok(roots.includes('/healthz'), served);
    assert.deepEqual(
      roots.filter((root) => root !== '/' && !expected.includes(root)),
      [],
      served,
    );
  });
});

describe('a route that says nothing, or nonsense, about who may call it', () => {
  const t = useApp();

  for (const [what, access] of Object.entries({
    nothing: undefined,
    'a misspelt word': 'signedin',
    'half a code': 'system:user',
  })) {
    test(`stops the start: ${what} (the guard bites)`, async () => {
      const { app } = await buildApp({ config: t.config, database: t.database, log: t.log });
      const config = access === undefined ? {} : { access };
      app.post('/api/v1/forgotten', { config }, async () => 'open to everybody');
      await assert.rejects(async () => app.ready(), /who may call them.*POST \/api\/v1\/forgotten/);
      await app.close();
    });
  }
});
