import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Browser } from '#tests/browser.ts';
import { setUpApp } from '#tests/factors.ts';
import { type TestApp, testApp } from '#tests/harness.ts';
import { CLIENT, callbackOf, PUBLIC_URL, startOpenIdProvider } from '#tests/openid.ts';

const why = 'a test prepares and looks at its data';
const START = '/api/v1/auth/oidc/corp/start';

describe('signing in with a real OpenID provider', () => {
  let t: TestApp;
  let provider: Awaited<ReturnType<typeof startOpenIdProvider>>;
  const verified = { email_verified: true };

  before(async () => {
    provider = await startOpenIdProvider(
      {
        alice: {
          ...verified,
          email: 'Alice@corp.example',
          name: 'Alice',
          preferred_username: 'alice',
          groups: ['devs'],
        },
        eve: { email: 'north@corp.example', email_verified: false, preferred_username: 'eve' },
        north: { ...verified, email: 'north@corp.example', preferred_username: 'north' },
        boss: { ...verified, email: 'boss@corp.example', preferred_username: 'boss' },
        stranger: { ...verified, email: 'stranger@else.example', preferred_username: 'stranger' },
        renamed: {
          ...verified,
          email: 'renamed@corp.example',
          preferred_username: 'admin',
          groups: ['devs', 'admins'],
        },
        careful: { ...verified, email: 'careful@corp.example', preferred_username: 'careful' },
        linker: { ...verified, email: 'linker@else.example', preferred_username: 'linker' },
      },
      [callbackOf('corp'), callbackOf('strict')],
    );
    const shared = { issuer: provider.issuer, ...CLIENT, scopes: ['openid', 'profile', 'email', 'groups'] };
    t = await testApp({
      settings: {
        PUBLIC_URL,
        IDENTITY_PROVIDERS: JSON.stringify([
          {
            ...shared,
            name: 'corp',
            title: 'Corp',
            preset: 'keycloak',
            link_by_email: true,
            create_users: true,
            email_domains: ['corp.example'],
            department: 'NORTH',
            roles: { devs: 'auditor', admins: 'everything', ghosts: 'missing' },
          },
          { ...shared, name: 'strict' },
        ]),
      },
    });
    const add = (username: string, more: object = {}) =>
      t.system
        .unscoped('users', why)
        .insert({ username, email: `${username}@corp.example`, hashed_password: '!', ...more });
    await add('north');
    await add('boss', { is_superuser: true });
    const everything = await t.system
      .unscoped('roles', why)
      .insert({ code: 'everything', name: 'x', data_scope: 'all' });
    await t.system.unscoped('role_permissions', why).insert({ role_id: everything, permission: '*:*:*' });
  });
  after(async () => {
    await t?.close();
    await provider?.close();
  });

  /** Signs in at the provider by its own pages, and comes back. */
  async function signIn(account: string, start = START, browser = new Browser(t)) {
    const login = await browser.follow(start);
    assert.equal(login.status, 200, login.text);
    const action = /action="([^"]+)"/.exec(login.text)?.[1] as string;
    const sent = await browser.visit(new URL(action, login.url).href, {
      form: { prompt: 'login', login: account, password: 'x' },
    });
    const back = await browser.follow(sent.location as string, (url) => url.includes('/callback'));
    const arrived = await browser.visit(back.location as string);
    return { browser, callback: back.location as string, arrived, page: new URL(arrived.location as string) };
  }
  const refreshed = async (browser: Browser) =>
    JSON.parse((await browser.visit('/api/v1/auth/refresh', { post: true })).text);
  const me = async (browser: Browser) => {
    const token = (await refreshed(browser)).data.access_token as string;
    return JSON.parse((await browser.visit('/api/v1/users/me', { token })).text).data;
  };
  const rolesOf = async (userId: number) =>
    (
      await t.system
        .unscoped('user_roles', why)
        .select()
        .innerJoin('roles', 'roles.id', 'user_roles.role_id')
        .select('roles.code')
        .where('user_id', '=', userId)
        .execute()
    ).map(({ code }) => code);

  test('the sign-in page is told which providers there are, and nothing else of them', async () => {
    const { body, text } = await t.anonymous.get('auth/providers');
    assert.deepEqual(body.data.items, [
      { name: 'corp', title: 'Corp', preset: 'keycloak' },
      { name: 'strict', title: 'strict', preset: null },
    ]);
    assert.ok(!text.includes(CLIENT.client_secret) && !text.includes(provider.issuer));
  });

  test('the whole way: there with PKCE, state and nonce; back with a cookie and no token in any address', async () => {
    const browser = new Browser(t);
    const { status, location, headers } = await browser.visit(`${START}?r=/system/users%3Fpage%3D2`);
    const asked = new URL(location as string).searchParams;
    assert.equal(status, 303);
    assert.equal(asked.get('redirect_uri'), callbackOf('corp'));
    assert.equal(asked.get('code_challenge_method'), 'S256');
    for (const name of ['state', 'nonce', 'code_challenge']) assert.equal(asked.get(name)?.length, 43, name);
    assert.match(
      headers.getSetCookie().join(),
      /outside_browser=[\w-]{43}; Max-Age=600; Path=\/api\/v1\/auth\/oidc; HttpOnly; SameSite=Lax/,
    );

    const { page, arrived, browser: signedIn } = await signIn('alice', `${START}?r=/system/users%3Fpage%3D2`);
    assert.equal(page.origin, PUBLIC_URL);
    assert.deepEqual(Object.fromEntries(page.searchParams), {
      outside: 'corp',
      state: 'session',
      r: '/system/users?page=2',
    });
    assert.match(arrived.headers.getSetCookie().join(), /refresh_token=[^;]+;.*HttpOnly; SameSite=Strict/);
    assert.equal(arrived.headers.get('cache-control'), 'no-store');
    const user = await me(signedIn);
    assert.deepEqual(
      [user.username, user.email, user.name, user.dept_name],
      ['alice', 'alice@corp.example', 'Alice', '北方分公司'],
    );
    const session = await t.system
      .unscoped('sessions', why)
      .select()
      .selectAll()
      .where('user_id', '=', user.id)
      .executeTakeFirstOrThrow();
    assert.deepEqual([session.method, session.factors], ['oidc:corp', 'outside']);
  });

  test('A11 the same account is the same user again, whatever it is called now; a new user has no rights but those of their groups', async () => {
    const first = await me((await signIn('alice')).browser);
    provider.accounts['alice'] = {
      ...provider.accounts['alice'],
      preferred_username: 'admin',
      email: 'admin@example.com',
    };
    const { browser } = await signIn('alice');
    assert.equal((await me(browser)).id, first.id);
    assert.deepEqual([(await me(browser)).username, (await me(browser)).is_superuser], ['alice', false]);
    assert.deepEqual(await rolesOf(first.id), ['auditor']);
  });

  test('A11 a role of a group goes with the group; other roles stay; one that gives everything is never given', async () => {
    const { browser } = await signIn('renamed');
    const user = await me(browser);
    assert.match(user.username, /^admin-[0-9a-f]{8}$/, 'the name of the administrator is taken');
    assert.deepEqual(await rolesOf(user.id), ['auditor'], 'not "everything", although the group maps to it');
    const staff = await t.system
      .unscoped('roles', why)
      .select()
      .select('id')
      .where('code', '=', 'staff')
      .executeTakeFirstOrThrow();
    await t.system.unscoped('user_roles', why).insert({ user_id: user.id, role_id: staff.id });
    const token = (await refreshed(browser)).data.access_token as string;
    const roles = () => browser.visit('/api/v1/roles', { token });
    assert.equal((await roles()).status, 200);
    provider.accounts['renamed'] = { ...provider.accounts['renamed'], groups: [] };
    await signIn('renamed');
    assert.deepEqual(await rolesOf(user.id), ['staff']);
    assert.equal((await roles()).status, 403, 'also for the session that was open');
  });

  test('A11 an address signs in its user only when it is verified and its domain listed, and never an administrator', async () => {
    const failureOf = async (account: string) => (await signIn(account)).page.searchParams.get('failed');
    assert.equal(await failureOf('eve'), 'identity.not_linked', 'unverified');
    assert.equal(await failureOf('stranger'), 'identity.not_linked', 'domain not listed');
    assert.equal(await failureOf('boss'), 'identity.not_linked', 'administrator');
    const linked = await t.system.unscoped('user_identities', why).select().select('subject').execute();
    assert.deepEqual(
      linked.map(({ subject }) => subject).filter((one) => ['eve', 'stranger', 'boss'].includes(one)),
      [],
    );
    assert.equal((await me((await signIn('north')).browser)).username, 'north');
  });

  test('without the switches nobody is found or made', async () => {
    for (const account of ['north', 'stranger']) {
      provider.accounts[`${account}-2`] = { ...provider.accounts[account], email: `${account}-2@corp.example` };
      const { page } = await signIn(`${account}-2`, '/api/v1/auth/oidc/strict/start');
      assert.equal(page.searchParams.get('failed'), 'identity.not_linked');
    }
  });

  test('a disabled user is refused, and a deleted one is nobody', async () => {
    const { browser } = await signIn('north');
    const { id } = await me(browser);
    await t.system.unscoped('users', why).update({ is_active: false }).where('id', '=', id).execute();
    const refused = await signIn('north');
    assert.equal(refused.page.searchParams.get('failed'), 'auth.inactive_user');
    assert.equal(refused.browser.cookie(PUBLIC_URL, 'refresh_token'), undefined);
    await t.system.unscoped('users', why).update({ is_active: true }).where('id', '=', id).execute();
  });

  test('who has a second factor is asked for it here too; the challenge is in no address', async () => {
    const { browser: first } = await signIn('careful');
    const token = (await refreshed(first)).data.access_token as string;
    const { app } = await setUpApp(t, t.withToken(token));
    const { browser, page } = await signIn('careful');
    assert.deepEqual(Object.fromEntries(page.searchParams), { outside: 'corp', state: 'challenge', r: '/' });
    assert.equal(browser.cookie(PUBLIC_URL, 'refresh_token'), undefined);
    const { text } = await browser.visit('/api/v1/auth/oidc/challenge', { post: true });
    const { token: challenge, methods } = JSON.parse(text).data;
    assert.deepEqual(methods, ['totp', 'recovery-code']);
    const headers = { 'user-agent': 'lightMyRequest' };
    const answer = await t.anonymous.post(
      'auth/challenge',
      { token: challenge, method: 'totp', code: app.code() },
      { headers },
    );
    assert.equal(answer.status, 200, answer.text);
    assert.ok(answer.body.data.access_token);
    assert.equal((await browser.visit('/api/v1/auth/oidc/challenge', { post: true })).status, 400, 'once');
  });

  test('every attempt is in the sign-in log: how it went, and by which provider', async () => {
    await t.system.unscoped('sign_in_logs', why).delete().execute();
    await signIn('stranger');
    await signIn('north');
    const rows = await t.system.unscoped('sign_in_logs', why).select().selectAll().orderBy('id').execute();
    assert.deepEqual(
      rows.map(({ username, outcome, reason, method }) => [username, outcome, reason, method]),
      [
        ['***', 'refused', 'outside', 'oidc:corp'],
        ['north', 'signed-in', null, 'oidc:corp'],
      ],
    );
  });

  test('an account is linked by who is signed in, used, and unlinked; not one that is another’s', async () => {
    const owner = await t.as({ permissions: [], username: 'owner' });
    const other = await t.as({ permissions: [], username: 'other' });
    await t.system
      .unscoped('users', why)
      .update({ hashed_password: '$argon2id$' })
      .where('id', 'in', [owner.userId])
      .execute();
    const link = async (token: string) => {
      const browser = new Browser(t);
      const { text, status } = await browser.visit('/api/v1/users/me/identities/strict/start', { token, post: true });
      assert.equal(status, 200, text);
      return (await signIn('linker', JSON.parse(text).data.url, browser)).page;
    };
    const linked = await link(owner.token);
    assert.deepEqual([linked.pathname, linked.search], ['/profile', '?linked=strict']);
    assert.equal((await me((await signIn('linker', '/api/v1/auth/oidc/strict/start')).browser)).id, owner.userId);
    const refused = await link(other.token);
    assert.deepEqual([refused.pathname, refused.search], ['/profile', '?link_failed=identity.taken']);

    const { items } = (await owner.get('users/me/identities')).body.data;
    assert.deepEqual(
      items.map(({ provider, title, label }: Record<string, string>) => [provider, title, label]),
      [['strict', 'strict', 'linker@else.example']],
    );
    assert.deepEqual((await other.get('users/me/identities')).body.data.items, []);
    assert.equal((await other.delete(`users/me/identities/${items[0].id}`)).body.error, 'identity.not_found');
    assert.equal((await t.admin.delete(`users/me/identities/${items[0].id}`)).body.error, 'identity.not_found');
    await t.system.unscoped('users', why).update({ hashed_password: '!' }).where('id', '=', owner.userId).execute();
    assert.equal((await owner.delete(`users/me/identities/${items[0].id}`)).body.error, 'identity.last_way_in');
    await t.system
      .unscoped('users', why)
      .update({ hashed_password: '$argon2id$' })
      .where('id', '=', owner.userId)
      .execute();
    assert.equal((await owner.delete(`users/me/identities/${items[0].id}`)).status, 200);
    assert.equal(
      (await signIn('linker', '/api/v1/auth/oidc/strict/start')).page.searchParams.get('failed'),
      'identity.not_linked',
    );
  });

  test('an account is not linked to a session that has ended meanwhile', async () => {
    const owner = await t.as({ permissions: [] });
    const browser = new Browser(t);
    const { text } = await browser.visit('/api/v1/users/me/identities/strict/start', {
      token: owner.token,
      post: true,
    });
    await owner.post('auth/logout');
    const { page } = await signIn('linker', JSON.parse(text).data.url, browser);
    assert.equal(page.search, '?link_failed=identity.flow_invalid');
  });

  test('signing out says where to sign out at the provider, and ends the session here', async () => {
    const { browser } = await signIn('alice');
    const token = (await refreshed(browser)).data.access_token as string;
    const { text } = await browser.visit('/api/v1/auth/oidc/sign-out', { token, post: true });
    const url = new URL(JSON.parse(text).data.url);
    assert.equal(url.origin, provider.issuer);
    assert.deepEqual(Object.fromEntries(url.searchParams), {
      client_id: CLIENT.client_id,
      post_logout_redirect_uri: `${PUBLIC_URL}/login`,
    });
    assert.equal((await browser.visit('/api/v1/users/me', { token })).status, 401);
    assert.equal((await browser.visit(url.href)).status, 200, 'the provider takes it');
    const byPassword = await t.as({ permissions: [] });
    assert.equal((await byPassword.post('auth/oidc/sign-out')).body.data.url, null);
  });

  test('A11 a code and a state work once, in the browser they were made for', async () => {
    const { browser, callback } = await signIn('alice');
    const again = new URL((await browser.visit(callback)).location as string);
    assert.equal(again.searchParams.get('failed'), 'identity.flow_invalid');
    const start = (await new Browser(t).visit(START)).location as string;
    const state = new URL(start).searchParams.get('state');
    const code = new URL(callback).searchParams.get('code');
    const elsewhere = await new Browser(t).visit(`/api/v1/auth/oidc/corp/callback?code=${code}&state=${state}`);
    assert.equal(
      new URL(elsewhere.location as string).searchParams.get('failed'),
      'identity.flow_invalid',
      'no cookie',
    );
    const replayed = new Browser(t);
    const fresh = new URL((await replayed.visit(START)).location as string).searchParams.get('state');
    const used = await replayed.visit(
      `/api/v1/auth/oidc/corp/callback?code=${code}&state=${fresh}&iss=${provider.issuer}`,
    );
    assert.equal(
      new URL(used.location as string).searchParams.get('failed'),
      'identity.exchange_failed',
      'the code was used',
    );
  });

  test('nothing of it is in the log: no code, no token, no secret, no state', async () => {
    const { callback } = await signIn('alice');
    const { searchParams } = new URL(callback);
    const log = t.logLines.join('\n');
    for (const secret of [searchParams.get('code'), searchParams.get('state'), CLIENT.client_secret])
      assert.ok(!log.includes(secret as string));
    assert.match(log, /an outside sign-in failed/, 'the failures above were logged');
  });
});
