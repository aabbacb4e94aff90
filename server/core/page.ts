import { type SelectQueryBuilder, sql } from 'kysely';
import type { Matching } from './rows.ts';

/** Up to this many rows of a large scope the newest are looked for by themselves; beyond it all are gathered and sorted. */
const NEWEST_AT_MOST = 200;
/** How many of the ids below the newest one of the scope are looked through first: most often they hold the page. */
const WINDOW = 2000;
/** Below this they are gathered at once. */
const FEW = 2000;
/** More rows than that are read in the order asked for, as far as the page lies, where the database has an index for it. */
const GATHERED_AT_MOST = 20_000;
/** Keeps a database from taking a select apart: what is inside is found first, and only then sorted. */
const NO_LIMIT = 2_147_483_647;

/** A plain select as the one part of what matches. */
export function allIn(rows: SelectQueryBuilder<any, any, {}>): Matching {
  return {
    parts: [{ rows, isIndexed: false }],
    over: () => {
      throw new Error('a single select is read as it is');
    },
  };
}

/** How large a part is, and the id of its newest row where only the scope chooses the rows. */
export interface PartSize {
  readonly count: number;
  readonly newestId: number | null;
}

/** The sizes of all parts, in one statement. */
export async function measureParts({ parts, over }: Matching, table: string): Promise<PartSize[]> {
  const measured = parts.map(({ rows, newest }, part) =>
    rows.select([
      sql<number>`count(*)`.as('total'),
      (newest ? sql<number>`max(${sql.ref(`${table}.id`)})` : sql.lit(0)).as('newest'),
      sql.lit(part).as('part'),
    ]),
  );
  const [first, ...others] = measured.map((select) => (measured.length > 1 ? over(select).selectAll() : select));
  if (!first) return [];
  const found: { total: number; newest: number | null; part: number }[] = await others
    .reduce((all, one) => all.unionAll(one), first)
    .execute();
  const sizes = parts.map((): PartSize => ({ count: 0, newestId: null }));
  for (const { total, newest, part } of found)
    sizes[part] = { count: total, newestId: parts[part]?.newest ? newest : null };
  return sizes;
}

interface Order {
  readonly column: string;
  readonly direction: 'asc' | 'desc';
}

/** The order that a request asks for, checked by its schema; the newest first by default. The key always comes last. */
export function orderOf(orderBy = '-id'): Order[] {
  const order = orderBy
    .split(',')
    .map(
      (key): Order =>
        key.startsWith('-') ? { column: key.slice(1), direction: 'desc' } : { column: key, direction: 'asc' },
    );
  if (order.some(({ column }) => column === 'id')) return order;
  // The key follows in the direction of the last column, as it does in that column's index.
  return [...order, { column: 'id', direction: order.at(-1)?.direction ?? 'desc' }];
}

/** Which page is read, in which order. */
interface Slice {
  readonly orderBy: string | undefined;
  readonly skipped: number;
  readonly pageSize: number;
}

/**
 * The ids of one page of what matches, in its order: in one statement, or in two where the newest of a large scope lie far apart. A large
 * scope is not gathered for its newest rows: they are looked for among the ids right below the newest one, and only where these are too
 * few department by department.
 */
export async function readIds<Id extends number | string>(
  { parts, over }: Matching,
  sizes: readonly PartSize[],
  table: string,
  slice: Slice,
): Promise<Id[]> {
  const order = orderOf(slice.orderBy);
  const wanted = slice.skipped + slice.pageSize;
  const byId = order[0]?.column === 'id';
  const looksForNewest = byId && order[0]?.direction === 'desc' && wanted <= NEWEST_AT_MOST;
  const sized = parts.flatMap((part, place) => {
    const { count, newestId } = sizes[place] ?? { count: 0, newestId: null };
    const gathers = part.isIndexed && (byId || count <= GATHERED_AT_MOST);
    return count === 0 ? [] : [{ ...part, gathers, newestId: looksForNewest && count > FEW ? newestId : null }];
  });
  const read = (selects: readonly PageSelect[]) => readInOrder<Id>(selects, over, table, order, slice);
  const newestId = sized.find((part) => part.newestId !== null)?.newestId ?? null;
  if (newestId === null) return read(sized);
  const floor = newestId - WINDOW;
  const id = sql.ref<number>(`${table}.id`);
  const near = sized.map((part) =>
    part.newestId === null ? part : { rows: part.rows.where(id, '>', floor).where(id, '<=', newestId), gathers: false },
  );
  const ids = await read(near);
  // Above the floor nothing was left out.
  if (ids.length === slice.pageSize && Number(ids.at(-1)) > floor) return ids;
  return read(
    sized.map((part) => (part.newestId === null ? part : { ...part, rows: part.newest?.(wanted) ?? part.rows })),
  );
}

interface PageSelect {
  readonly rows: SelectQueryBuilder<any, any, any>;
  /** All of them are found by an index before they are sorted. */
  readonly gathers: boolean;
}

async function readInOrder<Id>(
  selects: readonly PageSelect[],
  over: Matching['over'],
  table: string,
  order: readonly Order[],
  { skipped, pageSize }: Slice,
): Promise<Id[]> {
  const [only, ...more] = selects;
  if (!only) return [];
  const sorted = (select: any, prefix = '') =>
    order.reduce((all, { column, direction }) => all.orderBy(`${prefix}${column}`, direction), select);
  let page: any;
  if (more.length === 0 && !only.gathers) page = sorted(only.rows.select(`${table}.id as id`), `${table}.`);
  else {
    const columns = [...new Set(order.map(({ column }) => column))].map((column) => `${table}.${column} as ${column}`);
    const [first, ...others] = selects.map(({ rows, gathers }) => {
      if (more.length === 0) return over(rows.select(columns).limit(NO_LIMIT)).selectAll();
      const part = gathers
        ? sorted(over(rows.select(columns).limit(NO_LIMIT)).selectAll())
        : sorted(rows.select(columns), `${table}.`);
      return over(part.limit(skipped + pageSize)).selectAll();
    });
    page = sorted(others.reduce((union, one) => union.unionAll(one), first as any));
  }
  const rows: { id: Id }[] = await page.limit(pageSize).offset(skipped).execute();
  return rows.map(({ id }) => id);
}
