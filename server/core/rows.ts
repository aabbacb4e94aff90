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
import { isExpression, QueryCreator, sql } from 'kysely';
import { CapturingExecutor, type Gather } from './audit-capture.ts';
import { imageOfNew } from './audit-change.ts';
import type { Entity, TableName, Tables } from './entity.ts';
import { groupsOf, ROWS_PER_INSERT } from './groups.ts';
import { insertRows } from './inserts.ts';
import { newestOfTable, tableByWay } from './scope.ts';
import { BY_DEPT } from './scope-rule.ts';

/** What the statements on a table need to know besides the table. */
export interface RowsOptions {
  readonly executor: Kysely<Tables>;
  readonly entity: Entity;
  readonly entities: ReadonlyMap<string, Entity>;
  readonly dialect: 'sqlite' | 'mysql' | 'postgresql';
  /** Where changes of the rows are gathered to be kept; null for a table whose writes are not. */
  readonly gather: Gather | null;
  readonly now: () => Date;
  readonly userId: number | null;
  /** The ways in which a row can be in the data scope; null when every row is. */
  readonly ways: () => readonly string[] | null;
}

/** Rows of a table that are looked through together; see `Rows.matching`. */
export interface Matching {
  readonly parts: readonly MatchingPart[];
  /** A select from selects of these. */
  over(select: Select): Select;
}

export interface MatchingPart {
  readonly rows: Select;
  /** An index chooses them, so that finding all of them costs less than walking through the table. */
  readonly isIndexed: boolean;
  /** The same, narrowed to where the `limit` newest of them are; only where nothing but the scope chooses them. */
  readonly newest?: (limit: number) => Select;
}

type Select = SelectQueryBuilder<any, any, any>;

/** A select of a table before it says which columns. */
export type RowsOf<T extends TableName> = SelectQueryBuilder<Tables, T, {}>;

/** The statements a feature may run on one table; those that read or change rows already carry the data scope. */
export class Rows<T extends TableName> {
  readonly #options: RowsOptions;

  constructor(options: RowsOptions) {
    this.#options = options;
  }

  select(): RowsOf<T> {
    return this.#options.executor.selectFrom(this.#options.entity.table as TableName) as any;
  }

  /**
   * The rows that `match` narrows by its conditions, for a page of them (`readPage`). They come as selects that do not overlap, one for
   * each way in which a row can be in the scope: an index answers each of them, and none answers an `or` of all ways. `isIndexed` says
   * that `match` itself chooses by department.
   */
  matching(match: (rows: RowsOf<T>) => RowsOf<T>, isIndexed = false): Matching {
    const { executor, entity, ways } = this.#options;
    const from = (source: string): any => executor.selectFrom(source as TableName);
    const parts = (ways() ?? [null]).map((way): MatchingPart => {
      const byWay = way !== null && way !== 'through';
      const all = from(byWay ? tableByWay(entity.table, way) : entity.table);
      const rows = match(all);
      const byDept = way === BY_DEPT && !('path' in entity.scope);
      return {
        rows,
        isIndexed: isIndexed || byWay,
        ...(byDept && rows === all && { newest: (limit) => from(newestOfTable(entity.table, limit)) }),
      };
    });
    // The parts carry the scope already; nothing else is in what is put over them.
    const plain = executor.withoutPlugins();
    return { parts, over: (select) => plain.selectFrom(select.as('matching')) as any };
  }

  /** An edit of the named fields; `updated_at`, `updated_by` and `version` follow by themselves. The caller adds the `where`. */
  update(values: Updateable<Tables[T]>): UpdateQueryBuilder<Tables, T, T, UpdateResult> {
    const { entity, now, userId } = this.#options;
    const stamps: Record<string, unknown> = {};
    if (entity.columns['updated_at']) stamps['updated_at'] = now();
    if (entity.columns['updated_by']) stamps['updated_by'] = userId;
    if (entity.columns['version']) stamps['version'] = sql`${sql.ref('version')} + 1`;
    return this.#set({ ...values, ...stamps }, false);
  }

  /** A change that is no edit by a person, such as the time of the last sign-in: none of the stamps moves, and `quiet` columns leave no record. */
  updateQuietly(values: Updateable<Tables[T]>): UpdateQueryBuilder<Tables, T, T, UpdateResult> {
    return this.#set(values, true);
  }

  #set(values: object, isQuiet: boolean): UpdateQueryBuilder<Tables, T, T, UpdateResult> {
    const { table } = this.#options.entity;
    return this.#writing(isQuiet)
      .updateTable(table as TableName)
      .set(this.#encoded(values) as any) as any;
  }

  delete(): DeleteQueryBuilder<Tables, T, DeleteResult> {
    return this.#writing(false).deleteFrom(this.#options.entity.table as TableName) as any;
  }

  /** What builds updates and deletes: of an audited table such that what they change is kept. */
  #writing(isQuiet: boolean): QueryCreator<Tables> {
    const { executor, gather, ...rest } = this.#options;
    if (!gather) return executor;
    return new QueryCreator({
      executor: new CapturingExecutor(executor.getExecutor(), { ...rest, gather, isQuiet }),
    });
  }

  /** Adds a row and returns its generated `id` (0 for a table without one). Times, owner and editor are filled in by themselves. */
  async insert(values: Insertable<Tables[T]>): Promise<number> {
    const { executor, entity, gather } = this.#options;
    const row = this.#stamped(values);
    if (!gather) return this.#insertInto(executor, row);
    return gather(async (executor, trail) => {
      const id = await this.#insertInto(executor, row);
      trail.changed(entity, null, imageOfNew(entity, { ...row, ...(this.#makesIds && { id }) }));
      return id;
    });
  }

  /** Adds many rows in statements of a bounded size. */
  async insertMany(rows: readonly Insertable<Tables[T]>[]): Promise<void> {
    const { executor, entity, gather } = this.#options;
    if (rows.length === 0) return;
    if (!gather)
      return this.#insertAll(
        executor,
        rows.map((row) => this.#stamped(row)),
      );
    await gather(async (executor, trail) => {
      const stamped = rows.map((row) => this.#stamped(row));
      if (!this.#makesIds) await this.#insertAll(executor, stamped);
      // A record names its row, and no database tells the keys of many rows in their order.
      else for (const row of stamped) row['id'] = await this.#insertInto(executor, row);
      for (const row of stamped) trail.changed(entity, null, imageOfNew(entity, row));
    });
  }

  get #makesIds(): boolean {
    return this.#options.entity.columns['id']?.options.autoincrement === true;
  }

  async #insertInto(executor: Kysely<Tables>, row: Record<string, unknown>): Promise<number> {
    const { entity, dialect } = this.#options;
    const makesId = this.#makesIds;
    const { rows, insertId } = await insertRows(executor, { dialect, table: entity.table, rows: [row], makesId });
    return makesId ? Number(rows[0]?.id ?? insertId) : 0;
  }

  async #insertAll(executor: Kysely<Tables>, rows: readonly Record<string, unknown>[]): Promise<void> {
    const { entity, dialect } = this.#options;
    for (const some of groupsOf(rows, ROWS_PER_INSERT))
      await insertRows(executor, { dialect, table: entity.table, rows: some });
  }

  #stamped(values: Insertable<Tables[T]>): Record<string, unknown> {
    const { entity, now, userId } = this.#options;
    const row = this.#encoded(values);
    // Looked at once: a row that nobody has changed shows one moment for both.
    const at = now();
    if (entity.columns['created_at']) row['created_at'] ??= at;
    if (entity.columns['updated_at']) row['updated_at'] ??= at;
    if (entity.columns['created_by']) row['created_by'] ??= userId;
    if (entity.columns['updated_by']) row['updated_by'] ??= userId;
    return row;
  }

  #encoded(values: object): Record<string, unknown> {
    const row: Record<string, unknown> = { ...values };
    for (const [name, value] of Object.entries(row)) {
      if (this.#options.entity.columns[name]?.options.kind === 'json' && !isExpression(value))
        row[name] = value == null ? null : JSON.stringify(value);
    }
    return row;
  }
}
