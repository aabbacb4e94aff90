import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { ConfigError, loadConfig } from '#config';
import { type TestAppOptions, useApp } from '#tests/harness.ts';

const why = 'a test makes a statement fail';

const withBrokenRoutes: TestAppOptions['prepare'] = (app) => {
  const config = { access: 'public' } as const;
  app.get('/api/v1/broken-statement', { config }, async ({ ctx }) => {
    const at = new Date();
    const row = { username: 'broken', email: null as never, hashed_password: '!', created_at: at, updated_at: at };
    await ctx.unscoped('users', why).insert(row);
  });
  app.get('/api/v1/broken-code', { config }, async () => {
    throw new Error('the inner workings of table users at 10.0.0.5');
  });
  app.get('/api/v1/broken-thing', { config }, async () => {
    throw 'a text that is no error';
  });
  app.get('/api/v1/half-done', { config }, ({ ctx }) =>
    ctx.inTransaction(async (ctx) => {
      const at = { created_at: new Date(), updated_at: new Date() };
      await ctx
        .unscoped('users', why)
        .insert({ username: 'half', email: 'half@example.com', hashed_password: '!', ...at });
      await ctx
        .unscoped('users', why)
        .insert({ username: 'half', email: 'other@example.com', hashed_password: '!', ...at });
    }),
  );
};

describe('faults of operation', () => {
  const t = useApp({ prepare: withBrokenRoutes });

  test('A42 an answer comes after the commit: what it says is there for everybody at once', async () => {
    await Promise.all(
      Array.from({ length: 10 }, async (_, index) => {
        const user = { username: `at-once-${index}`, email: `at-once-${index}@example.com`, password: 'testpassword' };
        const { body } = await t.admin.post('users', user);
        const row = await t.system
          .unscoped('users', why)
          .select()
          .select('id')
          .where('id', '=', body.data.id)
          .executeTakeFirst();
        assert.ok(row);
        await t.admin.delete(`users/${body.data.id}`);
        assert.equal((await t.admin.get(`users/${body.data.id}`)).status, 404);
      }),
    );
  });

  test('A42 a fault is no 200, says nothing of the inside, and leaves nothing behind', async () => {
    for (const path of ['broken-statement', 'broken-code', 'broken-thing']) {
      const { status, body, text } = await t.anonymous.get(path);
      assert.deepEqual([status, body.code, body.error, body.data], [500, 500, 'server.internal', null], path);
      assert.deepEqual(Object.keys(body).sort(), ['code', 'data', 'error', 'message', 'request_id']);
      assert.doesNotMatch(text, /sql|constraint|users|table|10\.0\.0\.5|stack|\.ts/i);
      assert.ok(
        t.logLines.some((line) => line.includes(body.request_id) && line.includes('request failed')),
        path,
      );
    }
    const half = await t.anonymous.get('half-done');
    assert.deepEqual([half.status, half.body.error], [409, 'user.username_taken']);
    const rows = await t.system.unscoped('users', why).select().select('id').where('username', '=', 'half').execute();
    assert.deepEqual(rows, []);
  });

  test('A44 of two administrators who save the same row, the second hears that it changed', async () => {
    const user = { username: 'shared', email: 'shared@example.com', password: 'testpassword' };
    const { id, version } = (await t.admin.post('users', user)).body.data;
    const other = await t.as({ permissions: ['system:user:*'], scope: 'all' });
    assert.equal((await t.admin.patch(`users/${id}`, { name: 'first', version })).status, 200);
    const late = await other.patch(`users/${id}`, { remark: 'second', version });
    assert.deepEqual([late.status, late.body.error], [409, 'conflict.stale']);
    const { name, remark } = (await t.admin.get(`users/${id}`)).body.data;
    assert.deepEqual([name, remark], ['first', null]);
  });

  test('A44 of ten who save it at the same moment, exactly one does', async () => {
    const user = { username: 'contested', email: 'contested@example.com', password: 'testpassword' };
    const { id, version } = (await t.admin.post('users', user)).body.data;
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) => t.admin.patch(`users/${id}`, { name: `writer ${index}`, version })),
    );
    assert.deepEqual(answers.map((answer) => answer.status).sort(), [200, ...Array(9).fill(409)]);
    const winner = answers.find((answer) => answer.status === 200);
    assert.deepEqual((await t.admin.get(`users/${id}`)).body.data, winner?.body.data);
  });
});

describe('a production installation', () => {
  const JWT_SECRET_KEY = randomBytes(48).toString('base64url');
  const t = useApp({ settings: { APP_ENV: 'production', JWT_SECRET_KEY }, prepare: withBrokenRoutes });

  test('A43 shows no documents, no stack, and no demonstration data', async () => {
    for (const path of ['/docs', '/docs/json', '/redoc', '/redoc/redoc.standalone.js', '/openapi.json'])
      assert.equal((await t.anonymous.get(path)).status, 404, path);
    assert.equal('stack' in (await t.anonymous.get('broken-code')).body, false);
    assert.equal((await t.admin.get('users')).body.data.total, 1);
  });

  test('A43 does not start with what is fit for development only', () => {
    const start = (more: Record<string, string>) => () =>
      loadConfig({ APP_ENV: 'production', JWT_SECRET_KEY, ...more });
    for (const more of [
      { JWT_SECRET_KEY: 'secret' },
      { DEBUG: 'true' },
      { ADMIN_PASSWORD: '123456' },
      { CORS_ORIGINS: '*', CORS_CREDENTIALS: 'true' },
    ])
      assert.throws(start(more), ConfigError, JSON.stringify(Object.keys(more)));
  });
});

describe('a development installation with DEBUG', () => {
  const t = useApp({ settings: { DEBUG: 'true' }, prepare: withBrokenRoutes });

  test('A43 is the only one that shows a stack', async () => {
    const { body } = await t.anonymous.get('broken-code');
    assert.match(body.stack, /inner workings/);
  });
});
