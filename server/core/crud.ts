import { type SelectQueryBuilder, sql } from 'kysely';
import type { Context } from './context.ts';
import type { Tables } from './entity.ts';
import { DEFAULT_PAGE_SIZE, type Page } from './schema.ts';

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
 * Reads a page in two steps, ids first and then the rows by id: only this form stays fast for every size of scope on all three
 * databases, because the first step is answered by an index alone. `order_by` was checked against its allow list by the schema;
 * the key always comes last, so that pages never overlap.
 */
export async function readPage<Row extends { id: number }>(
  request: PageRequest,
  matching: SelectQueryBuilder<any, any, {}>,
  table: keyof Tables & string,
  readRows: (ids: readonly number[]) => Promise<Row[]>,
): Promise<Page<Row>> {
  const page = request.page ?? 1;
  const pageSize = request.page_size ?? DEFAULT_PAGE_SIZE;
  const { total } = await (matching as any).select(sql<number>`count(*)`.as('total')).executeTakeFirstOrThrow();
  const skipped = (page - 1) * pageSize;
  if (skipped >= total) return { items: [], total, page, page_size: pageSize };

  let ordered: any = matching.select(`${table}.id as id`);
  const keys = (request.order_by ?? '-id').split(',');
  for (const key of keys) {
    const descending = key.startsWith('-');
    ordered = ordered.orderBy(`${table}.${descending ? key.slice(1) : key}`, descending ? 'desc' : 'asc');
  }
  if (!keys.some((key) => key === 'id' || key === '-id')) ordered = ordered.orderBy(`${table}.id`, 'desc');
  const ids: number[] = (await ordered.limit(pageSize).offset(skipped).execute()).map((row: { id: number }) => row.id);
  if (ids.length === 0) return { items: [], total, page, page_size: pageSize };
  const byId = new Map((await readRows(ids)).map((row) => [row.id, row]));
  const items = ids.flatMap((id) => byId.get(id) ?? []);
  return { items, total, page, page_size: pageSize };
}
