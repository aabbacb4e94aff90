import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTestDatabase, type TestDatabase } from '#extensions/database/testing.ts';
import { TEST_PASSWORD, useApp } from '#tests/harness.ts';
import { testDialect } from '../dialect.ts';
import { call, type Program, signIn, startProgram, stopProgram } from './program.ts';

const why = 'a test looks at what is stored';
const credentials = { grant_type: 'password', username: 'admin', password: TEST_PASSWORD };

describe('many refreshes of one token at once', () => {
  const t = useApp();
  const ask = async (body: object) => t.anonymous.post('auth/token', body);
  const refresh = (token: string) => ask({ grant_type: 'refresh_token', refresh_token: token });

  test('fifty of them give one successor, and sign nobody out', async () => {
    const first = (await ask(credentials)).body;
    const answers = await Promise.all(Array.from({ length: 50 }, () => refresh(first.refresh_token)));
    const won = answers.filter(({ status }) => status === 200);
    assert.equal(won.length, 1);
    for (const { status, body } of answers)
      if (status !== 200) assert.deepEqual([status, body.error], [400, 'invalid_grant']);
    for (const { access_token } of [first, won[0]?.body])
      assert.equal((await t.withToken(access_token).get('users/me')).status, 200);
    assert.equal((await refresh(won[0]?.body.refresh_token)).status, 200);
    const { sid } = JSON.parse(Buffer.from(first.access_token.split('.')[1], 'base64url').toString());
    const tokens = await t.system
      .unscoped('refresh_tokens', why)
      .select()
      .select('used_at')
      .where('session_id', '=', sid)
      .execute();
    assert.deepEqual([tokens.length, tokens.filter((token) => token.used_at === null).length], [3, 1]);
  });

  test('beside one that is ended meanwhile give nothing that lives', async () => {
    for (let round = 0; round < 5; round++) {
      const first = (await ask(credentials)).body;
      const [, ...answers] = await Promise.all([
        t.withToken(first.access_token).post('auth/logout'),
        ...Array.from({ length: 5 }, () => refresh(first.refresh_token)),
      ]);
      for (const { body } of answers) {
        if (!body.access_token) continue;
        assert.equal((await t.withToken(body.access_token).get('users/me')).status, 401);
        assert.equal((await refresh(body.refresh_token)).status, 400);
      }
    }
  });
});

const redisUrl = process.env['TEST_REDIS_URL'] ?? '';

describe('two processes with Redis', { skip: redisUrl === '' && 'TEST_REDIS_URL is not set' }, () => {
  const PASSWORD = 'testpassword';
  let folder: string;
  let database: TestDatabase;
  let programs: Program[] = [];
  let one: string;
  let two: string;
  let admin: string;

  /** Asks until the answer is the expected one; gives up long before anything would expire by itself. */
  const eventually = async (ask: () => Promise<number>, expected: number, note: string) => {
    let last = 0;
    for (let attempt = 0; attempt < 100; attempt++) {
      last = await ask();
      if (last === expected) return;
      await sleep(20);
    }
    assert.equal(last, expected, note);
  };
  const isHeard = async (address: string) =>
    ((await (await fetch(`${address}/readyz`)).json()) as { redis: string }).redis === 'ok' ? 1 : 0;

  before(
    async () => {
      folder = mkdtempSync(join(tmpdir(), 'sessions-test-'));
      database = await createTestDatabase(testDialect());
      const settings = {
        APP_ENV: 'development',
        DATA_DIR: folder,
        DATABASE_URL: database.url,
        REDIS_URL: redisUrl,
        ADMIN_PASSWORD: TEST_PASSWORD,
        SEED_DEMO_DATA: 'false',
        SIGN_IN_RATE_PER_MINUTE: '10000',
      };
      programs = [startProgram(settings), startProgram(settings)];
      [one, two] = (await Promise.all(programs.map((program) => program.address))) as [string, string];
      for (const address of [one, two]) await eventually(() => isHeard(address), 1, address);
      admin = (await signIn(one, TEST_PASSWORD)).access_token;
    },
    { timeout: 180_000 },
  );
  after(async () => {
    await Promise.all(programs.map(stopProgram));
    await database?.drop();
    rmSync(folder, { recursive: true, force: true });
  });

  let made = 0;
  const newUser = async () => {
    made += 1;
    const body = { username: `two-${made}`, email: `two-${made}@example.com`, password: PASSWORD };
    const answer = await call(one, 'POST', 'users', { token: admin, body });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return { id: answer.body.data.id as number, username: body.username };
  };
  const tokensOf = async ({ username }: { username: string }, address = two) => {
    const { body } = await call(address, 'POST', 'auth/token', {
      body: { grant_type: 'password', username, password: PASSWORD },
    });
    return body as { access_token: string; refresh_token: string };
  };
  const refresh = (token: string, address = two) =>
    call(address, 'POST', 'auth/token', { body: { grant_type: 'refresh_token', refresh_token: token } });
  const status = async (token: string, address = two) => (await call(address, 'GET', 'users/me', { token })).status;

  test('A3 A6 what one takes away, the other refuses: access and refresh tokens, in every way', async () => {
    const ways: Record<
      string,
      (user: { id: number }, tokens: { access_token: string }) => Promise<{ status: number }>
    > = {
      'signing out': (_, { access_token }) => call(one, 'POST', 'auth/logout', { token: access_token }),
      'signing everything else out': async (user) => {
        const here = await tokensOf({ username: `two-${made}` }, one);
        assert.ok(user.id);
        return call(one, 'DELETE', 'users/me/sessions', { token: here.access_token });
      },
      'a changed password': async (_) => {
        const here = await tokensOf({ username: `two-${made}` }, one);
        const body = { old_password: PASSWORD, new_password: 'another good one' };
        return call(one, 'POST', 'users/me/password', { token: here.access_token, body });
      },
      'a reset password': ({ id }) =>
        call(one, 'POST', `users/${id}/reset-password`, { token: admin, body: { password: 'another good one' } }),
      'a forced sign-out': async ({ id }) => {
        const { body } = await call(one, 'GET', `users/${id}/sessions`, { token: admin });
        const ids = body.data.items.map((row: { id: string }) => row.id);
        return call(one, 'POST', 'online-users/batch-sign-out', { token: admin, body: { ids } });
      },
      deletion: ({ id }) => call(one, 'DELETE', `users/${id}`, { token: admin }),
    };
    for (const [way, takeAway] of Object.entries(ways)) {
      const user = await newUser();
      const tokens = await tokensOf(user);
      assert.equal(await status(tokens.access_token), 200, way);
      assert.equal((await takeAway(user, tokens)).status, 200, way);
      await eventually(() => status(tokens.access_token), 401, way);
      assert.equal((await refresh(tokens.refresh_token)).body.error, 'invalid_grant', way);
      assert.equal(await status(tokens.access_token, one), 401, way);
    }
  });

  test('A3 a disabled user is refused by both, and the old session stays over when they are enabled again', async () => {
    const user = await newUser();
    const tokens = await tokensOf(user);
    assert.equal(await status(tokens.access_token), 200);
    await call(one, 'PATCH', `users/${user.id}`, { token: admin, body: { is_active: false } });
    await eventually(() => status(tokens.access_token), 400, 'disabled');
    assert.equal((await refresh(tokens.refresh_token)).body.error, 'invalid_grant');
    await call(one, 'PATCH', `users/${user.id}`, { token: admin, body: { is_active: true } });
    await eventually(() => status(tokens.access_token), 401, 'enabled again');
  });

  test('A4 fifty refreshes over both give one successor; a late replay at the other ends the family on both', async () => {
    const first = await tokensOf(await newUser());
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => refresh(first.refresh_token, index % 2 === 0 ? one : two)),
    );
    const won = answers.filter((answer) => answer.status === 200);
    assert.equal(won.length, 1);
    const next = won[0]?.body;
    for (const address of [one, two]) assert.equal(await status(next.access_token, address), 200);
    // The time in which a second use may be another tab is ten seconds.
    await sleep(10_100);
    assert.equal((await refresh(first.refresh_token, one)).body.error, 'invalid_grant');
    await eventually(() => status(next.access_token, two), 401, 'the successor');
    assert.equal((await refresh(next.refresh_token, two)).body.error, 'invalid_grant');
    assert.match(programs[0]?.output() ?? '', /a used refresh token came back/);
  });
});
