import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { type Client, TEST_PASSWORD, useApp } from '#tests/harness.ts';
import { recordSeenSessions, removeExpiredSessions } from './session.service.ts';

const why = 'a test looks at what is stored';
const credentials = { username: 'admin', password: TEST_PASSWORD };
const MINUTE = 60_000;
const DAY = 86_400_000;

/** A clock that a test sets, and what a sign-in on it gives. */
function useClock(settings: Record<string, string> = {}) {
  const clock = { elapsedMs: 0 };
  const t = useApp({ settings, now: () => new Date(Date.now() + clock.elapsedMs) });
  const grant = async (body: object) => (await t.anonymous.post('auth/token', body)).body;
  return {
    t,
    clock,
    signIn: () => grant({ grant_type: 'password', ...credentials }),
    refresh: (token: string) => grant({ grant_type: 'refresh_token', refresh_token: token }),
    status: async (token: string) => (await t.withToken(token).get('users/me')).status,
  };
}

const lastSeen = async (t: ReturnType<typeof useApp>, { sessionId }: Client) =>
  (
    await t.system
      .unscoped('sessions', why)
      .select()
      .select('last_seen_at')
      .where('id', '=', sessionId)
      .executeTakeFirstOrThrow()
  ).last_seen_at.getTime();

describe('the life of a session', () => {
  const { t, clock, signIn, refresh, status } = useClock({ REFRESH_TOKEN_EXPIRE_DAYS: '7', SESSION_MAX_DAYS: '10' });

  test('ends at its greatest age, however much it is used', async () => {
    let tokens = await signIn();
    for (const day of [3, 6, 9]) {
      clock.elapsedMs = day * DAY;
      tokens = await refresh(tokens.refresh_token);
      assert.ok(tokens.access_token, `day ${day}`);
    }
    clock.elapsedMs = 10 * DAY - MINUTE;
    assert.equal(await status(tokens.access_token), 200);
    clock.elapsedMs = 10 * DAY + MINUTE;
    assert.equal(await status(tokens.access_token), 401);
    assert.equal((await refresh(tokens.refresh_token)).error, 'invalid_grant');
    clock.elapsedMs = 0;
  });

  test('is not changed by a clock that jumps ahead and back: nobody is signed out, nothing lives longer than it may', async () => {
    const tokens = await signIn();
    clock.elapsedMs = 400 * DAY;
    assert.equal(await status(tokens.access_token), 401);
    assert.equal((await refresh(tokens.refresh_token)).error, 'invalid_grant');
    clock.elapsedMs = 0;
    t.environment.access.setHearing(true);
    assert.equal(await status(tokens.access_token), 200, 'the clock is right again');
    const next = await refresh(tokens.refresh_token);
    clock.elapsedMs = -3 * DAY;
    assert.equal(await status(next.access_token), 200);
    const back = await refresh(next.refresh_token);
    assert.ok(back.refresh_token);
    clock.elapsedMs = 10 * DAY + MINUTE;
    t.environment.access.setHearing(true);
    assert.equal(await status(back.access_token), 401);
    clock.elapsedMs = 0;
  });

  test('A4 a replay is noticed although the clock was set back, and is announced', async () => {
    const told: { sessionId: string; userId: number }[] = [];
    const listeners = t.environment.listeners as Map<string, ((ctx: unknown, event: never) => void)[]>;
    const failing = () => {
      throw new Error('a listener that fails');
    };
    listeners.set('session.replayed', [failing, (_, event) => told.push(event)]);
    const first = await signIn();
    const second = await refresh(first.refresh_token);
    clock.elapsedMs = -3 * 3600_000;
    assert.equal((await refresh(first.refresh_token)).error, 'invalid_grant');
    const { sid: sessionId, sub } = JSON.parse(Buffer.from(first.access_token.split('.')[1], 'base64url').toString());
    assert.deepEqual(told, [{ sessionId, userId: Number(sub) }]);
    assert.ok(t.logLines.some((line) => line.includes('a listener failed')));
    listeners.clear();
    assert.equal(await status(second.access_token), 401);
    assert.equal((await refresh(second.refresh_token)).error, 'invalid_grant');
    clock.elapsedMs = 0;
  });

  test('what ended is removed a month later, with its tokens; what lives stays', async () => {
    const before = await removeExpiredSessions(t.system);
    assert.equal(before, 0);
    const old = await signIn();
    await t.withToken(old.access_token).post('auth/logout');
    const count = async (table: 'sessions' | 'refresh_tokens') =>
      (await t.system.unscoped(table, why).select().select('created_at').execute()).length;
    clock.elapsedMs = 31 * DAY;
    const living = await signIn();
    assert.ok((await removeExpiredSessions(t.system)) >= 1);
    assert.deepEqual([(await count('sessions')) >= 1, await status(living.access_token)], [true, 200]);
    const left = await t.system.unscoped('refresh_tokens', why).select().select('session_id').execute();
    const sessions = await t.system.unscoped('sessions', why).select().select('id').execute();
    assert.deepEqual(
      new Set(left.map((row) => row.session_id)).isSubsetOf(new Set(sessions.map((row) => row.id))),
      true,
    );
    assert.ok(!left.some((row) => row.session_id === old.session_id));
    clock.elapsedMs = 0;
  });
});

describe('a session that may rest for so long', () => {
  const { t, clock, signIn, refresh, status } = useClock({ SESSION_IDLE_MINUTES: '15' });
  const use = async (token: string) => {
    const answer = await status(token);
    await t.environment.seenSessions.writeBy((ids) => recordSeenSessions(t.system, ids));
    // What the snapshot keeps is at most half a minute old; a test does not wait for that.
    t.environment.access.setHearing(true);
    return answer;
  };

  test('lives on while it is used, and ends when it is not', async () => {
    const [used, idle] = [await signIn(), await signIn()];
    for (const minute of [10, 20, 30]) {
      clock.elapsedMs = minute * MINUTE;
      assert.equal(await use(used.access_token), 200, `minute ${minute}`);
    }
    assert.equal(await use(idle.access_token), 401);
    assert.equal((await refresh(idle.refresh_token)).error, 'invalid_grant');
    assert.ok((await refresh(used.refresh_token)).access_token);
    const { items } = (await t.withToken(used.access_token).get('users/me/sessions?page_size=200')).body.data;
    assert.equal(items.length, 1, 'the list shows what lives');
    clock.elapsedMs = 0;
  });
});

describe('as many sign-ins as a user may have', () => {
  const { t, signIn, refresh, status } = useClock({ SESSIONS_PER_USER: '1' });

  test('one: the newer ends the older, with its refresh token; that of others goes on', async () => {
    const other = await t.as({ permissions: [] });
    const older = await signIn();
    assert.equal(await status(older.access_token), 200);
    const newer = await signIn();
    assert.deepEqual([await status(older.access_token), await status(newer.access_token)], [401, 200]);
    assert.equal((await refresh(older.refresh_token)).error, 'invalid_grant');
    assert.equal((await other.get('users/me')).status, 200);
  });

  test('one also when two sign in at the same moment', async () => {
    for (let round = 0; round < 3; round++) {
      const both = await Promise.all([signIn(), signIn(), signIn()]);
      const statuses = await Promise.all(both.map(({ access_token }) => status(access_token)));
      assert.deepEqual(statuses.sort(), [200, 401, 401]);
    }
  });
});

describe('when somebody was last seen', () => {
  const t = useApp();
  let client: Client;
  const write = () => t.environment.seenSessions.writeBy((ids) => recordSeenSessions(t.system, ids));
  before(async () => {
    client = await t.as({ permissions: [] });
    await client.get('users/me');
    await write();
  });

  test('costs no statement at a request, and one for all that were seen since', async () => {
    const clients = [client, await t.as({ permissions: [] }), await t.as({ permissions: [] })];
    for (const one of clients) await one.get('users/me/permissions');
    const before = await lastSeen(t, client);
    for (let round = 0; round < 5; round++)
      for (const one of clients) assert.equal((await one.get('users/me')).statements, 1, 'the profile itself');
    assert.equal(await lastSeen(t, client), before, 'nothing was written yet');
    const statements = t.database.statements;
    await write();
    assert.equal(t.database.statements - statements, 1);
    for (const one of clients) assert.ok((await lastSeen(t, one)) > before);
    await write();
    assert.equal(
      t.database.statements - statements,
      1 + clients.length,
      'nobody was seen since: only the looks of this test',
    );
  });

  test('never goes backwards, and a refused request counts for nobody', async () => {
    const later = new Date(Date.now() + 60_000);
    await t.system
      .unscoped('sessions', why)
      .update({ last_seen_at: later })
      .where('id', '=', client.sessionId)
      .execute();
    await client.get('users/me');
    await write();
    assert.equal(await lastSeen(t, client), later.getTime());
    const ended = await t.as({ permissions: [] });
    await ended.post('auth/logout');
    await write();
    const seen = await lastSeen(t, ended);
    assert.equal((await ended.get('users/me')).status, 401);
    await write();
    assert.equal(await lastSeen(t, ended), seen);
  });

  test('is kept for the next time when the database does not answer', async () => {
    const one = await t.as({ permissions: [] });
    await one.get('users/me');
    const before = await lastSeen(t, one);
    await assert.rejects(
      t.environment.seenSessions.writeBy(async () => {
        throw new Error('away');
      }),
    );
    await write();
    assert.ok((await lastSeen(t, one)) > before);
  });

  test('is written when the service stops', async () => {
    const one = await t.as({ permissions: [] });
    const before = await lastSeen(t, one);
    await one.get('users/me');
    await t.app.close();
    assert.ok((await lastSeen(t, one)) > before);
  });
});
