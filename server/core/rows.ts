import type {
  DeleteQueryBuilder,
  DeleteResult,
  Insertable,
  Kysely,
  SelectQueryBuilder,
  Updateable,
  UpdateQueryBuilder,
  UpdateResult,
} from 'kysely';
import { sql } from 'kysely';
import type { Entity, TableName, Tables } from './entity.ts';

/** MySQL and SQLite limit the parameters of one statement; this keeps any row of ours below them. */
const ROWS_PER_INSERT = 200;

/** What the statements on a table need to know besides the table. */
export interface RowsOptions {
  readonly executor: Kysely<Tables>;
  readonly entity: Entity;
  readonly returnsIds: boolean;
  readonly now: () => Date;
  readonly userId: number | null;
}

/** The statements a feature may run on one table; those that read or change rows already carry the data scope. */
export class Rows<T extends TableName> {
  readonly #options: RowsOptions;

  constructor(options: RowsOptions) {
    this.#options = options;
  }

  select(): SelectQueryBuilder<Tables, T, {}> {
    return this.#options.executor.selectFrom(this.#options.entity.table as TableName) as any;
  }

  /** An edit of the named fields; `updated_at` and `version` follow by themselves. The caller adds the `where`. */
  update(values: Updateable<Tables[T]>): UpdateQueryBuilder<Tables, T, T, UpdateResult> {
    const { entity, now } = this.#options;
    const stamps: Record<string, unknown> = {};
    if (entity.columns['updated_at']) stamps['updated_at'] = now();
    if (entity.columns['version']) stamps['version'] = sql`${sql.ref('version')} + 1`;
    return this.#set({ ...values, ...stamps });
  }

  /** A change that is no edit by a person, such as the time of the last sign-in: neither `updated_at` nor `version` moves. */
  updateQuietly(values: Updateable<Tables[T]>): UpdateQueryBuilder<Tables, T, T, UpdateResult> {
    return this.#set(values);
  }

  #set(values: object): UpdateQueryBuilder<Tables, T, T, UpdateResult> {
    const { entity, executor } = this.#options;
    return executor.updateTable(entity.table as TableName).set(this.#encoded(values) as any) as any;
  }

  delete(): DeleteQueryBuilder<Tables, T, DeleteResult> {
    return this.#options.executor.deleteFrom(this.#options.entity.table as TableName) as any;
  }

  /** Adds a row and returns its generated `id` (0 for a table without one). Times and owner are filled in by themselves. */
  async insert(values: Insertable<Tables[T]>): Promise<number> {
    const { entity, executor, returnsIds } = this.#options;
    const query = executor.insertInto(entity.table as TableName).values(this.#stamped(values) as any);
    if (!entity.columns['id']?.options.autoincrement) {
      await query.execute();
      return 0;
    }
    if (!returnsIds) return Number((await query.executeTakeFirstOrThrow()).insertId);
    const row = await (query as any).returning('id').executeTakeFirstOrThrow();
    return row.id;
  }

  /** Adds many rows in statements of a bounded size. */
  async insertMany(rows: readonly Insertable<Tables[T]>[]): Promise<void> {
    const { entity, executor } = this.#options;
    for (let start = 0; start < rows.length; start += ROWS_PER_INSERT) {
      const chunk = rows.slice(start, start + ROWS_PER_INSERT).map((row) => this.#stamped(row));
      await executor
        .insertInto(entity.table as TableName)
        .values(chunk as any)
        .execute();
    }
  }

  #stamped(values: Insertable<Tables[T]>): Record<string, unknown> {
    const { entity, now, userId } = this.#options;
    const row = this.#encoded(values);
    if (entity.columns['created_at']) row['created_at'] ??= now();
    if (entity.columns['updated_at']) row['updated_at'] ??= now();
    if (entity.columns['created_by']) row['created_by'] ??= userId;
    return row;
  }

  #encoded(values: object): Record<string, unknown> {
    const row: Record<string, unknown> = { ...values };
    for (const [name, value] of Object.entries(row)) {
      if (this.#options.entity.columns[name]?.options.kind === 'json')
        row[name] = value == null ? null : JSON.stringify(value);
    }
    return row;
  }
}
