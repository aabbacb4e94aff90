import assert from 'node:assert/strict';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, describe, test } from 'node:test';
import { Browser } from '#tests/browser.ts';
import { type TestApp, testApp } from '#tests/harness.ts';
import { CLIENT, callbackOf, PUBLIC_URL } from '#tests/openid.ts';

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A server that answers as a test says, by path, and redirects where it says an address; providers without OpenID are nothing more. */
async function startAnswers() {
  const answers: Record<string, unknown> = {};
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const path = request.url ?? '';
    asked.push({ method: request.method ?? '', path, headers: request.headers, body });
    const answer = answers[path];
    if (answer instanceof URL) return void response.writeHead(302, { location: answer.href }).end();
    response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, answers, asked, close: () => server.close() };
}

describe('signing in with providers that speak OAuth 2 alone', () => {
  let t: TestApp;
  let there: Awaited<ReturnType<typeof startAnswers>>;

  before(async () => {
    there = await startAnswers();
    const { url } = there;
    const endpoints = { issuer: url, authorization_endpoint: `${url}/authorize`, token_endpoint: `${url}/token` };
    const rules = { ...CLIENT, ...endpoints, create_users: true, email_domains: ['corp.example'] };
    t = await testApp({
      settings: {
        PUBLIC_URL,
        IDENTITY_PROVIDERS: JSON.stringify([
          {
            ...rules,
            name: 'hub',
            preset: 'github',
            userinfo_endpoint: `${url}/user`,
            emails_endpoint: `${url}/user/emails`,
          },
          { ...rules, name: 'lark', preset: 'feishu', userinfo_endpoint: `${url}/user_info` },
          { ...rules, name: 'ding', preset: 'dingtalk', userinfo_endpoint: `${url}/users/me` },
        ]),
      },
    });
  });
  after(async () => {
    await t?.close();
    there?.close();
  });
  beforeEach(() => {
    there.asked.length = 0;
    for (const path of Object.keys(there.answers)) delete there.answers[path];
  });

  async function signIn(name: string, code: Record<string, string>) {
    const browser = new Browser(t);
    const { location } = await browser.visit(`/api/v1/auth/oidc/${name}/start`);
    const sent = new URL(location as string).searchParams;
    const query = new URLSearchParams({ ...code, state: sent.get('state') as string });
    const back = await browser.visit(`/api/v1/auth/oidc/${name}/callback?${query}`);
    return { sent, page: new URL(back.location as string).searchParams, browser };
  }
  const me = async (browser: Browser) => {
    const { text } = await browser.visit('/api/v1/auth/refresh', { post: true });
    const token = JSON.parse(text).data.access_token as string;
    return JSON.parse((await browser.visit('/api/v1/users/me', { token })).text).data;
  };
  /** Links to the administrator, as somebody signed in does. */
  async function link(name: string, code: Record<string, string>) {
    const browser = new Browser(t);
    const { text } = await browser.visit(`/api/v1/users/me/identities/${name}/start`, {
      token: t.admin.token,
      post: true,
    });
    const state = new URL(JSON.parse(text).data.url).searchParams.get('state') as string;
    const query = new URLSearchParams({ ...code, state });
    return (await browser.visit(`/api/v1/auth/oidc/${name}/callback?${query}`)).location;
  }

  test('GitHub: the number is the account, the primary verified address the address, PKCE and a form at the token endpoint', async () => {
    there.answers['/token'] = { access_token: 'gho_x', token_type: 'bearer', scope: 'read:user,user:email' };
    there.answers['/user'] = { id: 42, login: 'octo', name: 'Octo', email: 'forged@corp.example' };
    there.answers['/user/emails'] = [
      { email: 'old@corp.example', primary: false, verified: true },
      { email: 'octo@corp.example', primary: true, verified: true },
    ];
    const { sent, page, browser } = await signIn('hub', { code: 'abc' });
    assert.equal(sent.get('scope'), 'read:user user:email');
    assert.equal(sent.get('nonce'), null);
    assert.equal(page.get('state'), 'session');
    const [token, user] = there.asked as [Asked, Asked];
    const form = new URLSearchParams(token.body);
    assert.deepEqual([form.get('code'), form.get('redirect_uri')], ['abc', callbackOf('hub')]);
    assert.equal(form.get('code_verifier')?.length, 43);
    assert.equal(token.headers.accept, 'application/json');
    assert.equal(user.headers.authorization, 'Bearer gho_x');
    const made = await me(browser);
    assert.deepEqual([made.username, made.email, made.name], ['octo', 'octo@corp.example', 'Octo']);

    there.answers['/user'] = { id: 42, login: 'renamed' };
    assert.equal((await me((await signIn('hub', { code: 'def' })).browser)).id, made.id);
    there.answers['/user'] = { id: 43, login: 'octo', email: 'octo@corp.example' };
    assert.equal(
      (await signIn('hub', { code: 'ghi' })).page.get('failed'),
      'identity.not_linked',
      'A11: the name alone is nobody',
    );
  });

  test('A11 GitHub: an address that is not verified makes nobody', async () => {
    there.answers['/token'] = { access_token: 'gho_x', token_type: 'bearer' };
    there.answers['/user'] = { id: 44, login: 'new', email: 'new@corp.example', email_verified: true };
    there.answers['/user/emails'] = [{ email: 'new@corp.example', primary: true, verified: false }];
    assert.equal((await signIn('hub', { code: 'abc' })).page.get('failed'), 'identity.not_linked');
  });

  test('GitHub: an error with status 200, and an answer that is no JSON object', async () => {
    there.answers['/token'] = { error: 'bad_verification_code', error_description: 'x' };
    assert.equal((await signIn('hub', { code: 'abc' })).page.get('failed'), 'identity.exchange_failed');
    there.answers['/token'] = { access_token: 'gho_x', token_type: 'bearer' };
    there.answers['/user'] = 'hello';
    assert.equal((await signIn('hub', { code: 'abc' })).page.get('failed'), 'identity.exchange_failed');
  });

  test('A36 a redirect of the user info is not followed', async () => {
    const inner = await startAnswers();
    inner.answers['/user'] = { id: 99, login: 'inner' };
    there.answers['/token'] = { access_token: 'gho_x', token_type: 'bearer' };
    there.answers['/user'] = new URL(`${inner.url}/user`);
    try {
      assert.equal((await signIn('hub', { code: 'abc' })).page.get('failed'), 'identity.exchange_failed');
      assert.deepEqual(inner.asked, []);
    } finally {
      inner.close();
    }
  });

  test('Feishu: JSON at the token endpoint, user info in an envelope, an address that is not verified', async () => {
    there.answers['/token'] = { code: 0, access_token: 'u-x', token_type: 'Bearer', expires_in: 7200 };
    there.answers['/user_info'] = {
      code: 0,
      msg: 'success',
      data: { open_id: 'ou_1', union_id: 'on_1', name: '张三', en_name: 'San', email: 'san@corp.example' },
    };
    const { page } = await signIn('lark', { code: 'abc' });
    assert.equal(page.get('failed'), 'identity.not_linked');
    const token = there.asked[0] as Asked;
    assert.match(token.headers['content-type'] ?? '', /^application\/json/);
    const body = JSON.parse(token.body);
    assert.deepEqual([body.grant_type, body.client_id, body.code], ['authorization_code', CLIENT.client_id, 'abc']);
    assert.deepEqual([body.redirect_uri, body.code_verifier.length], [callbackOf('lark'), 43]);
    assert.equal(there.asked[1]?.headers.authorization, 'Bearer u-x');

    assert.equal(await link('lark', { code: 'def' }), `${PUBLIC_URL}/profile?linked=lark`);
    assert.equal((await me((await signIn('lark', { code: 'ghi' })).browser)).username, 'admin');
    there.answers['/token'] = { code: 20003, error: 'invalid_grant' };
    assert.equal((await signIn('lark', { code: 'abc' })).page.get('failed'), 'identity.exchange_failed');
  });

  test('DingTalk: its own names, its own header, the code as authCode', async () => {
    there.answers['/token'] = { accessToken: 'd-x', expireIn: 7200 };
    there.answers['/users/me'] = { nick: '李四', unionId: 'union-1', openId: 'open-1', email: 'li@corp.example' };
    assert.equal(await link('ding', { authCode: 'abc' }), `${PUBLIC_URL}/profile?linked=ding`);
    const [token, user] = there.asked as [Asked, Asked];
    assert.deepEqual(JSON.parse(token.body), {
      clientId: CLIENT.client_id,
      clientSecret: CLIENT.client_secret,
      code: 'abc',
      grantType: 'authorization_code',
    });
    assert.equal(user.headers['x-acs-dingtalk-access-token'], 'd-x');
    const { sent, browser } = await signIn('ding', { authCode: 'def' });
    assert.equal(sent.get('prompt'), 'consent');
    assert.equal((await me(browser)).username, 'admin');
    assert.equal((await signIn('ding', { code: 'def' })).page.get('failed'), 'identity.exchange_failed');
  });
});
