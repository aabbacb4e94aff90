import assert from 'node:assert/strict';
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
