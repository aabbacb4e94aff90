import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseDatabaseUrl, redactDatabaseUrl, type ServerAddress } from './url.ts';

const SQLITE_URLS: readonly (readonly [url: string, file: string])[] = [
  ['sqlite:./data/app.db', './data/app.db'],
  ['sqlite:data/app.db', 'data/app.db'],
  ['sqlite:/var/lib/app.db', '/var/lib/app.db'],
  ['sqlite:///./data/app.db', './data/app.db'],
  ['sqlite:///data/app.db', 'data/app.db'],
  ['sqlite:////var/lib/app.db', '/var/lib/app.db'],
  ['sqlite+aiosqlite:///./data/app.db', './data/app.db'],
  ['sqlite:///./data/app.db?check_same_thread=false', './data/app.db'],
  ['sqlite::memory:', ':memory:'],
  ['sqlite://', ':memory:'],
  ['sqlite:///:memory:', ':memory:'],
];

const SERVER_URLS: readonly (readonly [url: string, expected: Partial<ServerAddress>])[] = [
  ['mysql://u:p@db:3307/app', { dialect: 'mysql', host: 'db', port: 3307, database: 'app', user: 'u', password: 'p' }],
  ['mysql+pymysql://u:p@db/app?charset=utf8mb4', { dialect: 'mysql', port: 3306, database: 'app', tls: 'off' }],
  ['mysql+aiomysql://db/app', { dialect: 'mysql', user: 'root', password: '' }],
  ['mysql+asyncmy://db/app', { dialect: 'mysql' }],
  ['mariadb://db/app', { dialect: 'mysql' }],
  ['mariadb+pymysql://db/app', { dialect: 'mysql' }],
  ['postgres://u@db/app', { dialect: 'postgresql', port: 5432, user: 'u', password: '' }],
  ['postgresql://db/app', { dialect: 'postgresql', user: 'postgres' }],
  ['postgresql+asyncpg://u:p@[::1]:5433/app', { dialect: 'postgresql', host: '::1', port: 5433 }],
  ['postgresql+psycopg2://db/app', { dialect: 'postgresql' }],
  ['postgresql+psycopg://db/app', { dialect: 'postgresql' }],
  ['postgresql:///app', { dialect: 'postgresql', host: 'localhost' }],
  ['mysql://u%40x:p%2Fa%3As%25s@db/my%20app', { user: 'u@x', password: 'p/a:s%s', database: 'my app' }],
  ['mysql://u:p@ss@db/app', { host: 'db', password: 'p@ss' }],
  ['postgres://db/app?sslmode=disable', { tls: 'off' }],
  ['postgres://db/app?sslmode=require', { tls: 'encrypt' }],
  ['postgres://db/app?sslmode=verify-ca', { tls: 'verify-ca' }],
  ['postgres://db/app?sslmode=verify-full', { tls: 'verify-full' }],
  ['mysql://db/app?ssl-mode=REQUIRED', { tls: 'encrypt' }],
  ['mysql://db/app?ssl=true', { tls: 'verify-full' }],
];

const REFUSED: readonly (readonly [url: string, message: RegExp])[] = [
  ['', /must begin with sqlite:/],
  ['app.db', /must begin with sqlite:/],
  ['oracle://u:s3cret@db/app', /must begin with sqlite:/],
  ['sqlite:', /names no file/],
  ['sqlite:///', /names no file/],
  ['sqlite://data/app.db', /sqlite:\/\/\/relative/],
  ['mysql://u:s3cret@db', /must name one database/],
  ['mysql://u:s3cret@db/', /must name one database/],
  ['mysql://u:s3cret@db/a/b', /must name one database/],
  ['mysql:app', /must look like/],
  ['mysql://u:s3/cret@db:port/app', /must look like/],
  ['mysql://u:s3#cret@db/app', /must look like|must name one database/],
  ['mysql://u:s3cret%zz@db/app', /two hexadecimal digits/],
  ['postgres://u:s3cret@db:99999/app', /must look like/],
  ['postgres://u:s3cret@db/app?sslmode=perhaps', /sslmode must be/],
];

describe('parseDatabaseUrl', () => {
  for (const [url, file] of SQLITE_URLS) {
    test(url, () => assert.deepEqual(parseDatabaseUrl(url), { dialect: 'sqlite', file }));
  }

  for (const [url, expected] of SERVER_URLS) {
    test(url, () => {
      const address: Partial<ServerAddress> = parseDatabaseUrl(url) as ServerAddress;
      for (const [name, value] of Object.entries(expected)) {
        assert.equal(address[name as keyof ServerAddress], value, name);
      }
    });
  }

  for (const [url, message] of REFUSED) {
    test(`refuses "${url}" without repeating the password`, () => {
      assert.throws(
        () => parseDatabaseUrl(url),
        (error: Error) => {
          assert.match(error.message, message);
          assert.doesNotMatch(
            JSON.stringify(Object.getOwnPropertyNames(error).map((n) => Reflect.get(error, n))),
            /s3|cret/,
          );
          return true;
        },
      );
    });
  }

  test('a separate password wins over the one in the URL', () => {
    assert.equal((parseDatabaseUrl('mysql://u:old@db/app', 'n%w') as ServerAddress).password, 'n%w');
    assert.equal((parseDatabaseUrl('mysql://u:old@db/app', '') as ServerAddress).password, 'old');
  });
});

test('redactDatabaseUrl leaves everything but passwords', () => {
  assert.equal(redactDatabaseUrl('mysql://u:p:x@y@db:3306/app?charset=x'), 'mysql://u:***@db:3306/app?charset=x');
  assert.equal(redactDatabaseUrl('postgres://u@db/app?password=p&a=b'), 'postgres://u@db/app?password=***&a=b');
  assert.equal(redactDatabaseUrl('mysql://root@db:3306/app'), 'mysql://root@db:3306/app');
  assert.equal(redactDatabaseUrl('sqlite:./data/app.db'), 'sqlite:./data/app.db');
});
