import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TEST_PASSWORD, useApp } from '#tests/harness.ts';

const why = 'a test looks at what is stored';
const credentials = { username: 'admin', password: TEST_PASSWORD };

describe('attacks through forwarding headers', () => {
  const t = useApp({ settings: { TRUSTED_PROXIES: '10.0.0.0/8,::1' } });

  /** What the program believes about a sign-in: the address in its log line, the one it stores, and the request's id. */
  const believed = async (remoteAddress: string, headers: Record<string, string>) => {
    const answer = await t.anonymous.post('auth/login', credentials, { remoteAddress, headers });
    assert.equal(answer.status, 200, answer.text);
    const session = await t.system
      .unscoped('sessions', why)
      .select()
      .selectAll()
      .orderBy('created_at', 'desc')
      .where('user_agent', '=', headers['user-agent'] ?? '')
      .executeTakeFirst();
    const line = t.logLines.map((text) => JSON.parse(text)).findLast((entry) => entry.msg === 'request');
    return {
      logged: line.address,
      stored: session?.address,
      id: answer.headers['x-request-id'],
      loggedId: line.request_id,
    };
  };

  test('A13 what a stranger claims is neither believed, stored nor logged', async () => {
    const headers = { 'x-forwarded-for': '203.0.113.9', 'x-request-id': 'chosen-by-me', 'user-agent': 'stranger' };
    const { logged, stored, id, loggedId } = await believed('192.0.2.1', headers);
    assert.deepEqual([logged, stored], ['192.0.2.1', '192.0.2.1']);
    assert.notEqual(id, 'chosen-by-me');
    assert.equal(loggedId, id);
  });

  test('A13 what a trusted proxy says is believed, up to the last address that is not trusted', async () => {
    const headers = {
      'x-forwarded-for': '203.0.113.9, 192.0.2.77, 10.9.9.9',
      'x-request-id': 'from-proxy:1',
      'user-agent': 'proxy',
    };
    const { logged, stored, id, loggedId } = await believed('10.1.2.3', headers);
    assert.deepEqual([logged, stored], ['192.0.2.77', '192.0.2.77']);
    assert.deepEqual([id, loggedId], ['from-proxy:1', 'from-proxy:1']);
    const mapped = { 'x-request-id': 'mapped', 'user-agent': 'mapped' };
    assert.equal((await believed('::ffff:10.1.2.3', mapped)).id, 'mapped');
  });

  test('A13 a request id that could break a log line is not taken, even from a trusted proxy', async () => {
    for (const id of ['a b', 'x'.repeat(65), '"}{"', 'ümlaut', '']) {
      const { headers } = await t.anonymous.get('/healthz', {
        remoteAddress: '10.1.2.3',
        headers: { 'x-request-id': id },
      });
      assert.match(String(headers['x-request-id']), /^[0-9a-f-]{36}$/, id);
    }
  });

  test('A13 nonsense in place of an address breaks nothing', async () => {
    for (const address of ['x'.repeat(500), '<script>', 'unknown', ', ,', '999.1.1.1', "'; drop table users --"]) {
      const headers = { 'x-forwarded-for': address, 'user-agent': 'nonsense' };
      const answer = await t.anonymous.post('auth/login', credentials, { remoteAddress: '10.1.2.3', headers });
      assert.equal(answer.status, 200, `${address.slice(0, 20)}: ${answer.text}`);
    }
  });
});

describe('attacks on what is kept', () => {
  const t = useApp({
    prepare: (app) => {
      app.post('/api/v1/broken-write', { config: { access: 'signed-in' } }, async (request) => {
        const at = new Date();
        const row = {
          username: null as never,
          email: 'b@example.com',
          hashed_password: '$argon2id$leak-by-error',
          created_at: at,
          updated_at: at,
        };
        await request.ctx.unscoped('users', why).insert(row);
      });
    },
  });

  test('A14 no password, token or hash is found in logs, sessions, refresh tokens, audit records or answers', async () => {
    const secrets = {
      first: 'first-password-Zq7',
      second: 'second-password-Zq7',
      guessed: 'guessed-password-Zq7',
      short: 'Zq7',
      clientSecret: 'client-secret-Zq7',
    };
    const user = { username: 'secretive', email: 'secretive@example.com' };
    const texts: string[] = [];
    const keep = <A extends { text: string }>(answer: A): A => {
      texts.push(answer.text);
      return answer;
    };
    keep(await t.admin.post('users', { ...user, password: secrets.first }));
    keep(await t.admin.post('users', { ...user, password: secrets.first }));
    keep(await t.admin.post('users', { ...user, username: 'other', password: secrets.short }));
    keep(await t.admin.post('users', { ...user, password: secrets.second, is_superuser: true }));
    keep(await t.anonymous.post('auth/login', { ...user, password: secrets.guessed }));
    keep(await t.anonymous.post('auth/login', { username: 'secretive', password: secrets.guessed }));
    keep(await t.anonymous.post('auth/login', { username: 'secretive', password: [secrets.guessed] }));
    keep(
      await t.anonymous.post('auth/login', `{"username":"secretive","password":"${secrets.guessed}`, {
        headers: { 'content-type': 'application/json' },
      }),
    );
    const form = { username: 'secretive', password: secrets.first, client_secret: secrets.clientSecret };
    const given = (await t.anonymous.post('auth/token', form)).body;
    const next = (
      await t.anonymous.post('auth/token', { grant_type: 'refresh_token', refresh_token: given.refresh_token })
    ).body;
    const login = await t.anonymous.post('auth/login', { username: 'secretive', password: secrets.first });
    const cookie = /refresh_token=([\w-]+)/.exec(String(login.headers['set-cookie']))?.[1] ?? '';
    const me = t.withToken(next.access_token);
    keep(await me.get(`users/me?access_token=${given.access_token}`));
    keep(await me.post('users/me/password', { old_password: secrets.guessed, new_password: secrets.second }));
    keep(await me.post('users/me/password', { old_password: secrets.first, new_password: secrets.short }));
    keep(await me.post('users/me/password', { old_password: secrets.first, new_password: secrets.second }));
    keep(await t.anonymous.post('auth/refresh', undefined, { headers: { cookie: `refresh_token=${cookie}` } }));
    keep(
      await t.anonymous.get(`users/${given.access_token}`, {
        headers: { authorization: `Bearer ${given.access_token}x` },
      }),
    );
    keep(await t.admin.get('users?keyword=secretive'));
    keep(await t.anonymous.get('/openapi.json'));
    keep(await me.post('auth/logout'));

    const hashes = (await t.system.unscoped('users', why).select().select('hashed_password').execute()).map(
      (row) => row.hashed_password,
    );
    const sessions = await t.system.unscoped('sessions', why).select().selectAll().execute();
    const refreshTokens = await t.system.unscoped('refresh_tokens', why).select().selectAll().execute();
    const audit = await t.system.unscoped('audit_logs', why).select().selectAll().execute();
    assert.ok(audit.some(({ changes }) => changes?.includes('hashed_password')));
    const { short: _short, ...long } = secrets;
    const usable = [
      ...Object.values(long),
      TEST_PASSWORD,
      given.access_token,
      given.refresh_token,
      next.access_token,
      next.refresh_token,
    ];
    usable.push(login.body.data.access_token, cookie, t.config.JWT_SECRET_KEY, t.admin.token);
    const places = {
      'the log': t.logLines.join('\n'),
      'the sessions': JSON.stringify(sessions),
      'the refresh tokens': JSON.stringify(refreshTokens),
      'the audit': JSON.stringify(audit),
      'the answers': texts.join('\n'),
    };
    assert.ok(sessions.length > 2 && refreshTokens.length > 2 && t.logLines.length > 15);
    for (const [place, text] of Object.entries(places)) {
      for (const secret of usable) {
        assert.ok(secret.length > 10);
        assert.ok(!text.includes(secret), `${place} shows ${secret.slice(0, 12)}…`);
      }
      for (const hash of hashes) assert.ok(hash.length < 10 || !text.includes(hash), `${place} shows a hash`);
    }
    for (const secret of usable) assert.ok(!JSON.stringify(hashes).includes(secret));
    for (const { token_hash } of refreshTokens) assert.match(token_hash, /^[0-9a-f]{64}$/);
  });

  test('A14 a failing statement takes no value of its row into the answer or the log', async () => {
    const { status, text } = await t.admin.post('broken-write');
    assert.equal(status, 500);
    assert.ok(t.logLines.some((line) => line.includes('request failed')));
    for (const place of [text, ...t.logLines]) assert.ok(!place.includes('leak-by-error'), place.slice(0, 2000));
  });
});
