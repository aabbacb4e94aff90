import type { Dialect } from '#extensions/database/index.ts';
import { createTestDatabase, type TestDatabase } from '#extensions/database/testing.ts';

/** What an installation can stand on. */
export interface Backend {
  readonly name: string;
  /** Empty for the engine that needs the database alone. */
  readonly redisUrl: string;
  /** Why it cannot be tested here, or false. */
  readonly skip: string | false;
  openDatabase(): Promise<TestDatabase>;
}

const redis = process.env['TEST_REDIS_URL'] ?? '';

function backend(name: string, dialect: Dialect, needs: readonly string[], redisUrl = ''): Backend {
  const missing = needs.filter((variable) => !process.env[variable]);
  return {
    name,
    redisUrl,
    skip: missing.length > 0 && `${missing.join(' and ')} not set`,
    openDatabase: () => createTestDatabase(dialect),
  };
}

export const backends: readonly Backend[] = [
  backend('SQLite', 'sqlite', []),
  backend('MariaDB', 'mysql', ['TEST_MYSQL_URL']),
  backend('PostgreSQL', 'postgresql', ['TEST_POSTGRES_URL']),
  backend('PostgreSQL with Redis', 'postgresql', ['TEST_POSTGRES_URL', 'TEST_REDIS_URL'], redis),
];
