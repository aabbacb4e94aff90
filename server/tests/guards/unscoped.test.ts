import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { programSources } from './sources.ts';
import { listOf, unscopedUses } from './unscoped.ts';

/**
 * Every look past the data scope, with its reason. A new one fails this test until it is added here: ask first whether
 * `ctx.rows` would not do, and return facts rather than rows.
 */
const KNOWN = [
  'modules/access/access.crud.ts: depts — rights are what scopes are made of, so they are read before a scope exists',
  'modules/access/access.crud.ts: menus — rights are what scopes are made of, so they are read before a scope exists',
  'modules/access/access.crud.ts: role_depts — rights are what scopes are made of, so they are read before a scope exists',
  'modules/access/access.crud.ts: role_permissions — rights are what scopes are made of, so they are read before a scope exists',
  'modules/access/access.crud.ts: roles — rights are what scopes are made of, so they are read before a scope exists',
  'modules/access/access.crud.ts: user_roles — rights are what scopes are made of, so they are read before a scope exists',
  'modules/access/access.crud.ts: users — rights are what scopes are made of, so they are read before a scope exists',
  'modules/account-link/account-link.crud.ts: account_links — a link is looked up by its own secret before anybody is signed in',
  'modules/audit/audit.crud.ts: table as TableName — a relation is put back as a whole, by the function that edits it and checks what may be given',
  'modules/audit/chain.crud.ts: audit_checkpoints — the chain holds every record, whoever may read it',
  'modules/audit/chain.crud.ts: audit_heads — the chain holds every record, whoever may read it',
  'modules/audit/chain.crud.ts: audit_logs — the chain holds every record, whoever may read it',
  'modules/challenge/challenge.crud.ts: sign_in_challenges — a challenge is looked up by its own secret before anybody is signed in',
  'modules/dashboard/dashboard.crud.ts: depts — everybody knows the name of the department they belong to',
  'modules/api-key/api-key.crud.ts: api_keys — a key is looked up by its own secret before anybody is known',
  'modules/api-key/api-key.crud.ts: api_keys — the program writes down which keys were used, whoever they belong to',
  'modules/dept/dept.crud.ts: depts — a subtree moves or is counted as a whole; its root was checked against the scope',
  'modules/dept/dept.crud.ts: users — a subtree moves or is counted as a whole; its root was checked against the scope',
  'modules/event/event.crud.ts: live_event_counters — the program tells each person what is meant for them; whose an event is stands in its row',
  'modules/event/event.crud.ts: live_events — the program tells each person what is meant for them; whose an event is stands in its row',
  'modules/event/event.crud.ts: users — the program tells each person what is meant for them; whose an event is stands in its row',
  'modules/factor/factor.crud.ts: recovery_codes — a user proves themselves by what is stored for them; whose it is was decided by the caller',
  'modules/factor/factor.crud.ts: totp_secrets — a user proves themselves by what is stored for them; whose it is was decided by the caller',
  'modules/factor/factor.crud.ts: users — a user proves themselves by what is stored for them; whose it is was decided by the caller',
  'modules/factor/passkey.crud.ts: passkey_challenges — a passkey is looked up by its own id before anybody is signed in',
  'modules/factor/passkey.crud.ts: passkeys — a passkey is looked up by its own id before anybody is signed in',
  'modules/factor/passkey.crud.ts: passkeys — a user proves themselves by what is stored for them; whose it is was decided by the caller',
  'modules/identity/identity.crud.ts: outside_flows — somebody who comes back from a provider is not signed in yet; the row is found by the hash of a secret',
  'modules/identity/identity.crud.ts: user_identities — an account of a provider is looked up before anybody is signed in',
  'modules/job/job.crud.ts: jobs — the program itself fires jobs, whoever made them',
  'modules/menu/menu.crud.ts: menus — menus are shared definitions; what is shown of them is decided by the permissions held',
  'modules/position/position.crud.ts: user_positions — a position in use anywhere cannot be deleted; only that fact is told',
  'modules/request-log/request-log.crud.ts: request_logs — the program stores the requests that it has answered, whoever sent them',
  'modules/request-log/request-log.crud.ts: request_logs — what is too old goes, whoever it is about',
  'modules/role/role.crud.ts: user_roles — a role in use anywhere cannot be deleted; a few names tell by whom',
  'modules/role/role.crud.ts: user_roles — the users were checked against the scope and the grant ceiling; a membership has no scope of its own to insert by',
  'modules/session/session.crud.ts: refresh_tokens — a session is looked up by its own secret before anybody is signed in',
  'modules/session/session.crud.ts: sessions — a session is looked up by its own secret before anybody is signed in',
  'modules/session/session.crud.ts: sessions — the program writes down which sessions it has seen, whoever they belong to',
  'modules/session/session.crud.ts: sessions — what has expired is removed, whoever it belonged to',
  'modules/session/session.crud.ts: sessions — whoever may change a user ends all of their sessions, whatever the scope of the sessions',
  'modules/sign-in-log/sign-in-log.crud.ts: sign_in_logs — an attempt is noted before anybody is signed in, whoever makes it',
  'modules/sign-in-log/sign-in-log.crud.ts: sign_in_logs — what is too old goes, whoever it is about',
  'modules/task/claim.crud.ts: task_locks — the program itself takes, runs and ends tasks, whoever queued them',
  'modules/task/claim.crud.ts: tasks — the program itself takes, runs and ends tasks, whoever queued them',
  'modules/task/file.crud.ts: task_file_parts — the program itself keeps what a run leaves, whoever queued it',
  'modules/task/file.crud.ts: task_file_parts — the task itself was found by the caller',
  'modules/task/task.crud.ts: task_logs — the task itself was found by the caller',
  'modules/task/task.crud.ts: tasks — runs of jobs belong to the installation, like the jobs: who may see them is decided by permission alone',
  'modules/task/work.crud.ts: task_logs — the program itself takes, runs and ends tasks, whoever queued them',
  'modules/task/work.crud.ts: tasks — the program itself takes, runs and ends tasks, whoever queued them',
  'modules/user/provisioning.crud.ts: depts — an outside sign-in decides about a user before anybody is signed in',
  'modules/user/provisioning.crud.ts: roles — an outside sign-in decides about a user before anybody is signed in',
  'modules/user/provisioning.crud.ts: user_roles — an outside sign-in decides about a user before anybody is signed in',
  'modules/user/provisioning.crud.ts: users — an outside sign-in decides about a user before anybody is signed in',
  'modules/user/password.crud.ts: password_history — a hash is compared and replaced, never shown; whose it is was decided by the caller',
  'modules/user/password.crud.ts: users — a hash is compared and replaced, never shown; whose it is was decided by the caller',
  'modules/user/user.crud.ts: user_positions — the user was checked against the scope and the grant ceiling; a pivot row has no scope of its own to insert by',
  'modules/user/user.crud.ts: user_roles — the user was checked against the scope and the grant ceiling; a pivot row has no scope of its own to insert by',
  'modules/user/user.crud.ts: users — a hash is compared, never shown; whose it is was decided by the caller',
  'modules/user/user.crud.ts: users — somebody who registers is nobody yet',
  'modules/user/user.crud.ts: users — a user is looked up by name before anybody is signed in',
  'scripts/seed/seeds.ts: depts — the first rows of an installation belong to nobody yet',
  'scripts/seed/seeds.ts: menus — the first rows of an installation belong to nobody yet',
  'scripts/seed/seeds.ts: role_permissions — the first rows of an installation belong to nobody yet',
  'scripts/seed/seeds.ts: roles — the first rows of an installation belong to nobody yet',
  'scripts/seed/seeds.ts: seed_runs — the first rows of an installation belong to nobody yet',
  'scripts/seed/seeds.ts: table — the first rows of an installation belong to nobody yet',
  'scripts/seed/seeds.ts: user_roles — the first rows of an installation belong to nobody yet',
  'scripts/seed/seeds.ts: users — the first rows of an installation belong to nobody yet',
];

describe('looks past the data scope', () => {
  const uses = unscopedUses(programSources());

  test('are these, for these reasons', (context) => {
    assert.deepEqual(listOf(uses), [...KNOWN].sort());
    context.diagnostic(`${uses.length} uses, ${KNOWN.length} reasons`);
  });

  test('each say why in words', () => {
    for (const { file, table, reason } of uses) assert.match(reason, /\w+( \S+){3,}/, `${file}: ${table}`);
  });

  test('are found however they are written (the guard bites)', () => {
    const source = [
      "const why = 'a reason in a constant';",
      "ctx.unscoped('users', why).select();",
      "ctx\n  .unscoped(\n    'roles',\n    'a reason\\'s place',\n  )",
      'other.unscoped(table, elsewhere);',
    ].join('\n');
    const elsewhere = "export const shared = 'a reason of another file';\nconst elsewhere = 'a reason of nobody else';";
    const uses = unscopedUses(
      new Map([
        ['x.ts', `${source}\nctx.unscoped('depts', shared);`],
        ['y.ts', elsewhere],
      ]),
    );
    assert.deepEqual(listOf(uses), [
      'x.ts: depts — a reason of another file',
      "x.ts: roles — a reason\\'s place",
      'x.ts: table — elsewhere',
      'x.ts: users — a reason in a constant',
    ]);
  });
});
