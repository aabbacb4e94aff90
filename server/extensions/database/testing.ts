import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Dialect } from './index.ts';
import { parseDatabaseUrl, type ServerAddress } from './url.ts';

/** An empty database of its own for one test file. */
export interface TestDatabase {
  readonly url: string;
  /** What the server calls it; of SQLite, its file. */
  readonly name: string;
  /** Removes it with all that is in it; close every connection first. */
  drop(): Promise<void>;
}

const SERVERS = {
  mysql: { variable: 'TEST_MYSQL_URL', home: 'information_schema' },
  postgresql: { variable: 'TEST_POSTGRES_URL', home: 'postgres' },
} as const;

/**
 * The databases that tests run on: the one that TEST_DIALECT names, as `npm test` does for one after the other; else SQLite and the
 * servers whose `TEST_MYSQL_URL` or `TEST_POSTGRES_URL` is set.
 */
export function testDialects(): Dialect[] {
  const only = process.env['TEST_DIALECT'];
  const servers = (['mysql', 'postgresql'] as const).filter((dialect) => process.env[SERVERS[dialect].variable]);
  return (['sqlite', ...servers] as const).filter((dialect) => only === undefined || dialect === only);
}

/**
 * Creates a database with a random name: an empty one, or on PostgreSQL a copy of `template`, to which nobody may be connected. Throws
 * when the server is not configured or does not answer.
 */
export async function createTestDatabase(dialect: Dialect, template = 'template0'): Promise<TestDatabase> {
  if (dialect === 'sqlite') {
    const folder = mkdtempSync(join(tmpdir(), 'database-test-'));
    const name = join(folder, 'app.db');
    return { url: `sqlite:${name}`, name, drop: async () => rmSync(folder, { recursive: true, force: true }) };
  }
  const { variable, home } = SERVERS[dialect];
  const server = process.env[variable];
  if (!server) throw new Error(`${variable} is not set`);
  const name = `test_${randomBytes(8).toString('hex')}`;
  const address = parseDatabaseUrl(withDatabase(server, home)) as ServerAddress;
  const [create, drop] =
    dialect === 'mysql'
      ? [`create database ${name} character set utf8mb4 collate utf8mb4_bin`, `drop database if exists ${name}`]
      : [
          `create database ${name} encoding 'UTF8' template ${template}`,
          `drop database if exists ${name} with (force)`,
        ];
  await runOnServer(address, create);
  return { url: withDatabase(server, name), name, drop: () => runOnServer(address, drop) };
}

/** Sends one statement to the server over a connection of its own, for what a test does behind the back of the pool. */
export async function runOnServer(address: ServerAddress, statement: string): Promise<void> {
  if (address.dialect === 'mysql') {
    const { createConnection } = await import('mysql2/promise');
    const { mysqlConnectionOptions } = await import('./mysql-pool.ts');
    const connection = await createConnection(mysqlConnectionOptions(address, 10_000));
    await connection.query(statement).finally(() => connection.end());
    return;
  }
  const { Client } = await import('pg');
  const { postgresClientOptions } = await import('./postgresql-pool.ts');
  const client = new Client(postgresClientOptions(address, 10_000));
  await client.connect();
  await client.query(statement).finally(() => client.end());
}

/** The address of another database on the same server. */
export function withDatabase(server: string, database: string): string {
  const url = new URL(server);
  url.pathname = `/${database}`;
  return url.href;
}
