import { readArchivedPage } from '#core/archive.ts';
import { momentOf, narrowed } from '#core/conditions.ts';
import type { Context } from '#core/context.ts';
import { readPage } from '#core/crud.ts';
import type { TableName } from '#core/entity.ts';
import type { Page } from '#core/schema.ts';
import { SHOWN_COLUMNS } from './audit.entity.ts';
import type { AuditLogQuery } from './audit.schema.ts';

export type AuditLogRow = Awaited<ReturnType<typeof listLogsById>>[number];

export function listLogsById(ctx: Context, ids: readonly number[]) {
  return ctx.rows('audit_logs').select().select(SHOWN_COLUMNS).where('id', 'in', ids).execute();
}

const conditionsOf = (query: AuditLogQuery) => [
  { column: 'entity', is: query.entity },
  { column: 'row_id', is: query.row_id },
  { column: 'action', is: query.action },
  { column: 'actor_id', is: query.actor_id },
  { columns: ['actor_name'], contains: query.actor_name },
  { column: 'request_id', is: query.request_id },
  { columns: ['row_label', 'actor_name'], contains: query.keyword },
  { column: 'created_at', from: momentOf(query.created_at_from), to: momentOf(query.created_at_to) },
];

export function listLogs(ctx: Context, query: AuditLogQuery): Promise<Page<AuditLogRow>> {
  const conditions = conditionsOf(query);
  if (query.archived) return readArchivedPage<AuditLogRow>(ctx, 'audit_logs', query, conditions, SHOWN_COLUMNS);
  const matching = ctx.rows('audit_logs').matching((rows) => narrowed(rows, 'audit_logs', conditions));
  return readPage(query, matching, 'audit_logs', (ids: readonly number[]) => listLogsById(ctx, ids));
}

/** What rows of a table are called, of those that the caller may see. */
export async function namesOf(ctx: Context, table: string, label: string, ids: readonly number[]) {
  const rows = await ctx
    .rows(table as TableName)
    .select()
    .select(['id', label] as never)
    .where('id' as never, 'in', ids as never)
    .execute();
  return (rows as unknown as Record<string, unknown>[]).map((row) => ({
    id: Number(row['id']),
    name: String(row[label] ?? ''),
  }));
}

/** The present values of a relation of one row, past the data scope: only whoever may edit the row puts them back. */
export async function listRelated(
  ctx: Context,
  table: string,
  by: string,
  rowId: number,
  column: string,
): Promise<unknown[]> {
  const rows = await ctx
    .unscoped(
      table as TableName,
      'a relation is put back as a whole, by the function that edits it and checks what may be given',
    )
    .select()
    .select(column as never)
    .where(by as never, '=', rowId as never)
    .execute();
  return (rows as unknown as Record<string, unknown>[]).map((row) => row[column]);
}
