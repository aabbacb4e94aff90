import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { openCollector } from '#tests/collector.ts';
import { TEST_PASSWORD, type TestApp, testApp } from '#tests/harness.ts';

const METRICS_TOKEN = 'token-of-prometheus-Zq7';
const COLLECTOR_KEY = 'key-of-the-collector-Zq7';

describe('what the program shows of itself', () => {
  let collector: Awaited<ReturnType<typeof openCollector>>;
  let t: TestApp;
  before(async () => {
    collector = await openCollector();
    t = await testApp({
      settings: {
        METRICS_TOKEN,
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
        OTEL_EXPORTER_OTLP_HEADERS: `x-collector-key=${COLLECTOR_KEY}`,
        LOG_LEVEL: 'trace',
        // Everything is slow, so that every statement and every request has a line.
        SLOW_QUERY_MS: '1',
        SLOW_REQUEST_MS: '1',
      },
    });
  });
  after(async () => {
    await t.close();
    collector.close();
  });

  test('A14 no log line, metric, cache or trace holds a password, a token, a hash or a key', async () => {
    const passwords = { first: 'first-password-Zq7!', second: 'second-password-Zq7!', wrong: 'wrong-password-Zq7!' };
    const user = { username: 'watched', email: 'watched@example.com' };
    const created = await t.admin.post('users', { ...user, password: passwords.first });
    assert.equal(created.status, 200, created.text);
    await t.anonymous.post('auth/login', { username: 'watched', password: passwords.wrong });
    await t.anonymous.post('auth/login', { username: passwords.wrong, password: passwords.wrong });
    const form = { username: 'watched', password: passwords.first, client_secret: 'client-secret-Zq7' };
    const given = (await t.anonymous.post('auth/token', form)).body;
    const me = t.withToken(given.access_token);
    await me.get(`users/me?access_token=${given.access_token}`);
    await me.get('users/me/menus');
    await me.post('users/me/password', { old_password: passwords.first, new_password: passwords.second });
    await t.anonymous.post('auth/token', { grant_type: 'refresh_token', refresh_token: given.refresh_token });
    const key = await t.admin.post('users/me/api-keys', { name: 'k', permissions: ['*:*:*'], expires_in_days: 1 });
    assert.equal(key.status, 200, key.text);
    const reset = await t.admin.post(`users/${created.body.data.id}/reset-password`, {});
    assert.equal(reset.status, 200, reset.text);
    await t.anonymous.get('/metrics', { headers: { authorization: `Bearer ${METRICS_TOKEN}` } });
    await t.anonymous.get('/metrics', { headers: { authorization: 'Bearer guessed-token-Zq7' } });
    const hashes = (
      await t.system.unscoped('users', 'a test looks at what is stored').select().select('hashed_password').execute()
    )
      .map((row) => row.hashed_password)
      .filter((hash) => hash.length > 10);

    const caches = t.environment.caches;
    const places = {
      metrics: (await t.anonymous.get('/metrics', { headers: { authorization: `Bearer ${METRICS_TOKEN}` } })).text,
      caches: JSON.stringify(caches.figures().map(({ name }) => caches.entries(name, 1000))),
      rights: JSON.stringify(t.environment.access.keys(1000)),
    };
    const { JWT_SECRET_KEY } = t.config;
    await t.close();
    const all = { ...places, log: t.logLines.join(''), traces: collector.texts.join('\n') };
    const secrets = [
      ...Object.values(passwords),
      'client-secret-Zq7',
      'guessed-token-Zq7',
      TEST_PASSWORD,
      METRICS_TOKEN,
      COLLECTOR_KEY,
    ];
    secrets.push(
      key.body.data.key,
      reset.body.data.one_time_password,
      given.access_token,
      given.refresh_token,
      t.admin.token,
      JWT_SECRET_KEY,
      ...hashes,
    );
    assert.ok(hashes.length > 0 && t.logLines.length > 10 && collector.spans().length > 30);
    for (const secret of secrets) assert.ok(secret?.length > 10, String(secret));
    for (const [place, text] of Object.entries(all)) {
      assert.ok(text.length > 1, place);
      for (const secret of secrets) assert.ok(!text.includes(secret), `the ${place} show ${secret.slice(0, 12)}…`);
    }
    assert.match(all.log, /"msg":"slow (statement|request)"/);
  });
});
