import type { Condition } from './conditions.ts';
import type { Context } from './context.ts';
import type { PageRequest } from './crud.ts';
import type { Entity, TableName } from './entity.ts';
import { defineErrors } from './errors.ts';
import { orderOf } from './page.ts';
import { DEFAULT_PAGE_SIZE, type Page } from './schema.ts';

export const archiveErrors = defineErrors('archive', {
  off: [409, '未配置归档（MONGODB_URL）', 'There is no archive: MONGODB_URL is not set'],
  unavailable: [503, '归档暂不可用，请稍后重试', 'The archive does not answer right now; try again later'],
  scope_too_large: [
    422,
    '您的数据范围内用户过多：请按用户编号筛选',
    'Too many users are in your scope to look through the archive: choose one by user_id',
  ],
});

export type ArchivedRow = { readonly id: number } & Readonly<Record<string, unknown>>;

export interface ArchiveRead {
  readonly conditions: readonly Condition[];
  readonly columns: readonly string[];
  readonly order: readonly { readonly column: string; readonly direction: 'asc' | 'desc' }[];
  readonly skipped: number;
  readonly limit: number;
}

/** Where logs go when they are too old for the database. Every call rejects with `archive.unavailable` while it does not answer. */
export interface Archive {
  readonly isOn: boolean;
  /** Rows that this process has archived, by their table. */
  readonly stored: Readonly<Record<string, number>>;
  /** Keeps whole rows. It is done when most of its machines have them; a row that is there already is replaced. */
  store(entity: Entity, rows: readonly ArchivedRow[]): Promise<void>;
  count(entity: Entity, conditions: readonly Condition[]): Promise<number>;
  find(entity: Entity, read: ArchiveRead): Promise<ArchivedRow[]>;
  /** Rejects soon when it does not answer. */
  check(): Promise<void>;
  version(): Promise<string>;
  close(): Promise<void>;
}

const off = async () => {
  throw archiveErrors.off();
};

export const noArchive: Archive = {
  isOn: false,
  stored: {},
  store: off,
  count: off,
  find: off,
  check: off,
  version: off,
  close: async () => undefined,
};

/** How a task that archives is tried again: for some hours, then with its next firing. */
export const RETRY_WHILE_ARCHIVE_IS_AWAY = { attempts: 6, backoff: { baseMs: 60_000, mostMs: 3_600_000 } } as const;

/** Gives whole rows to the archive where there is one; only then may they be deleted. Throws `archive.unavailable`. */
export async function archiveRows(ctx: Context, table: TableName, rows: readonly ArchivedRow[]): Promise<void> {
  if (ctx.archive.isOn) await ctx.archive.store(entityOf(ctx, table), rows);
}

const DAY_MS = 86_400_000;
const ROWS_AT_ONCE = 1000;

/** How the rows of a log that are too old are found, the oldest first, and deleted. */
interface OldRows {
  listLogsBefore(ctx: Context, before: Date, limit: number): Promise<readonly ArchivedRow[]>;
  deleteLogs(ctx: Context, ids: readonly number[]): Promise<unknown>;
}

/**
 * Removes what is older than `days` from the table of a log, in pieces that hold nobody up, once the archive has it where there is one;
 * tells how many rows it was. Throws `archive.unavailable`: then the rest stays.
 */
export async function retireLogs(ctx: Context, table: TableName, days: number, log: OldRows): Promise<number> {
  const before = new Date(ctx.now().getTime() - days * DAY_MS);
  let removed = 0;
  for (;;) {
    const old = await log.listLogsBefore(ctx, before, ROWS_AT_ONCE);
    if (old.length === 0) return removed;
    await archiveRows(ctx, table, old);
    await log.deleteLogs(
      ctx,
      old.map(({ id }) => id),
    );
    removed += old.length;
    if (old.length < ROWS_AT_ONCE) return removed;
  }
}

function entityOf(ctx: Context, table: TableName): Entity {
  const entity = ctx.entity(table);
  if (!entity) throw new Error(`no entity declares the table ${table}`);
  return entity;
}

/** More users than that are not looked for at once. */
const MOST_IN_SCOPE = 20_000;

/**
 * A page of what was archived of a table, in the caller's scope, the newest first by default: with the columns that are named, and no
 * other. Throws `archive.off`, `archive.unavailable`, `archive.scope_too_large`.
 */
export async function readArchivedPage<Row>(
  ctx: Context,
  table: TableName,
  request: PageRequest,
  conditions: readonly Condition[],
  columns: readonly (keyof Row & string)[],
): Promise<Page<Row>> {
  if (!ctx.archive.isOn) throw archiveErrors.off();
  const entity = entityOf(ctx, table);
  const { page = 1, page_size = DEFAULT_PAGE_SIZE } = request;
  const all = [...conditions, ...(await scopeConditions(ctx, entity, conditions))];
  const total = await ctx.archive.count(entity, all);
  const skipped = (page - 1) * page_size;
  if (skipped >= total) return { items: [], total, page, page_size };
  const order = orderOf(request.order_by);
  const items = await ctx.archive.find(entity, { conditions: all, columns, order, skipped, limit: page_size });
  return { items: items as unknown as Row[], total, page, page_size };
}

/**
 * The rule of the table's data scope, as the database applies it: departments and users are those of now, looked up first. Throws for
 * a declaration that it does not know: what cannot be decided is closed.
 */
async function scopeConditions(ctx: Context, { table, scope }: Entity, conditions: readonly Condition[]) {
  const { scope: own } = ctx.actor;
  if (own.all) return [];
  if ('through' in scope) {
    const { column, table: through } = scope.through;
    const wanted = conditions.flatMap((one) => ('is' in one && one.column === column ? (one.is ?? []) : []));
    return [{ column, among: await idsInScope(ctx, through as TableName, wanted) }];
  }
  if ('none' in scope || (!scope.dept && !scope.owner))
    throw new Error(`nothing decides who may see the archive of ${table}`);
  const byDept = scope.dept ? [{ column: scope.dept, among: await idsInScope(ctx, 'depts' as TableName, []) }] : [];
  const byOwner = (scope.owner ?? []).map((column) => ({ column, is: own.userId }));
  return [{ some: [...byDept, ...byOwner] }];
}

async function idsInScope(ctx: Context, table: TableName, wanted: readonly unknown[]): Promise<number[]> {
  let rows = ctx
    .rows(table)
    .select()
    .select('id' as never)
    .limit(MOST_IN_SCOPE + 1);
  if (wanted.length > 0) rows = rows.where('id' as never, 'in', wanted as never);
  const ids = (await rows.execute()) as unknown as { id: number }[];
  if (ids.length > MOST_IN_SCOPE) throw archiveErrors.scope_too_large();
  return ids.map(({ id }) => id);
}
