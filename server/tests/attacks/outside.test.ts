import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, describe, mock, test } from 'node:test';
import { Browser } from '#tests/browser.ts';
import { type TestApp, testApp } from '#tests/harness.ts';
import { CLIENT, PUBLIC_URL, startScriptedProvider } from '#tests/openid.ts';

const why = 'a test looks at what is stored';

describe('a provider, or somebody in its place, that lies', () => {
  let t: TestApp;
  let evil: Awaited<ReturnType<typeof startScriptedProvider>>;
  let other: Awaited<ReturnType<typeof startScriptedProvider>>;
  const honest = { sub: 'u1', email: 'u1@corp.example', email_verified: true, preferred_username: 'u1' };
  const settingsOf = (name: string, issuer: string) => ({
    name,
    issuer,
    ...CLIENT,
    create_users: true,
    email_domains: ['corp.example'],
  });

  before(async () => {
    [evil, other] = [await startScriptedProvider(), await startScriptedProvider()];
    const providers = [settingsOf('evil', evil.issuer), settingsOf('other', other.issuer)];
    t = await testApp({ settings: { PUBLIC_URL, IDENTITY_PROVIDERS: JSON.stringify(providers) } });
  });
  after(async () => {
    await t?.close();
    await Promise.all([evil?.close(), other?.close()]);
  });
  beforeEach(() => {
    for (const { state } of [evil, other])
      Object.assign(state, {
        claims: { ...honest },
        header: {},
        discovery: {},
        signWith: null,
        tokens: null,
        userinfo: null,
        padding: '',
      });
  });

  async function start(name: string, browser = new Browser(t), query = '') {
    const { location } = await browser.visit(`/api/v1/auth/oidc/${name}/start${query}`);
    return { browser, address: location as string };
  }
  async function comeBack(browser: Browser, name: string, parameters: Record<string, string>) {
    const { location } = await browser.visit(`/api/v1/auth/oidc/${name}/callback?${new URLSearchParams(parameters)}`);
    return new URL(location as string, PUBLIC_URL);
  }
  /** One sign-in with `evil` as it answers now: what failed, or null. */
  async function failure(): Promise<string | null> {
    const { browser, address } = await start('evil');
    const page = await comeBack(browser, 'evil', evil.authorize(address));
    if (page.searchParams.get('failed') === null) assert.equal(page.searchParams.get('state'), 'session');
    else assert.equal(browser.cookie(PUBLIC_URL, 'refresh_token'), undefined);
    return page.searchParams.get('failed');
  }
  const now = () => Math.floor(Date.now() / 1000);

  test('an honest one signs in (the attacks below differ from it in one thing each)', async () => {
    assert.equal(await failure(), null);
  });

  const lies: Record<string, () => void> = {
    'a token of a foreign issuer': () => Object.assign(evil.state.claims, { iss: 'https://accounts.google.com' }),
    'a token for another client': () => Object.assign(evil.state.claims, { aud: 'another' }),
    'a token for several clients, made for another': () =>
      Object.assign(evil.state.claims, { aud: [CLIENT.client_id, 'another'], azp: 'another' }),
    'a token for several clients that names none': () =>
      Object.assign(evil.state.claims, { aud: [CLIENT.client_id, 'another'] }),
    'the nonce of another sign-in': () => Object.assign(evil.state.claims, { nonce: 'replayed' }),
    'no nonce': () => Object.assign(evil.state.claims, { nonce: undefined }),
    'a token that has expired': () => Object.assign(evil.state.claims, { iat: now() - 3600, exp: now() - 120 }),
    'a token that is not valid yet': () => Object.assign(evil.state.claims, { nbf: now() + 120 }),
    'a token without an end': () => Object.assign(evil.state.claims, { exp: undefined }),
    'a token without a subject': () => Object.assign(evil.state.claims, { sub: undefined }),
    'a subject that no database keeps': () => Object.assign(evil.state.claims, { sub: 'x\0y' }),
    'a signature by a key that nobody published': () => Object.assign(evil.state, { signWith: evil.newKey() }),
    'a signature by another key under a published name': () =>
      Object.assign(evil.state, { signWith: { ...evil.newKey(), kid: evil.state.keys[0]?.kid } }),
    'a token without a signature': () => {
      const body = { iss: evil.issuer, aud: CLIENT.client_id, sub: 'u1', iat: now(), exp: now() + 60 };
      const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
      const id_token = `${part({ alg: 'none' })}.${part(body)}.`;
      Object.assign(evil.state, { tokens: { access_token: 'x', token_type: 'Bearer', id_token } });
    },
    'an answer without an ID token': () =>
      Object.assign(evil.state, { tokens: { access_token: 'x', token_type: 'Bearer' } }),
    'user info of somebody else': () => {
      evil.state.claims = { sub: 'u1' };
      evil.state.userinfo = { ...honest, sub: 'victim' };
    },
    'a right answer that is too long': () => Object.assign(evil.state, { padding: 'x'.repeat(600_000) }),
  };
  for (const [what, lie] of Object.entries(lies)) {
    test(`A11 ${what} is refused`, async () => {
      lie();
      assert.equal(await failure(), 'identity.exchange_failed');
    });
  }

  test('a clock that is half a minute off is forgiven', async () => {
    Object.assign(evil.state.claims, { iat: now() + 25, exp: now() - 25 });
    assert.equal(await failure(), null);
  });

  test('keys may change: a new one is fetched when it is first seen, but not for every token that names one', async () => {
    mock.timers.enable({ apis: ['Date'], now: Date.now() });
    try {
      assert.equal(await failure(), null);
      evil.state.keys = [evil.newKey()];
      const fetched = () => evil.state.asked.filter((path) => path === '/jwks').length;
      const before = fetched();
      for (let attempt = 0; attempt < 3; attempt++) await failure();
      assert.equal(fetched(), before, 'within a minute the known keys are all there is');
      mock.timers.tick(61_000);
      assert.equal(await failure(), null);
      assert.equal(fetched(), before + 1);
    } finally {
      mock.timers.reset();
    }
  });

  test('A11 a wrong, a missing, an expired state, and one of another browser', async () => {
    const { browser, address } = await start('evil');
    const { code, state } = evil.authorize(address);
    for (const wrong of [{ code, state: 'x' }, { code }, { state }] as Record<string, string>[]) {
      const page = await comeBack(browser, 'evil', wrong);
      assert.match(page.searchParams.get('failed') ?? '', /^identity\.(flow_invalid|exchange_failed)$/);
    }
    const victim = await start('evil');
    const attacker = await start('evil');
    const page = await comeBack(victim.browser, 'evil', evil.authorize(attacker.address));
    assert.equal(page.searchParams.get('failed'), 'identity.flow_invalid', 'nobody is signed in as the attacker');
    assert.equal(victim.browser.cookie(PUBLIC_URL, 'refresh_token'), undefined);
    const late = await start('evil');
    await t.system
      .unscoped('outside_flows', why)
      .update({ expires_at: new Date(Date.now() - 1) })
      .execute();
    const expired = await comeBack(late.browser, 'evil', evil.authorize(late.address));
    assert.equal(expired.searchParams.get('failed'), 'identity.flow_invalid');
    await start('evil');
    const left = await t.system.unscoped('outside_flows', why).select().select('expires_at').execute();
    assert.ok(
      left.every(({ expires_at }) => expires_at > new Date()),
      'what has expired does not pile up',
    );
  });

  test('A11 a code without its verifier, and one injected from another sign-in, are worth nothing', async () => {
    const stolen = evil.authorize((await start('evil')).address);
    const { browser, address } = await start('evil');
    const page = await comeBack(browser, 'evil', { code: stolen.code, state: evil.authorize(address).state });
    assert.equal(page.searchParams.get('failed'), 'identity.exchange_failed');
  });

  test('A11 providers cannot be mixed up: neither the address nor the issuer of another is taken', async () => {
    const { browser, address } = await start('evil');
    const { code, state } = evil.authorize(address);
    const page = await comeBack(browser, 'other', { code, state });
    assert.equal(page.searchParams.get('failed'), 'identity.flow_invalid');
    assert.ok(!other.state.bodies.some((body) => body.includes(code)), 'the code did not go to the other');
    const second = await start('evil');
    const mixed = await comeBack(second.browser, 'evil', { ...evil.authorize(second.address), iss: other.issuer });
    assert.equal(mixed.searchParams.get('failed'), 'identity.exchange_failed');
  });

  test('A11 the redirect URI is that of the settings, whatever the request says it was sent to', async () => {
    const answer = await t.app.inject({
      url: '/api/v1/auth/oidc/evil/start',
      headers: { host: 'attacker.example', 'x-forwarded-host': 'attacker.example' },
    });
    const { searchParams } = new URL(String(answer.headers.location));
    assert.equal(searchParams.get('redirect_uri'), `${PUBLIC_URL}/api/v1/auth/oidc/evil/callback`);
  });

  test('A32 no way back leads to another site', async () => {
    for (const r of [
      '//evil.example',
      '/..//evil.example',
      '/a/../..//evil.example',
      '/.//evil.example',
      '/\\evil.example',
      'https://evil.example',
      '/%09/evil.example',
      '/\t/x',
      'javascript:1',
      '/a\\b',
    ]) {
      const { browser, address } = await start('evil', new Browser(t), `?r=${encodeURIComponent(r)}`);
      const page = await comeBack(browser, 'evil', evil.authorize(address));
      assert.equal(page.origin, PUBLIC_URL);
      const back = page.searchParams.get('r') as string;
      assert.equal(new URL(back, PUBLIC_URL).origin, PUBLIC_URL, r);
      assert.match(back, /^\/(?![/\\])/, r);
      assert.equal(back, r.includes('%') ? r : '/', r);
    }
  });

  test('what the provider says is never shown or sent on', async () => {
    const { browser, address } = await start('evil');
    const state = new URL(address).searchParams.get('state') as string;
    const denied = await comeBack(browser, 'evil', { error: 'access_denied', error_description: '<script>', state });
    assert.deepEqual(Object.fromEntries(denied.searchParams), { outside: 'evil', failed: 'identity.denied' });
  });

  test('A37 the challenge of a sign-in is handed to the console alone, once', async () => {
    const cookie = 'outside_challenge=abc.totp.recovery-code.300';
    const ask = (headers: Record<string, string>) =>
      t.anonymous.post('auth/oidc/challenge', undefined, { headers: { cookie, ...headers } });
    assert.equal((await ask({ 'sec-fetch-site': 'cross-site' })).status, 403);
    const answer = await ask({ 'sec-fetch-site': 'same-origin' });
    assert.deepEqual(answer.body.data, { token: 'abc', methods: ['totp', 'recovery-code'], expires_in: 300 });
    assert.match(String(answer.headers['set-cookie']), /outside_challenge=;/);
    assert.equal((await ask({ cookie: '' })).body.error, 'identity.flow_invalid');
  });
});

describe('A36 what the server calls', () => {
  /** A server on this machine that must not be called. */
  async function trap() {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.end('{}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { asked, host: `127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
  }

  for (const [what, discovery] of Object.entries({
    'its token endpoint': (host: string) => ({ token_endpoint: `http://${host}/token` }),
    'its keys': (host: string) => ({ jwks_uri: `http://${host}/keys` }),
    'its user info': (host: string) => ({ userinfo_endpoint: `http://${host}/me` }),
    'an address with a name and a password': (host: string) => ({ token_endpoint: `http://u:p@${host}/token` }),
    'another protocol': () => ({ jwks_uri: 'file:///etc/passwd' }),
  })) {
    test(`A36 a provider that names an inner address as ${what} makes the server call nothing`, async () => {
      const [evil, inner] = [await startScriptedProvider(), await trap()];
      evil.state.discovery = discovery(inner.host);
      const settings = [{ name: 'evil', issuer: evil.issuer, ...CLIENT }];
      const t = await testApp({ settings: { PUBLIC_URL, IDENTITY_PROVIDERS: JSON.stringify(settings) } });
      try {
        const { location } = await new Browser(t).visit('/api/v1/auth/oidc/evil/start');
        assert.equal(new URL(location as string, PUBLIC_URL).searchParams.get('failed'), 'identity.unreachable');
        assert.deepEqual(inner.asked, []);
      } finally {
        await t.close();
        await evil.close();
        inner.close();
      }
    });
  }

  test('A36 a redirect of the provider is not followed, and its discovery is asked for once', async () => {
    const inner = await trap();
    let asked = 0;
    const server = createServer((_request, response) => {
      asked += 1;
      response.writeHead(302, { location: `http://${inner.host}/` }).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const t = await testApp({
      settings: { PUBLIC_URL, IDENTITY_PROVIDERS: JSON.stringify([{ name: 'evil', issuer, ...CLIENT }]) },
    });
    try {
      const visits = await Promise.all(
        Array.from({ length: 5 }, () => new Browser(t).visit('/api/v1/auth/oidc/evil/start')),
      );
      for (const { location } of visits) assert.match(location ?? '', /failed=identity\.unreachable/);
      assert.deepEqual([asked, inner.asked], [1, []]);
    } finally {
      await t.close();
      server.closeAllConnections();
      server.close();
      inner.close();
    }
  });
});
