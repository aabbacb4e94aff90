import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TEST_PASSWORD, useApp } from '#tests/harness.ts';
import { pruneSignInLogs } from './sign-in-log.service.ts';

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const why = 'a test looks at what is stored';

interface Attempt {
  readonly username: string;
  readonly password: string;
  readonly from?: string;
  readonly headers?: Record<string, string>;
}

describe('the sign-in log', () => {
  let elapsedMs = 0;
  const t = useApp({ now: () => new Date(Date.now() + elapsedMs), settings: { SIGN_IN_LOG_DAYS: '30' } });
  const reading = ['log:sign-in:query'];
  const login = ({ username, password, from = '192.0.2.1', headers = { 'user-agent': FIREFOX } }: Attempt) =>
    t.anonymous.post('auth/login', { username, password }, { remoteAddress: from, headers });
  const person = async (username: string, dept: string | null = null) => {
    const row =
      dept && (await t.system.unscoped('depts', why).select().select('id').where('code', '=', dept).executeTakeFirst());
    const body = {
      username,
      email: `${username}@example.com`,
      password: 'testpassword',
      ...(row && { dept_id: row.id }),
    };
    return (await t.admin.post('users', body)).body.data.id as number;
  };
  const listed = async (query: string, client = t.admin) => (await client.get(`sign-in-logs?${query}`)).body.data;

  test('A4 tells of a refresh token that came back: whose, from where, and the session that it ended', async () => {
    const userId = await person('copied');
    const form = { grant_type: 'password', username: 'copied', password: 'testpassword' };
    const first = (await t.anonymous.post('auth/token', form)).body;
    const replay = (remoteAddress: string) =>
      t.anonymous.post(
        'auth/token',
        { grant_type: 'refresh_token', refresh_token: first.refresh_token },
        { remoteAddress, headers: { 'user-agent': FIREFOX } },
      );
    const { body: second } = await replay('192.0.2.1');
    elapsedMs = 11_000;
    const { status, headers } = await replay('203.0.113.9');
    assert.equal(status, 400);
    const { sid } = JSON.parse(Buffer.from(first.access_token.split('.')[1], 'base64url').toString());
    const { items } = await listed(`user_id=${userId}&reason=replayed`);
    const { id, created_at, ...rest } = items[0];
    assert.deepEqual(rest, {
      user_id: userId,
      username: 'copied',
      outcome: 'refused',
      reason: 'replayed',
      method: 'refresh',
      address: '203.0.113.9',
      browser: 'Firefox 140',
      os: 'Linux',
      device: 'desktop',
      session_id: sid,
      request_id: headers['x-request-id'],
    });
    assert.equal((await t.withToken(second.access_token).get('users/me')).status, 401);
    assert.equal(items.length, 1);
    elapsedMs = 0;
  });

  test('says who, from where, with what, how and what came of it', async () => {
    const userId = await person('logged');
    const { headers } = await login({ username: 'logged', password: 'testpassword', from: '2001:db8::7' });
    const { items, total } = await listed(`user_id=${userId}`);
    assert.equal(total, 1);
    const { id, session_id, created_at, ...rest } = items[0];
    assert.deepEqual(rest, {
      user_id: userId,
      username: 'logged',
      outcome: 'signed-in',
      reason: null,
      method: 'password',
      address: '2001:db8::7',
      browser: 'Firefox 140',
      os: 'Linux',
      device: 'desktop',
      request_id: headers['x-request-id'],
    });
    assert.ok(id > 0 && Date.parse(created_at) > 0);
    const session = await t.system
      .unscoped('sessions', why)
      .select()
      .selectAll()
      .where('id', '=', session_id)
      .execute();
    assert.equal(session[0]?.user_id, userId);
  });

  test('has a reason for every refusal', async () => {
    const userId = await person('refused');
    await login({ username: 'refused', password: 'wrong' });
    await t.admin.patch(`users/${userId}`, { is_active: false });
    await login({ username: 'refused', password: 'testpassword' });
    const form = { grant_type: 'password', username: 'refused', password: 'wrong' };
    await t.anonymous.post('auth/token', form);
    const { items } = await listed(`user_id=${userId}&outcome=refused&order_by=id`);
    assert.deepEqual(
      items.map((row: { reason: string; session_id: null }) => [row.reason, row.session_id]),
      [
        ['wrong-password', null],
        ['inactive', null],
        ['wrong-password', null],
      ],
    );
    assert.equal((await listed(`user_id=${userId}&reason=inactive`)).total, 1);
  });

  test('A14 keeps no password, not even one that was typed where the name belongs', async () => {
    const secret = 'Correct-Horse-9!';
    await login({ username: secret, password: 'x' });
    await login({ username: 'admin', password: secret });
    const rows = await t.system
      .unscoped('sign_in_logs', why)
      .select()
      .selectAll()
      .orderBy('id', 'desc')
      .limit(2)
      .execute();
    assert.deepEqual(
      rows.map((row) => [row.username, row.user_id === null, row.reason]),
      [
        ['admin', false, 'wrong-password'],
        ['C***', true, 'unknown-user'],
      ],
    );
    const everything = JSON.stringify(await t.system.unscoped('sign_in_logs', why).select().selectAll().execute());
    for (const text of [secret, TEST_PASSWORD, 'testpassword']) {
      assert.ok(!everything.includes(text), text);
      assert.ok(!t.logLines.join('').includes(text), text);
    }
  });

  test('is read in the scope of the reader, and the own part by everybody', async () => {
    const north = await person('from-north', 'NORTH');
    await login({ username: 'from-north', password: 'wrong' });
    await login({ username: 'nobody-at-all', password: 'wrong' });
    const [all, some, none] = [
      await t.as({ permissions: reading, scope: 'all' }),
      await t.as({ permissions: reading, scope: 'dept', dept: 'NORTH' }),
      await t.as({ permissions: reading, scope: 'dept', dept: 'SOUTH' }),
    ];
    const seen = async (client: typeof all) =>
      new Set((await listed('page_size=200', client)).items.map((row: { username: string }) => row.username));
    assert.ok((await seen(all)).has('from-north') && (await seen(all)).has('n***'));
    assert.deepEqual([...(await seen(some))], ['from-north']);
    assert.deepEqual([...(await seen(none))], []);
    assert.equal((await listed(`user_id=${north}`, none)).total, 0);
    const nobody = await t.as({ permissions: [] });
    assert.equal((await nobody.get('sign-in-logs')).status, 403);
    assert.equal((await nobody.get('users/me/sign-ins')).body.data.total, 0);
    const { body } = await login({ username: 'from-north', password: 'testpassword' });
    const own = (await t.withToken(body.data.access_token).get('users/me/sign-ins')).body.data;
    assert.deepEqual(
      own.items.map((row: { outcome: string }) => row.outcome),
      ['signed-in', 'refused'],
    );
  });

  test('is found by name, address, outcome and time, in a constant number of statements', async () => {
    await login({ username: 'admin', password: 'wrong', from: '198.51.100.77' });
    for (const query of ['address=198.51.100.', 'address=198.51.100.77&username=DMI', 'address=198.51&outcome=refused'])
      assert.equal((await listed(query)).total, 1, query);
    for (const query of [
      'address=198.51.100.78',
      'address=51.100',
      'username=%25',
      'address=198.51.100.77&outcome=signed-in',
    ])
      assert.equal((await listed(query)).total, 0, query);
    const later = new Date(Date.now() + 60_000).toISOString();
    assert.equal((await listed(`created_at_from=${later}`)).total, 0);
    assert.ok((await listed(`created_at_to=${later}`)).total > 5);
    for (const bad of ['order_by=user_agent', 'outcome=x', 'page_size=201', 'address=', 'x=1'])
      assert.equal((await t.admin.get(`sign-in-logs?${bad}`)).status, 400, bad);
    const few = await t.admin.get('sign-in-logs?page_size=2');
    const many = await t.admin.get('sign-in-logs?page_size=50');
    assert.deepEqual([few.statements, many.statements], [3, 3]);
  });

  test('stays when its user goes, and is pruned when it is too old', async () => {
    const userId = await person('leaving');
    await login({ username: 'leaving', password: 'testpassword' });
    await t.admin.delete(`users/${userId}`);
    assert.deepEqual(
      (await listed('username=leaving')).items.map((row: { user_id: null }) => row.user_id),
      [null],
    );
    assert.equal(await pruneSignInLogs(t.system), 0);
    const before = (await listed('')).total;
    elapsedMs = 31 * 86_400_000;
    await t.system.unscoped('sign_in_logs', why).insert({
      username: 'admin',
      outcome: 'refused',
      method: 'password',
      device: 'unknown',
      request_id: 'new',
    });
    assert.equal(await pruneSignInLogs(t.system), before);
    assert.equal((await t.system.unscoped('sign_in_logs', why).select().selectAll().execute()).length, 1);
    elapsedMs = 0;
  });
});
