import { MikroORM, type Options, Type, t, UnknownType } from '@mikro-orm/core';
import { MariaDbDriver } from '@mikro-orm/mariadb';
import { MySqlDriver } from '@mikro-orm/mysql';
import { PostgreSqlDriver } from '@mikro-orm/postgresql';
import {
  type AbstractSqlDriver,
  DatabaseSchema,
  DatabaseTable,
  NodeSqliteDialect,
  SqlSchemaGenerator,
} from '@mikro-orm/sql';
import { sql } from 'kysely';
import type { Entity } from '#core/entity.ts';
import type { Database, Dialect } from '#extensions/database/index.ts';
import { migrationTables } from '#extensions/database/migration-state.ts';
import { type Rename, StatedRenamesComparator } from './comparator.ts';
import { toMikroEntities } from './mikro-entities.ts';
import { SafeSqliteDriver } from './sqlite-platform.ts';
import { splitStatements } from './statements.ts';

export interface SchemaDiff {
  readonly up: string[];
  readonly down: string[];
  /** The schema of the entities, to be stored as `snapshot.json`. */
  readonly snapshot: string;
  /** What the change destroys or cannot do, in words. */
  readonly losses: string[];
  readonly refusals: string[];
}

type Orm = MikroORM<AbstractSqlDriver>;

const drivers = { sqlite: SafeSqliteDriver, mysql: MySqlDriver, mariadb: MariaDbDriver, postgresql: PostgreSqlDriver };

/** MikroORM with the entities of one dialect. It opens no connection by itself; `database` is the one it may look at. */
async function openOrm(entities: readonly Entity[], driver: keyof typeof drivers, database?: Database): Promise<Orm> {
  const dialect = driver === 'mariadb' ? 'mysql' : driver;
  const offline = driver === 'sqlite' ? new NodeSqliteDialect(':memory:') : {};
  const options = {
    driver: drivers[driver],
    dbName: 'offline',
    // It would create a database of that name on the server it is only to look at.
    ensureDatabase: false,
    entities: toMikroEntities(entities, dialect),
    extensions: [SqlSchemaGenerator],
    driverOptions: database?.kysely ?? offline,
    ...(dialect === 'mysql' ? { charset: 'utf8mb4', collate: 'utf8mb4_bin' } : {}),
    schemaGenerator: { skipTables: [...migrationTables], createForeignKeyConstraints: true },
    discovery: { warnWhenNoEntities: false },
  };
  return new MikroORM(options as unknown as Options) as unknown as Orm;
}

const generatorOf = (orm: Orm): SqlSchemaGenerator => orm.schema as unknown as SqlSchemaGenerator;

/** Reads a snapshot back; without one the schema is empty, so that the difference is the initial migration. */
function readSnapshot(orm: Orm, snapshot: string | undefined): DatabaseSchema {
  const platform = orm.driver.getPlatform();
  const schema = new DatabaseSchema(platform, platform.getDefaultSchemaName() as string);
  if (snapshot === undefined) return schema;
  const stored = JSON.parse(snapshot) as { tables: StoredTable[]; namespaces: string[] };
  schema.setTables(
    stored.tables.map(({ name, schema: namespace, indexes, checks, foreignKeys, columns }) => {
      const table = new DatabaseTable(platform, name, namespace);
      table.setIndexes(indexes);
      table.setChecks(checks);
      table.setForeignKeys(foreignKeys);
      // The columns of a composite key are marked in a snapshot, and each would be written as a key of its own.
      const isComposite = indexes.some((index) => index.primary && index.columnNames.length > 1);
      for (const column of Object.values(columns)) {
        const type = t[column.mappedType as unknown as keyof typeof t] ?? UnknownType;
        table.addColumn({
          ...column,
          primary: Boolean(column.primary) && !isComposite,
          mappedType: Type.getType(type),
        });
      }
      return table;
    }),
  );
  schema.setNamespaces(new Set(stored.namespaces));
  return schema;
}

type TableColumn = Parameters<DatabaseTable['addColumn']>[0];

interface StoredTable {
  readonly name: string;
  readonly schema?: string;
  readonly indexes: Parameters<DatabaseTable['setIndexes']>[0];
  readonly checks: Parameters<DatabaseTable['setChecks']>[0];
  readonly foreignKeys: Parameters<DatabaseTable['setForeignKeys']>[0];
  readonly columns: Record<string, TableColumn>;
}

/**
 * Compares the entities with a snapshot of one dialect, without a database.
 *
 * @param renames columns that keep their values under another name; nothing is guessed
 */
export async function diffSnapshot(
  entities: readonly Entity[],
  dialect: Dialect,
  snapshot: string | undefined,
  renames: readonly Rename[] = [],
): Promise<SchemaDiff> {
  const orm = await openOrm(entities, dialect);
  const generator = generatorOf(orm);
  const before = readSnapshot(orm, snapshot);
  const after = generator.getTargetSchema();
  const platform = orm.driver.getPlatform();
  const forward = new StatedRenamesComparator(platform, renames);
  const inverted = renames.map(({ table, from, to }) => ({ table, from: to, to: from }));
  const backward = new StatedRenamesComparator(platform, inverted);
  const write = (difference: Parameters<SqlSchemaGenerator['diffToSQL']>[0]): string[] =>
    splitStatements(generator.diffToSQL(difference, { wrap: false, safe: false, dropTables: true }));
  const up = write(forward.compare(before, after));
  const down = write(backward.compare(after, before));
  return {
    up: [...forward.fillNulls, ...up],
    down: [...backward.fillNulls, ...down],
    snapshot: `${JSON.stringify(generator.getTargetSchema(), null, 2)}\n`,
    losses: forward.losses,
    refusals: forward.refusals,
  };
}

/**
 * The statements that would make the live database equal to the entities; none when it already is. Reads only.
 */
export async function diffDatabase(entities: readonly Entity[], database: Database): Promise<string[]> {
  const orm = await openOrm(entities, await driverOf(database), database);
  const generator = generatorOf(orm);
  const platform = orm.driver.getPlatform();
  const after = generator.getTargetSchema();
  const before = await DatabaseSchema.create(
    orm.driver.getConnection(),
    platform,
    orm.config,
    undefined,
    after.getNamespaces(),
    undefined,
    [...migrationTables],
  );
  const difference = new StatedRenamesComparator(platform, []).compare(before, after);
  return splitStatements(generator.diffToSQL(difference, { wrap: false, safe: false, dropTables: true }));
}

/** MySQL and MariaDB describe JSON columns differently, so the server itself decides which of the two reads its schema. */
async function driverOf(database: Database): Promise<keyof typeof drivers> {
  if (database.dialect !== 'mysql') return database.dialect;
  const { rows } = await sql<{ version: string }>`select version() as version`.execute(database.kysely);
  return /mariadb/i.test(rows[0]?.version ?? '') ? 'mariadb' : 'mysql';
}
