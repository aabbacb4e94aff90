import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { type Db, MongoClient } from 'mongodb';
import type { AuditLogOut } from '#modules/audit/audit.schema.ts';
import { cutChain, sealChain } from '#modules/audit/chain.service.ts';
import type { Finding } from '#modules/audit/finding.ts';
import { verifyChain } from '#modules/audit/verify.service.ts';
import { verifyArchive } from '#modules/audit/verify-archive.service.ts';
import { pruneRequestLogs, storeRequests } from '#modules/request-log/request-log.service.ts';
import { pruneSignInLogs } from '#modules/sign-in-log/sign-in-log.service.ts';
import { type Client, type TestApp, testApp } from '#tests/harness.ts';
import { type MongoServer, startMongoServer } from '#tests/mongo-server.ts';

const why = 'a test looks at what is stored';
const DAY_MS = 86_400_000;
/** A real server, if there is one; else a small one that speaks its protocol. */
const REAL = process.env['TEST_MONGODB_URL'];

describe(`the archive in MongoDB (${REAL ? 'a real server' : 'a small test server'})`, () => {
  let elapsedMs = 0;
  let server: MongoServer | null = null;
  let client: MongoClient;
  let mongo: Db;
  let t: TestApp;
  before(async () => {
    server = REAL ? null : await startMongoServer();
    const url = new URL(REAL ?? server?.url ?? '');
    url.pathname = `/archive_${randomUUID().slice(0, 8)}`;
    client = new MongoClient(url.href);
    mongo = client.db();
    t = await testApp({
      now: () => new Date(Date.now() + elapsedMs),
      settings: {
        MONGODB_URL: url.href,
        ARCHIVE_DAYS: '90',
        SIGN_IN_LOG_DAYS: '30',
        AUDIT_RETENTION_DAYS: '30',
        REQUEST_LOG_DAYS: '30',
        REQUEST_LOG_PERCENT: '100',
      },
    });
  });
  after(async () => {
    await t?.close();
    await mongo?.dropDatabase();
    await client?.close();
    await server?.stop();
  });

  const storedIn = async (table: 'sign_in_logs' | 'request_logs' | 'audit_logs') =>
    (await t.system.unscoped(table, why).select().select('id').execute()).length;
  const archivedIn = (table: string) => mongo.collection(table).countDocuments({});
  const list = async (path: string, client: Client = t.admin) => {
    const { status, body, text } = await client.get(path);
    assert.equal(status, 200, text);
    return body.data as { items: Record<string, unknown>[]; total: number };
  };
  const writeRequests = () => t.environment.requestRecords.writeBy((some) => storeRequests(t.system, some));
  /** What each reader is shown by each query, live and then from the archive, must be the same. */
  const answersTo = async (path: string, queries: readonly string[], readers: readonly Client[], archived: boolean) => {
    const answers: unknown[] = [];
    for (const reader of readers) {
      for (const query of queries)
        answers.push(await list(`${path}?${query}${archived ? '&archived=true' : ''}`, reader));
    }
    return answers;
  };
  const person = async (username: string, dept: string) => {
    const row = await t.system
      .unscoped('depts', why)
      .select()
      .select('id')
      .where('code', '=', dept)
      .executeTakeFirstOrThrow();
    const body = { username, email: `${username}@example.com`, password: 'testpassword', dept_id: row.id };
    return (await t.admin.post('users', body)).body.data.id as number;
  };
  const readers = async (permission: string) => [
    t.admin,
    await t.as({ permissions: [permission], scope: 'all' }),
    await t.as({ permissions: [permission], scope: 'dept_and_below', dept: 'NORTH' }),
    await t.as({ permissions: [permission], scope: 'dept', dept: 'SOUTH' }),
    await t.as({ permissions: [permission], scope: 'custom', customDepts: ['SOUTH'], dept: 'NORTH' }),
    await t.as({ permissions: [permission], scope: 'self', dept: 'NORTH' }),
  ];

  test('takes old sign-ins, and shows them as the list did, to whom it did', async () => {
    const north = await person('archived-north', 'NORTH');
    await person('archived-south', 'SOUTH');
    for (const [username, password, remoteAddress] of [
      ['archived-north', 'testpassword', '192.0.2.1'],
      ['archived-south', 'wrong', '198.51.100.7'],
      ['nobody-at-all', 'wrong', '198.51.100.77'],
    ])
      await t.anonymous.post('auth/login', { username, password }, { remoteAddress: remoteAddress as string });
    const someone = await readers('log:sign-in:query');
    const queries = [
      'page_size=2',
      'page_size=2&page=2',
      'order_by=created_at',
      'username=CHIVED-S',
      'username=.*',
      `user_id=${north}`,
      'outcome=refused&reason=wrong-password',
      'address=198.51.100.7',
      `created_at_from=${new Date(Date.now() + DAY_MS).toISOString()}`,
    ];
    const live = await answersTo('sign-in-logs', queries, someone, false);
    const count = await storedIn('sign_in_logs');
    assert.equal(await pruneSignInLogs(t.system), 0, 'nothing is old yet');
    elapsedMs = 31 * DAY_MS;
    assert.equal(await pruneSignInLogs(t.system), count);
    elapsedMs = 0;
    assert.deepEqual([await storedIn('sign_in_logs'), await archivedIn('sign_in_logs')], [0, count]);
    assert.deepEqual(await answersTo('sign-in-logs', queries, someone, true), live);
    assert.equal((await list('sign-in-logs')).total, 0);
    for (const bad of ['archived=some', 'archived=true&order_by=user_agent'])
      assert.equal((await t.admin.get(`sign-in-logs?${bad}`)).status, 400, bad);
    assert.equal((await (await t.as({})).get('sign-in-logs?archived=true')).status, 403);
  });

  test('takes old requests likewise', async () => {
    const north = await t.as({ username: 'requests-north', dept: 'NORTH' });
    await north.get('users/me');
    await t.anonymous.get('users/me');
    const someone = await readers('log:request:query');
    await writeRequests();
    // What the questions themselves add is not asked for.
    const until = `created_at_to=${new Date().toISOString()}`;
    const queries = [
      'page_size=3',
      'route=/api/v1/users',
      'status_class=4xx',
      'status=200&method=GET',
      'username=requests-n',
      'duration_ms_from=0&order_by=-duration_ms,id',
      `user_id=${north.userId}`,
    ].map((query) => `${query}&${until}`);
    const live = await answersTo('request-logs', queries, someone, false);
    await writeRequests();
    const count = await storedIn('request_logs');
    elapsedMs = 31 * DAY_MS;
    assert.equal(await pruneRequestLogs(t.system), count);
    elapsedMs = 0;
    assert.deepEqual(await answersTo('request-logs', queries, someone, true), live);
  });

  test('takes the audit up to the signed cut, and what it took still proves itself', async () => {
    const post = async (dept: string) => {
      const manager = await t.as({ permissions: ['system:position:create'], dept });
      await manager.post('positions', { name: `made in ${dept}`, code: `ARCHIVED-${dept}` });
    };
    for (const dept of ['NORTH', 'SOUTH']) await post(dept);
    const someone = await readers('log:audit:query');
    await sealChain(t.system);
    const queries = [
      'page_size=2',
      'entity=positions',
      'action=create&keyword=MADE',
      'actor_name=actor',
      'order_by=id',
    ];
    const live = await answersTo('audit-logs', queries, someone, false);
    elapsedMs = 31 * DAY_MS;
    const cut = await cutChain(t.system);
    elapsedMs = 0;
    assert.ok(cut > 4);
    assert.equal(await archivedIn('audit_logs'), cut);
    assert.equal(await storedIn('audit_logs'), 0);
    const withoutRestore = (answers: unknown[]) =>
      JSON.parse(JSON.stringify(answers), (key, value) => (key === 'may_restore' ? false : value));
    assert.deepEqual(await answersTo('audit-logs', queries, someone, true), withoutRestore(live));
    assert.ok('verified' in (await verifyChain(t.system)));
    assert.deepEqual(await verifyArchive(t.system), { verified: { from: 1, to: cut, rows: cut } });
    const id = ((await list('audit-logs?archived=true')).items[0] as unknown as AuditLogOut).id;
    assert.equal((await t.admin.post(`audit-logs/${id}/restore`, {})).status, 404);
  });

  test('A41 names what was changed in it or taken from it', async () => {
    await t.admin.post('positions', { name: 'later', code: 'ARCHIVED-LATER' });
    await sealChain(t.system);
    elapsedMs = 31 * DAY_MS;
    await cutChain(t.system);
    elapsedMs = 0;
    const audit = mongo.collection('audit_logs');
    const finding = async () => {
      const result = await verifyArchive(t.system);
      assert.ok(result && 'finding' in result, JSON.stringify(result));
      return [result.finding.kind, result.finding.sequence];
    };
    const all = await audit.find({}).sort({ sequence: 1 }).toArray();
    const [third, last] = [all[2], all.at(-1)];
    assert.ok(third && last && third !== last);
    for (const [row, change] of [
      [third, { actor_name: 'somebody else' }],
      [third, { hash: 'f'.repeat(64) }],
      [last, { changes: '[]' }],
    ] as const) {
      await audit.replaceOne({ _id: row._id }, { ...row, ...change });
      assert.deepEqual(await finding(), ['changed', row['sequence']]);
      await audit.replaceOne({ _id: row._id }, row);
    }
    for (const row of [third, last]) {
      await audit.deleteOne({ _id: row._id });
      assert.deepEqual(await finding(), ['removed', row['sequence']]);
      await audit.replaceOne({ _id: row._id }, row, { upsert: true });
    }
    // It shows whatever is there, so what stands at no place of the chain is found as well.
    for (const [sequence, named] of [
      [-5, -5],
      [0, 0],
      [0.5, 0.5],
      [3, 3],
      [all.length + 1, all.length + 1],
      [null, null],
      ['3', null],
    ] as const) {
      const _id = 1_000_000 as never;
      await audit.replaceOne({ _id }, { ...third, _id, sequence, row_label: 'forged' }, { upsert: true });
      const [kind, place] = await finding();
      assert.ok(kind === 'added' || (sequence === 3 && kind === 'changed'), `${sequence}: ${kind}`);
      assert.equal(place, named);
      await audit.deleteOne({ _id });
    }
    // What is over leaves the archive from its old end.
    await audit.deleteOne({ _id: all[0]?._id as never });
    assert.deepEqual(await verifyArchive(t.system), { verified: { from: 2, to: all.length, rows: all.length - 1 } });
  });

  test('has the indexes of the tables, keeps rows for ARCHIVE_DAYS, and waits for most of its machines', async () => {
    for (const [table, key] of [
      ['sign_in_logs', { created_at: 1, _id: 1 }],
      ['request_logs', { route: 1, _id: 1 }],
      ['audit_logs', { sequence: 1 }],
    ] as const) {
      const indexes = await mongo.collection(table).listIndexes().toArray();
      assert.ok(
        indexes.some((one) => JSON.stringify(one['key']) === JSON.stringify(key)),
        table,
      );
      assert.equal(indexes.find((one) => one['key']['expires_at'] === 1)?.['expireAfterSeconds'], 0);
    }
    const row = await mongo.collection('sign_in_logs').findOne({});
    const days = (row?.['expires_at'].getTime() - Date.now()) / DAY_MS;
    assert.ok(days > 89 && days < 91, String(days));
    for (const concern of server?.concerns.slice(0, 3) ?? []) assert.deepEqual(concern, { w: 'majority', j: true });
  });

  test('is told to people, to Prometheus and to the load balancer', async () => {
    assert.deepEqual((await t.admin.get('archive')).body.data, { is_on: true });
    assert.equal((await t.anonymous.get('/readyz')).body.mongodb, 'ok');
    const { body } = await t.admin.get('monitor/server');
    const state = body.data.dependencies.find((one: { name: string }) => one.name === 'mongodb');
    assert.match(state.version, /^MongoDB \d/);
    assert.equal(state.is_needed, false);
    const metrics = await t.environment.metrics.text();
    assert.match(metrics, /^archive_connected 1$/m);
    assert.match(metrics, /^archive_rows_total\{log="sign_in_logs"\} [1-9]/m);
  });

  test('while it is away rows wait in the database and everything else goes on; nothing is lost or doubled', {
    skip: REAL ? 'a real server is not stopped' : false,
  }, async () => {
    const before = await archivedIn('sign_in_logs');
    for (let tries = 0; tries < 5; tries++)
      await t.anonymous.post('auth/login', { username: 'admin', password: 'wrong' });
    await server?.stop();
    await t.admin.post('positions', { name: 'meanwhile', code: 'ARCHIVED-MEANWHILE' });
    elapsedMs = 31 * DAY_MS;
    await assert.rejects(pruneSignInLogs(t.system), { message: /does not answer/ });
    assert.equal(await storedIn('sign_in_logs'), 5);
    await sealChain(t.system);
    const audited = await storedIn('audit_logs');
    assert.ok(audited > 0);
    await assert.rejects(cutChain(t.system), { message: /does not answer/ });
    assert.equal(await storedIn('audit_logs'), audited);
    elapsedMs = 0;
    assert.equal((await list('sign-in-logs')).total, 5);
    const refused = await t.admin.get('sign-in-logs?archived=true');
    assert.deepEqual([refused.status, refused.body.error], [503, 'archive.unavailable']);
    const ready = await t.anonymous.get('/readyz');
    assert.deepEqual([ready.status, ready.body.mongodb], [200, 'unavailable']);
    assert.match(await t.environment.metrics.text(), /^archive_connected 0$/m);
    await server?.start();
    elapsedMs = 31 * DAY_MS;
    assert.equal(await pruneSignInLogs(t.system), 5);
    // As if the service had been killed between storing and deleting.
    const [row] = await t.system.unscoped('audit_logs', why).select().selectAll().where('sequence', '>', 0).execute();
    assert.ok(row);
    const entity = t.system.entity('audit_logs');
    assert.ok(entity);
    await t.environment.archive.store(entity, [row]);
    assert.ok('verified' in ((await verifyArchive(t.system)) ?? {}));
    await t.environment.archive.store(entity, [{ ...row, actor_name: 'innocent' }]);
    const { finding } = (await verifyArchive(t.system)) as { finding?: Finding };
    assert.deepEqual([finding?.kind, finding?.id], ['changed', row.id]);
    assert.ok((await cutChain(t.system)) > 0);
    elapsedMs = 0;
    assert.equal(await archivedIn('sign_in_logs'), before + 5);
    assert.equal(await mongo.collection('audit_logs').countDocuments({ sequence: row.sequence }), 1);
    assert.ok('verified' in ((await verifyArchive(t.system)) ?? {}));
  });
});

describe('without an archive', () => {
  test('rows go when they are too old, and nothing claims that they are kept', async () => {
    const t = await testApp();
    try {
      assert.deepEqual((await t.admin.get('archive')).body.data, { is_on: false });
      for (const path of ['sign-in-logs', 'request-logs', 'audit-logs']) {
        const { status, body } = await t.admin.get(`${path}?archived=true`);
        assert.deepEqual([status, body.error], [409, 'archive.off'], path);
      }
      assert.doesNotMatch(await t.environment.metrics.text(), /archive_/);
      assert.equal((await t.anonymous.get('/readyz')).body.mongodb, undefined);
    } finally {
      await t.close();
    }
  });
});
