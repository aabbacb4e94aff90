import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type TestApp, testApp } from '#tests/harness.ts';

const PASSWORD = 'nobody may read this';

/** How the closing of an app ends in which somebody has tried this password, and then something happened. */
async function closing(happens: (t: TestApp) => unknown): Promise<string> {
  const t = await testApp();
  await t.anonymous.post('auth/login', { username: 'admin', password: PASSWORD });
  await happens(t);
  return t.close().then(
    () => 'nothing was found',
    (error: Error) => error.message,
  );
}

// Every app of every test is watched like these: what they tell and keep must not hold a secret that was used in them.
test('A13 A14 A41 a secret in a line of the log, a row, or the name of something cached is found, and the rest is not one', async () => {
  const why = 'a test makes a mistake';
  assert.match(await closing((t) => t.log.logger.info(`tried ${PASSWORD}`)), /the log: nobo… of a request to .*login/);
  assert.match(
    await closing((t) => t.system.unscoped('positions', why).insert({ code: 'x', name: `[${PASSWORD}]` })),
    /positions\.name: nobo…/,
  );
  assert.match(
    await closing(async (t) => {
      const { hashed_password: hash } = await t.system
        .unscoped('users', why)
        .select()
        .select('hashed_password')
        .where('username', '=', 'admin')
        .executeTakeFirstOrThrow();
      t.log.logger.warn({ detail: { hash } }, 'a hash');
    }),
    /the log: \$arg… of users\.hashed_password/,
  );
  assert.match(
    await closing(async (t) => {
      const { body } = await t.anonymous.post('auth/login', { username: 'admin', password: t.config.ADMIN_PASSWORD });
      t.log.logger.warn(body.data.access_token);
    }),
    /the log: eyJ.… of the answer of .*login/,
  );
  assert.equal(
    await closing(async (t) => {
      await t.admin.post('positions', { code: 'y', name: PASSWORD });
    }),
    'nothing was found',
    'what was sent openly as well',
  );
});
