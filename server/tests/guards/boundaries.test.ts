import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { loadConfig } from '#config';
import { accessTokens } from '#modules/auth/token.ts';
import { features } from '#modules/index.ts';
import { filesAgainst, importsAgainstDirection, importsOf, RAW_STATEMENTS, TEXT_RULES } from './boundaries.ts';
import { programSources } from './sources.ts';

const config = loadConfig({ APP_ENV: 'testing' });
const order = features(config, accessTokens(config)).map((feature) => feature.name);
const sources = programSources();

describe('imports', () => {
  test('follow the direction of the house', (context) => {
    assert.ok(sources.size > 60);
    context.diagnostic(`${sources.size} files`);
    assert.deepEqual(importsAgainstDirection(sources, order), []);
  });

  test('name each feature like its folder, so that the order of the registry is known', () => {
    const folders = new Set([...sources.keys()].flatMap((file) => /^modules\/([^/]+)\//.exec(file)?.[1] ?? []));
    assert.deepEqual([...folders].sort(), [...order].sort());
  });

  const wrong: [file: string, source: string, why: RegExp][] = [
    ['core/x.ts', "import { user } from '#modules/user/index.ts';", /core must not know modules/],
    ['core/x.ts', "import type { Config } from '#config';", /core must not know config/],
    ['core/x.ts', "export * from '../extensions/log.ts';", /core must not know extensions/],
    ['extensions/cache/index.ts', "import x from '../../modules/index.ts';", /extensions must not know modules/],
    ['extensions/cache/index.ts', "import x from '../database/index.ts';", /do not know each other/],
    ['modules/user/user.service.ts', "import { buildApp } from '#app';", /modules must not know program/],
    ['modules/user/user.service.ts', "const t = await import('#tests/harness.ts');", /must not know tests/],
    ['modules/user/user.controller.ts', "import * as crud from './user.crud.ts';", /controller must not know crud/],
    ['modules/user/user.controller.ts', "import { e } from './user.entity.ts';", /controller must not know entity/],
    ['modules/user/user.crud.ts', "import { getUser } from './user.service.ts';", /crud must not know service/],
    [
      'modules/user/user.service.ts',
      "import { routes } from './user.controller.ts';",
      /service must not know controller/,
    ],
    ['modules/user/user.entity.ts', "import {\n  type A,\n} from './user.schema.ts';", /entity must not know schema/],
    ['modules/auth/auth.service.ts', "import * as crud from '../user/user.crud.ts';", /only through services/],
    [
      'modules/auth/auth.service.ts',
      "import type { UserOut } from '#modules/user/user.schema.ts';",
      /only through services/,
    ],
    [
      'modules/user/user.service.ts',
      "import { signIn } from '../auth/auth.service.ts';",
      /auth is not registered above user/,
    ],
    [
      'modules/auth/auth.schema.ts',
      "import { getUser } from '../user/user.service.ts';",
      /schema must not know services/,
    ],
    ['modules/user/user.service.ts', "import { entities } from '../index.ts';", /the registry knows/],
    [
      'modules/user/user.controller.ts',
      "import { authErrors } from '../auth/auth.errors.ts';",
      /auth is not registered/,
    ],
    ['modules/user/user.service.ts', "import { e } from '../session/session.errors.ts';", /only through services/],
  ];
  for (const [file, source, why] of wrong) {
    test(`would be found: ${file} with ${source.replace(/\s+/g, ' ')} (the guard bites)`, () => {
      const [offender = '', ...others] = importsAgainstDirection(new Map([[file, source]]), order);
      assert.match(offender, why);
      assert.deepEqual(others, []);
    });
  }

  test('in the right direction, or in comments, are none of its business', () => {
    const right = new Map([
      ['modules/auth/auth.service.ts', "import { getUser } from '../user/user.service.ts';\nimport pino from 'pino';"],
      ['modules/auth/auth.crud.ts', "import { userEntity } from '../user/user.entity.ts';"],
      ['modules/auth/auth.controller.ts', "import { userErrors } from '../user/user.errors.ts';"],
      ['modules/auth/index.ts', "import { authRoutes } from './auth.controller.ts';"],
      [
        'core/x.ts',
        "// import { user } from '#modules/user/index.ts';\n/* import a from '#app'; */\nimport { b } from './b.ts';",
      ],
    ]);
    assert.deepEqual(importsAgainstDirection(right, order), []);
  });

  test('are read in all their forms', () => {
    const source =
      "import a, { type B, c as d } from 'x';\nexport type { E } from 'y';\nimport 'z';\nawait import('w');";
    assert.deepEqual(
      importsOf(source).map(({ specifier, typesOnly }) => `${specifier}${typesOnly ? ' (types)' : ''}`),
      ['x', 'y (types)', 'z', 'w'],
    );
  });
});

const BITES: Readonly<Record<string, readonly string[]>> = {
  'raw statements and database handles stay in core/ and extensions/': [
    "import { sql } from 'kysely';",
    "import { type Insertable, Kysely } from 'kysely';",
  ],
  'the scope is looked past only by core/context.ts, which hands out the rows': ['const rows = environment.kysely;'],
  'the environment is read by config.ts alone': ["const key = process.env['KEY'];", 'const { KEY } = process.env;'],
  'MikroORM is a tool of the migrations': ["import { MikroORM } from '@mikro-orm/core';"],
};

describe('the texts of the sources', () => {
  for (const rule of TEXT_RULES) {
    test(rule.name, () => {
      assert.deepEqual(filesAgainst(rule, sources), []);
      for (const source of BITES[rule.name] ?? []) {
        const file = 'modules/user/user.crud.ts';
        assert.deepEqual(filesAgainst(rule, new Map([[file, source]])), [file], `the guard bites: ${source}`);
      }
      assert.ok(BITES[rule.name]?.length);
    });
  }

  test('need every exception that is listed', () => {
    const isUsed = (file: string) => importsOf(sources.get(file) ?? '').some(({ specifier }) => specifier === 'kysely');
    assert.deepEqual(
      Object.keys(RAW_STATEMENTS).filter((file) => !isUsed(file)),
      [],
    );
  });
});
