import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, describe, test } from 'node:test';
import { type Config, ConfigError, DEMONSTRATION_PASSWORD, describeConfig, loadConfig } from '#config';
import { SETTINGS, type SettingName } from './config.schema.ts';

const folder = mkdtempSync(join(tmpdir(), 'config-test-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const good = randomBytes(48).toString('base64url');
const load = (environment: Record<string, string>) => loadConfig({ APP_ENV: 'testing', ...environment }, folder);
const production = (environment: Record<string, string>) =>
  loadConfig({ APP_ENV: 'production', JWT_SECRET_KEY: good, ...environment }, folder);

/** The mistakes that loading reports, as it reports them. */
function problems(loading: () => Config): readonly string[] {
  try {
    loading();
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    for (const problem of error.problems) assert.ok(error.message.includes(problem));
    return error.problems;
  }
  return [];
}

const namesOf = (found: readonly string[]) => found.map((problem) => problem.slice(0, problem.indexOf(':'))).sort();

function pem(type: 'rsa' | 'ec' | 'ed25519', options: object): string {
  const keys = generateKeyPairSync(type as 'rsa', options as { modulusLength: number });
  return keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** For each setting that can be wrong, texts that are. Settings that take any text are not here. */
const WRONG: Partial<Record<SettingName, readonly string[]>> = {
  APP_ENV: ['staging', 'PRODUCTION', '../etc'],
  DEBUG: ['maybe', '2'],
  PORT: ['-1', '65536', '80.5', 'http'],
  DATABASE_URL: ['oracle://x', 'app.db', 'https://example.com'],
  DATABASE_POOL_MIN: ['-1', 'x', '11'],
  DATABASE_POOL_MAX: ['0', '1001'],
  DATABASE_TIMEOUT_MS: ['1', 'soon'],
  REDIS_URL: ['127.0.0.1:6379', 'http://127.0.0.1'],
  JWT_ALGORITHM: ['none', 'HS1', 'hs256', 'HS256,none'],
  JWT_ACCESS_TOKEN_EXPIRE_MINUTES: ['0', '1441', '∞'],
  REFRESH_TOKEN_EXPIRE_DAYS: ['0', '366'],
  ADMIN_EMAIL: ['admin', 'a b@example.com'],
  PASSWORD_MIN_LENGTH: ['5', '65'],
  PASSWORD_EXPIRE_DAYS: ['-1', '3651'],
  PASSWORD_HISTORY: ['25'],
  SIGN_IN_RATE_PER_MINUTE: ['0'],
  SIGN_IN_CAPTCHA_AFTER: ['-1', '1001'],
  SIGN_IN_DELAY_AFTER: ['0'],
  SIGN_IN_DELAY_MAX_SECONDS: ['0', '86401'],
  SIGN_IN_ADDRESS_CAPTCHA_AFTER: ['-1'],
  SIGN_IN_ADDRESS_DELAY_AFTER: ['0'],
  SIGN_IN_ACCOUNT_CAPTCHA_AFTER: ['0'],
  SIGN_IN_LOG_DAYS: ['0', '3651'],
  REQUEST_LOG_PERCENT: ['-1', '101', '0.5'],
  REQUEST_LOG_DAYS: ['0', '3651'],
  MONGODB_URL: ['mongo.example.com', 'http://mongo', 'mongodb://', 'mongodb://a@b@c/name', 'mongodb://host/a/b'],
  ARCHIVE_DAYS: ['-1', '36501'],
  AUDIT_RETENTION_DAYS: ['-1', '36501'],
  CAPTCHA_DIFFICULTY: ['3', '25'],
  CAPTCHA_DIFFICULTY_MAX: ['3', '27'],
  SEED_DEMO_DATA: ['some'],
  DEFAULT_LOCALE: ['fr-FR', 'zh'],
  LOG_LEVEL: ['loud'],
  LOG_PRETTY: ['very'],
  TRUSTED_PROXIES: ['loadbalancer', '10.0.0.0/33', '10.0.0.1,nobody', '::1/129', '10.0.0.1/'],
  CORS_ORIGINS: ['admin.example.com', 'https://admin.example.com/', 'https://*.example.com', 'null'],
  CORS_CREDENTIALS: ['sure'],
  PUBLIC_URL: ['admin.example.com', 'https://admin.example.com/console', 'ftp://admin.example.com'],
  SMTP_URL: ['mail.example.com', 'http://mail'],
  MAIL_FROM: ['nobody'],
  REGISTRATION_ENABLED: ['maybe'],
  STEP_UP_MINUTES: ['0', 'soon'],
  BODY_LIMIT_BYTES: ['1MB', '0'],
  REQUEST_TIMEOUT_MS: ['0', '30s'],
  SHUTDOWN_TIMEOUT_MS: ['1'],
  DOCS_ENABLED: ['here'],
};

describe('a wrong setting', () => {
  for (const [name, texts] of Object.entries(WRONG)) {
    test(`${name} is named`, () => {
      for (const raw of texts) assert.deepEqual(namesOf(problems(() => load({ [name]: raw }))), [name], raw);
    });
  }

  test('is reported together with all others, each once', () => {
    const every = Object.fromEntries(Object.entries(WRONG).map(([name, [raw]]) => [name, raw as string]));
    assert.deepEqual(namesOf(problems(() => load(every))), Object.keys(WRONG).sort());
  });

  test('never repeats a secret in its message', () => {
    const secret = 'very-secret-text';
    const found = problems(() => production({ JWT_SECRET_KEY: secret, JWT_ALGORITHM: 'RS256' }));
    assert.equal(found.length, 1);
    assert.doesNotMatch(found.join(), new RegExp(secret));
  });
});

test('mailed links need a site to lead to', () => {
  const smtp = { SMTP_URL: 'smtp://mail.example.com' };
  assert.match(problems(() => load(smtp)).join(), /^PUBLIC_URL: is needed by SMTP_URL/);
  assert.deepEqual(
    problems(() => load({ ...smtp, PUBLIC_URL: 'https://admin.example.com' })),
    [],
  );
});

describe('production', () => {
  test('starts with a good secret alone, with everything that shows too much switched off', () => {
    const config = production({});
    assert.deepEqual([config.DEBUG, config.ADMIN_PASSWORD, config.JWT_SECRET_KEY], [false, '', good]);
    assert.notEqual(config.DOCS_ENABLED, true);
    assert.notEqual(config.SEED_DEMO_DATA, true);
  });

  const refusals: [what: string, environment: Record<string, string>, name: SettingName, words: RegExp][] = [
    ['a missing secret', { JWT_SECRET_KEY: '' }, 'JWT_SECRET_KEY', /missing/],
    ['a short secret', { JWT_SECRET_KEY: good.slice(0, 31) }, 'JWT_SECRET_KEY', /short/],
    [
      "FastAPI's published secret",
      { JWT_SECRET_KEY: '09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7' },
      'JWT_SECRET_KEY',
      /published/,
    ],
    [
      "an admin template's secret",
      { JWT_SECRET_KEY: '3488a63e1765035a386f05409663f55c83bfae3b3c61a325f55c83bfae3b3c61' },
      'JWT_SECRET_KEY',
      /published/,
    ],
    ['a placeholder', { JWT_SECRET_KEY: 'your-secret-key-change-this-in-production' }, 'JWT_SECRET_KEY', /placeholder/],
    [
      'another placeholder',
      { JWT_SECRET_KEY: 'change_me_please_0000000000000000000000' },
      'JWT_SECRET_KEY',
      /placeholder|simple/,
    ],
    [
      'a third placeholder',
      { JWT_SECRET_KEY: 'your-super-secret-jwt-key-please-change-in-production' },
      'JWT_SECRET_KEY',
      /placeholder/,
    ],
    ['a short key to encrypt with', { ENCRYPTION_KEY: `${'k3y'.repeat(3)}` }, 'ENCRYPTION_KEY', /short/],
    ['a repetitive secret', { JWT_SECRET_KEY: 'abcabcabc'.repeat(6) }, 'JWT_SECRET_KEY', /simple/],
    ['the demonstration password', { ADMIN_PASSWORD: DEMONSTRATION_PASSWORD }, 'ADMIN_PASSWORD', /published/],
    ['a published password', { ADMIN_PASSWORD: 'Admin123' }, 'ADMIN_PASSWORD', /published/],
    ['a short password', { ADMIN_PASSWORD: 'x9$kQ' }, 'ADMIN_PASSWORD', /at least 8/],
    ['registration without mail', { REGISTRATION_ENABLED: 'true' }, 'REGISTRATION_ENABLED', /SMTP_URL/],
    ['debug', { DEBUG: 'true' }, 'DEBUG', /off in production/],
    ['any origin with cookies', { CORS_ORIGINS: '*', CORS_CREDENTIALS: 'true' }, 'CORS_ORIGINS', /\*/],
  ];
  for (const [what, environment, name, words] of refusals) {
    test(`refuses ${what}`, () => {
      const found = problems(() => production(environment));
      assert.deepEqual(namesOf(found), [name]);
      assert.match(found[0] as string, words);
      assert.equal(problems(() => loadConfig({ APP_ENV: 'testing', ...environment }, folder)).length, 0);
    });
  }

  test('reports all of its refusals at once', () => {
    const environment = {
      JWT_SECRET_KEY: 'secret',
      ADMIN_PASSWORD: '123456',
      DEBUG: '1',
      CORS_ORIGINS: '*',
      CORS_CREDENTIALS: '1',
    };
    const expected = ['ADMIN_PASSWORD', 'CORS_ORIGINS', 'DEBUG', 'JWT_SECRET_KEY'];
    assert.deepEqual(namesOf(problems(() => production(environment))), expected);
  });
});

describe('a key for an asymmetric algorithm', () => {
  const keys: Record<string, string> = {
    RS256: pem('rsa', { modulusLength: 2048 }),
    ES256: pem('ec', { namedCurve: 'P-256' }),
    EdDSA: pem('ed25519', {}),
  };

  test('is taken as PEM, also on one line, and only for its own algorithm', () => {
    for (const [JWT_ALGORITHM, key] of Object.entries(keys)) {
      const oneLine = key.replaceAll('\n', '\\n');
      assert.equal(production({ JWT_ALGORITHM, JWT_SECRET_KEY: oneLine }).JWT_SECRET_KEY, key);
      for (const [other, wrong] of Object.entries({ ...keys, text: good })) {
        if (other === JWT_ALGORITHM) continue;
        const found = namesOf(problems(() => production({ JWT_ALGORITHM, JWT_SECRET_KEY: wrong })));
        assert.deepEqual(found, ['JWT_SECRET_KEY'], `${JWT_ALGORITHM} with ${other}`);
      }
    }
  });

  test('must be strong enough, and on the curve that the algorithm means (RFC 7518 §3.3, §3.4)', () => {
    const weak = pem('rsa', { modulusLength: 1024 });
    const otherCurve = pem('ec', { namedCurve: 'P-384' });
    for (const [JWT_ALGORITHM, JWT_SECRET_KEY] of [
      ['RS256', weak],
      ['ES256', otherCurve],
    ] as const)
      assert.deepEqual(namesOf(problems(() => production({ JWT_ALGORITHM, JWT_SECRET_KEY }))), ['JWT_SECRET_KEY']);
  });
});

describe('where settings come from', () => {
  test('env/<APP_ENV>.env is read, and the environment wins', () => {
    writeFileSync(join(folder, 'testing.env'), '# a comment\nPORT=9001\nHOST="0.0.0.0"\nLOG_LEVEL=warn\n');
    try {
      const config = load({ LOG_LEVEL: 'error' });
      assert.deepEqual([config.PORT, config.HOST, config.LOG_LEVEL], [9001, '0.0.0.0', 'error']);
      assert.equal(load({ HOST: '' }).HOST, '127.0.0.1', 'an empty variable takes back what the file sets');
      assert.equal(production({}).PORT, 8000, 'the file of another environment is not read');
      writeFileSync(join(folder, 'testing.env'), 'PORT=x\n');
      assert.deepEqual(namesOf(problems(() => load({}))), ['PORT']);
    } finally {
      rmSync(join(folder, 'testing.env'));
    }
  });

  test('texts become values', () => {
    const config = load({ TRUSTED_PROXIES: ' 10.0.0.0/8 , ::1,', DEBUG: 'Yes', DOCS_ENABLED: 'off', PORT: '0' });
    assert.deepEqual(
      [config.TRUSTED_PROXIES, config.DEBUG, config.DOCS_ENABLED, config.PORT],
      [['10.0.0.0/8', '::1'], true, false, 0],
    );
    assert.ok(Object.isFrozen(config));
    assert.deepEqual(Object.keys(config).sort(), Object.keys(SETTINGS).sort());
  });

  test('development makes a secret once and keeps it, readable by its owner alone', () => {
    const data = join(folder, 'data');
    const development = () => loadConfig({ APP_ENV: 'development', DATA_DIR: data }, folder);
    const first = development();
    assert.ok(first.JWT_SECRET_KEY.length >= 64);
    assert.equal(development().JWT_SECRET_KEY, first.JWT_SECRET_KEY);
    assert.equal(first.ADMIN_PASSWORD, DEMONSTRATION_PASSWORD);
    const [file = ''] = readdirSync(data);
    assert.equal(statSync(join(data, file)).mode & 0o777, 0o600);
    const other = loadConfig({ APP_ENV: 'development', DATA_DIR: data, JWT_ALGORITHM: 'EdDSA' }, folder);
    assert.match(other.JWT_SECRET_KEY, /PRIVATE KEY/);
    assert.equal(development().JWT_SECRET_KEY, first.JWT_SECRET_KEY);
    assert.notEqual(load({}).JWT_SECRET_KEY, load({}).JWT_SECRET_KEY, 'tests share none');
  });

  test('what a person may see holds no secret', () => {
    const secrets = { JWT_SECRET_KEY: good, ADMIN_PASSWORD: 'Correct-Horse-9', DATABASE_PASSWORD: 'Battery-Staple-9' };
    const seen = JSON.stringify(describeConfig(production(secrets)));
    for (const secret of Object.values(secrets)) assert.ok(!seen.includes(secret));
    assert.match(seen, /"JWT_SECRET_KEY":"sha256:[0-9a-f]{8}"/);
  });
});

describe('the settings as they are documented', () => {
  const root = resolve(import.meta.dirname, '..');
  const names = Object.keys(SETTINGS).sort();

  test('.env.example lists exactly the settings', () => {
    const lines = readFileSync(join(root, '.env.example'), 'utf8').split('\n');
    const listed = lines.flatMap((line) => /^#? ?([A-Z][A-Z0-9_]+)=/.exec(line)?.[1] ?? []);
    assert.deepEqual(listed.sort(), names);
  });

  for (const file of ['README.md', 'README.zh-CN.md']) {
    test(`the table of ${file} lists exactly the settings`, () => {
      const rows = readFileSync(join(root, file), 'utf8').split('\n');
      const listed = rows.flatMap((row) => /^\|\s*`([A-Z][A-Z0-9_]+)`\s*\|/.exec(row)?.[1] ?? []);
      assert.deepEqual(listed.sort(), names);
    });
  }
});

describe('IDENTITY_PROVIDERS', () => {
  const minimal = {
    name: 'corp',
    issuer: 'https://id.corp.example',
    client_id: 'console',
    client_secret: 'not-to-be-shown',
  };
  const load = (providers: unknown, more: NodeJS.ProcessEnv = {}) =>
    loadConfig({
      APP_ENV: 'testing',
      PUBLIC_URL: 'https://admin.corp.example',
      IDENTITY_PROVIDERS: typeof providers === 'string' ? providers : JSON.stringify(providers),
      ...more,
    });
  const problemOf = (providers: unknown, more?: NodeJS.ProcessEnv) => {
    try {
      load(providers, more);
    } catch (error) {
      assert.ok(error instanceof ConfigError);
      assert.ok(!error.message.includes('not-to-be-shown'), 'the secret is not shown');
      return error.problems.join('\n');
    }
    return null;
  };

  test('takes what is left out from the preset and the defaults', () => {
    const [corp, google] = load([
      minimal,
      { ...minimal, name: 'g', preset: 'google', issuer: undefined },
    ]).IDENTITY_PROVIDERS;
    assert.deepEqual(corp?.scopes, ['openid', 'profile', 'email']);
    assert.deepEqual([corp?.title, corp?.create_users, corp?.link_by_email], ['corp', false, false]);
    assert.deepEqual([google?.issuer, google?.title], ['https://accounts.google.com', 'Google']);
    assert.ok(google?.hosts.includes('oauth2.googleapis.com'));
    assert.equal(loadConfig({ APP_ENV: 'testing' }).IDENTITY_PROVIDERS.length, 0);
  });

  test('may be a file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'providers-'));
    const file = join(folder, 'providers.json');
    writeFileSync(file, JSON.stringify([minimal]));
    try {
      assert.equal(load(file).IDENTITY_PROVIDERS[0]?.name, 'corp');
    } finally {
      rmSync(folder, { recursive: true });
    }
    assert.match(problemOf('providers-that-are-not-there.json') ?? '', /neither a JSON list nor the name of a file/);
  });

  test('says what is wrong, with the name of the provider', () => {
    const wrong: [providers: unknown, problem: RegExp, more?: NodeJS.ProcessEnv][] = [
      ['[{"client_secret":"not-to-be-shown"', /not valid JSON/],
      [[{ ...minimal, name: 'Corp!' }], /\/0\/name must match/],
      [[{ ...minimal, client_secret: '' }], /\/0\/client_secret/],
      [[{ ...minimal, secret: 'not-to-be-shown' }], /additional properties \(secret\)/],
      [[{ ...minimal, preset: 'facebook' }], /\/0\/preset/],
      [[minimal, minimal], /corp: is there twice/],
      [[{ ...minimal, issuer: undefined }], /corp: issuer is missing/],
      [[{ ...minimal, protocol: 'oauth2' }], /corp: token_endpoint is missing/],
      [[{ ...minimal, issuer: 'http://id.corp.example' }], /corp: issuer must begin with https/],
      [[{ ...minimal, issuer: 'https://user:pass@id.corp.example' }], /corp: issuer must begin with https/],
      [[{ ...minimal, link_by_email: true }], /link_by_email needs email_domains/],
      [[{ ...minimal, preset: 'google', create_users: true }], /create_users needs email_domains/],
      [[{ ...minimal, roles: { staff: 'admin' } }], /must not give the role admin/],
      [[minimal], /PUBLIC_URL: is needed/, { PUBLIC_URL: '' }],
      [
        [{ ...minimal, issuer: 'http://127.0.0.1:4000' }],
        /corp: issuer must begin with https:\/\/$/m,
        { APP_ENV: 'production', JWT_SECRET_KEY: 'K8v2bQ9xT4mZ7wR1nY6pL3sD5fG0hJaC', DATABASE_URL: 'sqlite:./x.db' },
      ],
    ];
    for (const [providers, problem, more] of wrong) assert.match(problemOf(providers, more) ?? 'nothing', problem);
    assert.equal(
      problemOf([{ ...minimal, issuer: 'http://127.0.0.1:4000' }]),
      null,
      'this machine, outside production',
    );
  });

  test('is shown as a fingerprint', () => {
    const seen = JSON.stringify(describeConfig(load([minimal])));
    assert.match(seen, /"IDENTITY_PROVIDERS":"sha256:[0-9a-f]{8}"/);
    assert.ok(!seen.includes('not-to-be-shown'));
  });
});
