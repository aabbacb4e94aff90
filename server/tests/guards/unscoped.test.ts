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
  'modules/dept/dept.crud.ts: depts — a subtree moves or is counted as a whole; its root was checked against the scope',
  'modules/dept/dept.crud.ts: users — a subtree moves or is counted as a whole; its root was checked against the scope',
  'modules/menu/menu.crud.ts: menus — menus are shared definitions; what is shown of them is decided by the permissions held',
  'modules/position/position.crud.ts: user_positions — a position in use anywhere cannot be deleted; only that fact is told',
  'modules/role/role.crud.ts: user_roles — a role in use anywhere cannot be deleted; a few names tell by whom',
  'modules/role/role.crud.ts: user_roles — the users were checked against the scope and the grant ceiling; a membership has no scope of its own to insert by',
  'modules/session/session.crud.ts: refresh_tokens — a session is looked up by its own secret before anybody is signed in',
  'modules/session/session.crud.ts: sessions — a session is looked up by its own secret before anybody is signed in',
  'modules/session/session.crud.ts: sessions — whoever may change a user ends all of their sessions, whatever the scope of the sessions',
  'modules/user/user.crud.ts: user_positions — the user was checked against the scope and the grant ceiling; a pivot row has no scope of its own to insert by',
  'modules/user/user.crud.ts: user_roles — the user was checked against the scope and the grant ceiling; a pivot row has no scope of its own to insert by',
  'modules/user/user.crud.ts: users — a hash is compared, never shown; whose it is was decided by the caller',
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
    assert.deepEqual(listOf(unscopedUses(new Map([['x.ts', source]]))), [
      "x.ts: roles — a reason\\'s place",
      'x.ts: table — elsewhere',
      'x.ts: users — a reason in a constant',
    ]);
  });
});
