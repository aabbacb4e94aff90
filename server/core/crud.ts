import { type ExpressionBuilder, type SelectQueryBuilder, sql } from 'kysely';
import type { Context } from './context.ts';
import type { Tables } from './entity.ts';
import { allIn, measureParts, readIds } from './page.ts';
import type { Matching } from './rows.ts';
import { DEFAULT_PAGE_SIZE, type Page } from './schema.ts';
import type { Json } from './task.ts';

export interface PageRequest {
  readonly page?: number;
  readonly page_size?: number;
  readonly order_by?: string;
}

/** Escapes the wildcards of LIKE, so that what a person types is found literally. Use with `escape '!'`. */
export function literally(part: string): string {
  return part.replace(/[!%_]/g, (wildcard) => `!${wildcard}`);
}

/** Whether any of the columns contains the text, whatever its case: the same on every database. */
export function contains(columns: readonly string[], part: string) {
  const pattern = `%${literally(part.toLowerCase())}%`;
  const conditions = columns.map((column) => sql<boolean>`lower(${sql.ref(column)}) like ${pattern} escape '!'`);
  return sql<boolean>`(${sql.join(conditions, sql` or `)})`;
}

/** Whether a column holds the text, whatever its case: the same on every database. Reads every row. */
export function sameWords(column: string, words: string) {
  return sql<boolean>`lower(${sql.ref(column)}) = ${words.toLowerCase()}`;
}

/**
 * How many rows lie in each interval between two neighbouring bounds, the lower one included: one statement, whatever their number.
 * An index on the column makes it read those rows alone.
 */
export async function countPerInterval(
  matching: SelectQueryBuilder<any, any, {}>,
  column: string,
  bounds: readonly Date[],
): Promise<number[]> {
  return (await countPerIntervalBy(matching, column, bounds)).get('') ?? bounds.slice(1).map(() => 0);
}

/** The same for each value of the column `by`; a value that no row has is not there. An index that holds both answers it alone. */
export async function countPerIntervalBy(
  matching: SelectQueryBuilder<any, any, {}>,
  column: string,
  bounds: readonly Date[],
  by?: string,
): Promise<Map<string, number[]>> {
  const [first, ...ends] = bounds;
  /** Halving finds the interval of a row by a handful of comparisons, where one after the other would take thirty. */
  const slot = (eb: any, from: number, to: number): any => {
    if (to - from === 1) return eb.lit(from);
    const middle = Math.floor((from + to) / 2);
    const left = slot(eb, from, middle);
    return eb
      .case()
      .when(column, '<', ends[middle - 1])
      .then(left)
      .else(slot(eb, middle, to))
      .end();
  };
  const rows: { slot: number; counted: number; value?: string }[] = await (
    matching as SelectQueryBuilder<any, any, any>
  )
    .where(column, '>=', first)
    .where(column, '<', ends.at(-1))
    .select((eb: any) => slot(eb, 0, ends.length).as('slot'))
    .select(sql<number>`count(*)`.as('counted'))
    .$if(by !== undefined, (query) => query.select(`${by} as value`).groupBy(by as string))
    .groupBy('slot')
    .execute();
  const counts = new Map<string, number[]>();
  for (const { slot, counted, value = '' } of rows) {
    const known = counts.get(value) ?? ends.map(() => 0);
    known[slot] = counted;
    counts.set(value, known);
  }
  return counts;
}

/** The value of a whole-number column plus one, for an update in the database itself. */
export function plusOne(column: string): number {
  return sql<number>`${sql.ref(column)} + 1` as unknown as number;
}

/** The value of a JSON column that is JSON text already. */
export function jsonText(text: string | null): Json {
  return sql`${text}` as unknown as Json;
}

/** Another value of a column for each row by its id, in one update; a row that is not named keeps its own, which also says the type. */
export function valueById<T extends number | string>(
  column: string,
  values: readonly (readonly [id: number, value: T])[],
): T {
  const whens = values.map(([id, value]) => sql`when ${id} then ${value}`);
  return sql`case ${sql.ref('id')} ${sql.join(whens, sql` `)} else ${sql.ref(column)} end` as unknown as T;
}

/**
 * The values of a column gathered into one text, `1,2,3`: a to-many relation within the statement of its row. Read it with `gatheredIds`.
 */
export function gathered(dialect: Context['dialect'], column: string) {
  return dialect === 'postgresql'
    ? sql<string | null>`string_agg(cast(${sql.ref(column)} as text), ',' order by ${sql.ref(column)})`
    : sql<string | null>`group_concat(${sql.ref(column)} order by ${sql.ref(column)})`;
}

/** The ids in a text made by `gathered`. */
export function gatheredIds(text: string | null): number[] {
  return text ? text.split(',').map(Number) : [];
}

/**
 * The name of a user whom a column of a row points to, within the statement of that row. Null where it points to nobody, or to
 * somebody outside the scope of the reader.
 */
export function nameOfUser<As extends string>(eb: ExpressionBuilder<any, any>, column: string, as: As) {
  const user = `user_of_${as}`;
  return eb
    .selectFrom(`users as ${user}`)
    .select(sql<string | null>`coalesce(${sql.ref(`${user}.name`)}, ${sql.ref(`${user}.username`)})`.as('label'))
    .whereRef(`${user}.id`, '=', column)
    .as(as);
}

/** Who edited a row last, by name: the column `updated_by_name` of its statement. */
export const editorOf = (eb: ExpressionBuilder<any, any>, table: string) =>
  nameOfUser(eb, `${table}.updated_by`, 'updated_by_name');

/**
 * Reads a page in two steps, ids first and then the rows by id, each part of what matches on its own (`Rows.matching`): only this form
 * stays fast for every size of scope on all three databases, because the first step is answered by indexes alone. `order_by` was
 * checked against its allow list by the schema; the key always comes last, so that pages never overlap. A plain select is enough for
 * `matching` where rows are seen by everybody, or few.
 */
export async function readPage<Row extends { id: Id }, Id extends number | string = number>(
  request: PageRequest,
  matching: Matching | SelectQueryBuilder<any, any, {}>,
  table: keyof Tables & string,
  readRows: (ids: readonly Id[]) => Promise<Row[]>,
): Promise<Page<Row>> {
  const page = request.page ?? 1;
  const pageSize = request.page_size ?? DEFAULT_PAGE_SIZE;
  const parts = 'parts' in matching ? matching : allIn(matching);
  const sizes = await measureParts(parts, table);
  const total = sizes.reduce((sum, { count }) => sum + count, 0);
  const skipped = (page - 1) * pageSize;
  if (skipped >= total) return { items: [], total, page, page_size: pageSize };
  const ids = await readIds<Id>(parts, sizes, table, { orderBy: request.order_by, skipped, pageSize });
  if (ids.length === 0) return { items: [], total, page, page_size: pageSize };
  const byId = new Map((await readRows(ids)).map((row) => [row.id, row]));
  const items = ids.flatMap((id) => byId.get(id) ?? []);
  return { items, total, page, page_size: pageSize };
}
