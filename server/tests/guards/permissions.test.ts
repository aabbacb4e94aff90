import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, test } from 'node:test';
import { loadConfig } from '#config';
import { permissionCatalogue } from '#core/catalogue.ts';
import { accessTokens } from '#modules/auth/token.ts';
import { features } from '#modules/index.ts';
import menus from '../../scripts/seed/data/menus.json' with { type: 'json' };
import roles from '../../scripts/seed/data/roles.json' with { type: 'json' };

interface Named {
  readonly where: string;
  readonly code: string;
}

/** The codes that no route declares; a wildcard has to stand for at least one that is declared. */
function undeclared(named: readonly Named[], catalogue: Iterable<string>): string[] {
  const codes = [...catalogue];
  return named
    .filter(({ code }) => {
      const pattern = new RegExp(`^${code.replaceAll('*', '[a-z0-9-]+')}$`);
      return !codes.some((declared) => pattern.test(declared));
    })
    .map(({ where, code }) => `${where}: ${code}`);
}

/** What the console is written in, but for its tests and the client that is generated from the routes. */
function consoleSources(): ReadonlyMap<string, string> {
  const root = resolve(import.meta.dirname, '../../../web/src');
  const files = readdirSync(root, { recursive: true }).map(String);
  return new Map(
    files
      .filter((file) => /\.(ts|vue)$/.test(file) && !/\.test\.ts$|^api[\\/]/.test(file))
      .map((file) => [file, readFileSync(join(root, file), 'utf8')]),
  );
}

/** Every quoted text that looks like a grant. */
function namedInSources(sources: ReadonlyMap<string, string>): Named[] {
  return [...sources].flatMap(([where, source]) =>
    [...source.matchAll(/(['"`])((?:[a-z][a-z0-9-]*|\*)(?::(?:[a-z][a-z0-9-]*|\*)){2})\1/g)].map(([, , code = '']) => ({
      where,
      code,
    })),
  );
}

describe('permission codes outside the routes', () => {
  const config = loadConfig({ APP_ENV: 'testing' });
  const catalogue = [...permissionCatalogue(features(config, accessTokens(config))).keys()];

  test('seeded roles and menus name only what a route declares', (context) => {
    const named = [
      ...roles.flatMap(({ code, permissions }) => permissions.map((one) => ({ where: `role ${code}`, code: one }))),
      ...(menus as { name: string; permission?: string }[]).flatMap(({ name, permission }) =>
        permission ? [{ where: `menu ${name}`, code: permission }] : [],
      ),
    ];
    assert.deepEqual(undeclared(named, catalogue), []);
    context.diagnostic(`${named.length} codes named, ${catalogue.length} declared`);
  });

  test('every action has a name in Chinese', () => {
    const declared = permissionCatalogue(features(config, accessTokens(config))).values();
    assert.deepEqual(
      [...declared].filter(({ title }) => !/\p{Script=Han}/u.test(title['zh-CN'])).map(({ code }) => code),
      [],
    );
  });

  test('the console names only what a route declares', (context) => {
    const named = namedInSources(consoleSources());
    assert.ok(named.length > 20, 'the pages of the console name what their buttons need');
    assert.deepEqual(undeclared(named, catalogue), []);
    context.diagnostic(`${named.length} codes named in the console`);
  });

  test('a misspelt one in a page is listed (the guard bites)', () => {
    const page = `<el-button v-if="can('system:users:fly')" /> permission: "system:user:query", time: '12:30:15', 'a:b'`;
    assert.deepEqual(undeclared(namedInSources(new Map([['page.vue', page]])), catalogue), [
      'page.vue: system:users:fly',
    ]);
  });

  test('a misspelt one is listed (the guard bites)', () => {
    const named = [
      { where: 'a', code: 'system:user:query' },
      { where: 'b', code: 'system:users:query' },
      { where: 'c', code: '*:*:fly' },
      { where: 'd', code: 'system:*:query' },
      { where: 'e', code: 'system:user:quer' },
    ];
    assert.deepEqual(undeclared(named, catalogue), ['b: system:users:query', 'c: *:*:fly', 'e: system:user:quer']);
  });
});
