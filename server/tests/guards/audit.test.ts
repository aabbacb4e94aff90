import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { loadConfig } from '#config';
import { isPermissionCode } from '#core/access.ts';
import { isKept, linkOf } from '#core/audit-change.ts';
import { accessTokens } from '#modules/auth/token.ts';
import { entities, features } from '#modules/index.ts';
import { programSources } from './sources.ts';

/** The only files that may build a statement that writes: there what it changes is kept. */
const WRITERS = ['core/rows.ts', 'core/inserts.ts'];
/** The only files that may hand rows to `insertRows`, which keeps nothing by itself. */
const INSERTERS = ['core/rows.ts', 'core/audit-trail.ts'];
/** Files that have a connection of their own: they make the tables, or hand it to the context. */
const CONNECTED =
  /^(extensions\/database\/|scripts\/migrate\/|migrations\/|core\/(context|environment|rows|inserts|audit-\w+|prepared|scope)\.ts$|app\.ts$)/;

const WRITE = /\.(insertInto|updateTable|deleteFrom|mergeInto|replaceInto)\s*\(/;
const CONNECTION =
  /\bkysely\s*[:.,}]|\.getExecutor\(|\bexecuteQuery\(|new Kysely\b|sql`\s*(insert|update|delete|replace|merge|truncate)\b/i;

function rawWrites(sources: ReadonlyMap<string, string>): string[] {
  return [...sources].flatMap(([file, source]) => [
    ...(WRITE.test(source) && !WRITERS.includes(file) && !CONNECTED.test(file) ? [`${file} writes`] : []),
    ...(/\binsertRows\b/.test(source) && ![...INSERTERS, 'core/inserts.ts'].includes(file) ? [`${file} inserts`] : []),
    ...(CONNECTION.test(source) && !CONNECTED.test(file) ? [`${file} has a connection`] : []),
  ]);
}

/**
 * What is no GET and asks for no permission: what is kept of it, or why nothing is. A call that asks for a permission always leaves
 * a record (`keepCall`).
 */
const OWN_CALLS: Readonly<Record<string, string>> = {
  'DELETE /auth/view-as': 'ends the own view of somebody',
  'DELETE /users/me/api-keys/:id': 'kept with the key',
  'DELETE /users/me/identities/:id': 'kept with the identity',
  'DELETE /users/me/passkeys/:id': 'kept with the passkey',
  'DELETE /users/me/sessions': 'ends own sessions, which say so',
  'DELETE /users/me/sessions/:session_id': 'ends an own session, which says so',
  'DELETE /users/me/totp': 'kept with the authenticator app',
  'PATCH /users/me': 'kept with the user',
  'PATCH /users/me/passkeys/:id': 'kept with the passkey',
  'POST /auth/challenge': 'the sign-in log',
  'POST /auth/forgot-password': 'mails a link; what it is used for is kept with the user',
  'POST /auth/login': 'the sign-in log',
  'POST /auth/logout': 'ends the own session, which says so',
  'POST /auth/oidc/challenge': 'the sign-in log',
  'POST /auth/oidc/sign-out': 'ends the own session, which says so',
  'POST /auth/passkey/options': 'begins a sign-in',
  'POST /auth/passkey/verify': 'the sign-in log',
  'POST /auth/refresh': 'goes on with a session',
  'POST /auth/register': 'mails a link; the new user is kept',
  'POST /auth/register/complete': 'kept with the user',
  'POST /auth/reset-password': 'kept with the user',
  'POST /auth/revoke': 'ends the session of a token, which says so',
  'POST /auth/step-up': 'proves who somebody is; the session says when',
  'POST /auth/step-up/options': 'begins a proof',
  'POST /auth/token': 'the sign-in log',
  'POST /users/me/identities/:provider/start': 'begins what is kept with the identity',
  'POST /users/me/passkeys': 'kept with the passkey',
  'POST /users/me/passkeys/options': 'begins what is kept with the passkey',
  'POST /users/me/password': 'kept with the user',
  'POST /users/me/recovery-codes': 'kept with the user',
  'POST /users/me/tasks/:id/cancel': 'an own task, which says so',
  'POST /users/me/totp': 'kept with the authenticator app',
  'POST /users/me/totp/confirm': 'kept with the authenticator app',
  'PUT /users/me/preferences': 'how somebody likes the console to look',
};

/** Columns that by their name may hold what must not be read; those that do not, and why. */
const SECRET = /password|secret|token|hash|_key$|^key$|credential|handle$/;
const NO_SECRETS: readonly string[] = ['users.must_change_password'];

describe('what is kept', () => {
  test('of a secret is only that it changed', () => {
    const shown = entities.flatMap((entity) => {
      const { audit, table } = entity;
      if ('none' in audit) return [];
      const link = linkOf(entity);
      return Object.keys(entity.columns)
        .filter((column) => SECRET.test(column) && isKept(entity, column))
        .filter(
          (column) =>
            !(link
              ? link.masked || link.value !== column
              : 'masked' in audit && (audit.masked as string[]).includes(column)),
        )
        .map((column) => `${table}.${column}`);
    });
    assert.deepEqual(shown, NO_SECRETS);
  });
});

describe('writes', () => {
  test('are built in one place, where what they change is kept', () => {
    assert.deepEqual(rawWrites(programSources()), []);
  });

  test('anywhere else would be found (the guard bites)', () => {
    const sources = new Map([
      ['modules/a/a.crud.ts', "db.updateTable('users').set({})"],
      ['modules/b/b.crud.ts', 'const { kysely } = environment'],
      ['modules/c/c.crud.ts', 'sql`DELETE from users`'],
      ['modules/d/d.crud.ts', "import { insertRows } from '#core/inserts.ts'"],
      ['core/rows.ts', "executor.insertInto('users')"],
    ]);
    assert.deepEqual(rawWrites(sources), [
      'modules/a/a.crud.ts writes',
      'modules/b/b.crud.ts has a connection',
      'modules/c/c.crud.ts has a connection',
      'modules/d/d.crud.ts inserts',
    ]);
  });

  test('of everybody’s own, which no permission guards, are listed with what is kept of them', () => {
    const config = loadConfig({ APP_ENV: 'testing' });
    const routes = features(config, accessTokens(config)).flatMap((feature) => feature.routes ?? []);
    const own = routes
      .filter(({ method, access, changesNothing }) => method !== 'GET' && !isPermissionCode(access) && !changesNothing)
      .map(({ method, path }) => `${method} ${path}`);
    assert.deepEqual(own.sort(), Object.keys(OWN_CALLS).sort());
  });
});
