import { copyFileSync } from 'node:fs';
import { after } from 'node:test';
import type { Dialect } from '#extensions/database/index.ts';
import { openDatabase } from '#extensions/database/index.ts';
import { migrateUp } from '#extensions/database/migrations.ts';
import { mysqlConnectionOptions } from '#extensions/database/mysql-pool.ts';
import { createTestDatabase, type TestDatabase } from '#extensions/database/testing.ts';
import { parseDatabaseUrl, type ServerAddress } from '#extensions/database/url.ts';
import { entities } from '#modules/index.ts';

/** Makes further databases like one that was migrated. */
interface Template {
  copy(): Promise<TestDatabase>;
  drop(): Promise<void>;
}

const templates = new Map<Dialect, Promise<Template>>();
after(async () => {
  for (const template of templates.values()) await (await template).drop();
});

/** A database of its own with the tables of the service. Only the first of a process is migrated, which takes seconds; the others are copies of it. */
export async function createMigratedDatabase(dialect: Dialect): Promise<TestDatabase> {
  const template = templates.get(dialect) ?? makeTemplate(dialect);
  templates.set(dialect, template);
  return (await template).copy();
}

async function makeTemplate(dialect: Dialect): Promise<Template> {
  const { url, name, drop } = await createTestDatabase(dialect);
  const database = await openDatabase({ url, poolMin: 0, poolMax: 2, acquireTimeoutMs: 30_000 }, entities);
  await migrateUp(database);
  await database.close();
  if (dialect === 'postgresql') return { copy: () => createTestDatabase(dialect, name), drop };
  const fill =
    dialect === 'mysql' ? await scriptOf(url, name) : async (made: TestDatabase) => copyFileSync(name, made.name);
  const copy = async () => {
    const made = await createTestDatabase(dialect);
    await fill(made);
    return made;
  };
  return { copy, drop };
}

/** MySQL knows no templates: its tables are made anew as the server describes them, in one go, and what is in them is copied. */
async function scriptOf(url: string, name: string): Promise<(made: TestDatabase) => Promise<void>> {
  const script = await onMysql(url, async (query) => {
    const statements = ['set foreign_key_checks = 0'];
    for (const [table] of await query('show tables')) {
      const [[, definition] = []] = await query(`show create table \`${table}\``);
      statements.push(String(definition));
      const [[rows] = []] = await query(`select count(*) from \`${table}\``);
      if (Number(rows) > 0) statements.push(`insert into \`${table}\` select * from \`${name}\`.\`${table}\``);
    }
    return statements.join(';\n');
  });
  return (made) => onMysql(made.url, async (query) => void (await query(script)));
}

async function onMysql<T>(url: string, work: (query: (sql: string) => Promise<unknown[][]>) => Promise<T>): Promise<T> {
  const { createConnection } = await import('mysql2/promise');
  const options = mysqlConnectionOptions(parseDatabaseUrl(url) as ServerAddress, 30_000);
  const connection = await createConnection({ ...options, multipleStatements: true, rowsAsArray: true });
  try {
    return await work(async (sql) => (await connection.query(sql))[0] as unknown[][]);
  } finally {
    await connection.end();
  }
}
