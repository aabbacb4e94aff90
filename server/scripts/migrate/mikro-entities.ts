import { EntitySchema } from '@mikro-orm/core';
import { type ColumnKind, type ColumnOptions, constraintName, type Entity, uniquesOf } from '#core/entity.ts';
import type { Dialect } from '#extensions/database/index.ts';

type TypeOf = (length: number) => string;

/**
 * The column types of each dialect. They are the ones that a database reports back unchanged, so that a comparison with
 * the live schema finds no difference where there is none. SQLite's `boolean`, `datetime` and `json` are only names,
 * but the running service reads values back by them.
 */
const columnTypes: Record<Dialect, Record<ColumnKind, TypeOf>> = {
  sqlite: {
    id: () => 'integer',
    integer: () => 'integer',
    text: () => 'text',
    longtext: () => 'text',
    path: () => 'text',
    boolean: () => 'boolean',
    datetime: () => 'datetime',
    json: () => 'json',
    bytes: () => 'blob',
  },
  mysql: {
    id: () => 'bigint',
    integer: () => 'int',
    text: (length) => `varchar(${length})`,
    longtext: () => 'mediumtext',
    path: (length) => `varchar(${length})`,
    boolean: () => 'tinyint(1)',
    datetime: () => 'datetime(3)',
    json: () => 'json',
    bytes: () => 'mediumblob',
  },
  postgresql: {
    id: () => 'bigint',
    integer: () => 'int',
    text: (length) => `varchar(${length})`,
    longtext: () => 'text',
    path: (length) => `varchar(${length})`,
    boolean: () => 'boolean',
    datetime: () => 'timestamptz(3)',
    json: () => 'jsonb',
    bytes: () => 'bytea',
  },
};

/** A path is compared as bytes, whatever the language of the database: a subtree must be one range. SQLite always does. */
const byteOrderCollation: Partial<Record<Dialect, string>> = { mysql: 'ascii_bin', postgresql: 'C' };

/** What MikroORM calls the value in TypeScript; it decides how a default is written. */
const valueTypes: Record<ColumnKind, string> = {
  id: 'bigint',
  integer: 'integer',
  text: 'string',
  longtext: 'text',
  path: 'string',
  boolean: 'boolean',
  datetime: 'datetime',
  json: 'json',
  bytes: 'blob',
};

function primaryKeyOf(entity: Entity): string[] {
  return Object.entries(entity.columns)
    .filter(([, column]) => column.options.primary)
    .map(([name]) => name);
}

/** Every index of an entity that no other one stands for: the leading column of the primary key is found through that key. */
function indexesOf(entity: Entity): string[][] {
  const [leading, ...others] = primaryKeyOf(entity);
  const single = Object.entries(entity.columns)
    .filter(([name, { options }]) => options.index && !options.unique && !(others.length > 0 && name === leading))
    .map(([name]) => [name]);
  return [...single, ...(entity.indexes ?? []).map((columns) => [...columns])];
}

interface Context {
  readonly dialect: Dialect;
  readonly schemas: Map<string, EntitySchema>;
  readonly entities: readonly Entity[];
}

/**
 * Turns our declarations into MikroORM's, with every name and type spelled out so that nothing depends on its conventions.
 *
 * @throws {Error} when a foreign key names a table that is not among the entities or an id of another type, or when a
 *   default holds what the databases write back differently
 */
export function toMikroEntities(entities: readonly Entity[], dialect: Dialect): EntitySchema[] {
  const schemas = new Map<string, EntitySchema>();
  const context: Context = { dialect, schemas, entities };
  for (const entity of entities) {
    if (schemas.has(entity.table)) throw new Error(`Two entities declare the table "${entity.table}".`);
    const properties = Object.entries(entity.columns).map(([name, { options }]) => [
      name,
      options.references ? toRelation(entity, name, options, context) : toScalar(entity, name, options, dialect),
    ]);
    const schema = new EntitySchema({
      name: entity.table,
      tableName: entity.table,
      properties: Object.fromEntries(properties),
      uniques: uniquesOf(entity).map((columns) => ({
        name: constraintName(entity.table, columns, 'unique'),
        properties: columns as never[],
      })),
      indexes: indexesOf(entity).map((columns) => ({
        name: constraintName(entity.table, columns, 'index'),
        properties: columns as never[],
      })),
    });
    schemas.set(entity.table, schema);
  }
  return [...schemas.values()];
}

function isPrimary(entity: Entity, name: string): boolean {
  return primaryKeyOf(entity).includes(name);
}

function toScalar(entity: Entity, name: string, options: ColumnOptions, dialect: Dialect): object {
  const length = options.length ?? 255;
  // MikroORM does not escape them, and every database reports them in another way, which would look like a difference.
  if (typeof options.default === 'string' && /['"\\\n]/.test(options.default)) {
    throw new Error(`The default of ${entity.table}.${name} must not hold quotes, backslashes or line ends.`);
  }
  return {
    type: valueTypes[options.kind],
    fieldName: name,
    columnType: columnTypes[dialect][options.kind](length),
    ...(['text', 'path'].includes(options.kind) ? { length } : {}),
    ...(options.kind === 'datetime' ? { length: dialect === 'sqlite' ? 0 : 3 } : {}),
    ...(options.kind === 'path' && byteOrderCollation[dialect] ? { collation: byteOrderCollation[dialect] } : {}),
    ...(options.default === undefined ? {} : { default: options.default }),
    nullable: options.nullable ?? false,
    primary: isPrimary(entity, name),
    autoincrement: options.autoincrement ?? false,
    unsigned: false,
  };
}

function toRelation(
  entity: Entity,
  name: string,
  options: ColumnOptions,
  { dialect, schemas, entities }: Context,
): object {
  const { table, onDelete } = options.references!;
  const target = entities.find((candidate) => candidate.table === table);
  const targetId = target?.columns.id?.options;
  if (!target || !targetId)
    throw new Error(`${entity.table}.${name} points to "${table}.id", which no entity declares.`);
  if (targetId.kind !== options.kind || targetId.length !== options.length) {
    throw new Error(`${entity.table}.${name} and ${table}.id have different types.`);
  }
  return {
    kind: 'm:1',
    entity: () => schemas.get(table),
    fieldName: name,
    referenceColumnName: 'id',
    columnType: columnTypes[dialect][options.kind](options.length ?? 255),
    foreignKeyName: constraintName(entity.table, [name], 'foreign'),
    deleteRule: onDelete,
    updateRule: 'no action',
    nullable: options.nullable ?? false,
    primary: isPrimary(entity, name),
    unsigned: false,
    index: false,
  };
}
