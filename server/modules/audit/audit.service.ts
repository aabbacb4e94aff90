import type { FieldChange, LinkAudit, RowAudit } from '#core/audit-change.ts';
import { isAudited, linkOf } from '#core/audit-change.ts';
import type { AuditAction } from '#core/audit-trail.ts';
import type { Context } from '#core/context.ts';
import type { Entity } from '#core/entity.ts';
import { accessErrors } from '#core/errors.ts';
import type { Page } from '#core/schema.ts';
import * as crud from './audit.crud.ts';
import { auditErrors } from './audit.errors.ts';
import type { AuditChange, AuditLogOut, AuditLogQuery, AuditRestore } from './audit.schema.ts';

/** What a change can be put back of; a deleted row is gone, and a new one has no former values. */
const RESTORABLE: readonly string[] = ['update', 'relate', 'restore'];

/** The names of rows that ids among the values point to: by table, then by id. */
type Names = ReadonlyMap<string, ReadonlyMap<string, string>>;

/**
 * The records of the caller's scope: of rows that were in it then, and of what the caller did. Of archived ones nothing is put back.
 * Throws what `readArchivedPage` throws.
 */
export async function listAuditLogs(ctx: Context, query: AuditLogQuery): Promise<Page<AuditLogOut>> {
  const page = await crud.listLogs(ctx, query);
  const items = await toLogsOut(ctx, page.items);
  return { ...page, items: query.archived ? items.map(withoutRestore) : items };
}

const withoutRestore = (log: AuditLogOut): AuditLogOut => ({
  ...log,
  changes: log.changes.map((change) => ({ ...change, may_restore: false })),
});

/** Throws `audit.not_found`, also for a record outside the caller's scope. */
export async function getAuditLog(ctx: Context, logId: number): Promise<AuditLogOut> {
  const [log] = await toLogsOut(ctx, [await getRow(ctx, logId)]);
  return log as AuditLogOut;
}

async function getRow(ctx: Context, logId: number): Promise<crud.AuditLogRow> {
  const [row] = await crud.listLogsById(ctx, [logId]);
  if (!row) throw auditErrors.not_found();
  return row;
}

/** The kinds of rows whose writes are kept. */
export function listAuditEntities(ctx: Context): string[] {
  return ctx.tables().filter((table) => {
    const entity = ctx.entity(table);
    return entity !== undefined && isAudited(entity) && !linkOf(entity);
  });
}

/**
 * Puts former values of a row back, by the functions that edit them: with the caller's rights, in the caller's scope, under the grant
 * ceiling. Throws `audit.not_found`, `audit.not_restorable`, `audit.field_not_restorable`, `access.forbidden`, and what the edit throws.
 */
export function restore(ctx: Context, logId: number, { fields, version }: AuditRestore): Promise<AuditLogOut> {
  return ctx.inTransaction(async (ctx) => {
    const row = await getRow(ctx, logId);
    const restorers = row.entity === null ? [] : (ctx.restorers.get(row.entity) ?? []);
    const changes = changesOf(row).filter((change) => !change.masked);
    const wanted =
      fields ??
      changes.map(({ field }) => field).filter((field) => restorers.some((one) => one.fields.includes(field)));
    if (!RESTORABLE.includes(row.action) || wanted.length === 0) throw auditErrors.not_restorable();
    const rowId = Number(row.row_id);
    const values = new Map<string, unknown>();
    for (const [index, field] of wanted.entries()) {
      const change = changes.find((one) => one.field === field);
      if (!change) throw auditErrors.field_not_restorable().on(`fields.${index}`);
      values.set(field, await formerValue(ctx, row.entity as string, rowId, change));
    }
    ctx.restores(row.id);
    let expected = version;
    for (const restorer of restorers) {
      const own = wanted.filter((field) => restorer.fields.includes(field) && values.has(field));
      if (own.length === 0) continue;
      if (!ctx.actor.permissions.holds(restorer.permission))
        throw accessErrors.forbidden({ permission: restorer.permission });
      await restorer.run(ctx, rowId, Object.fromEntries(own.map((field) => [field, values.get(field)])), expected);
      // The first edit has compared it; each one raises it.
      expected = undefined;
      for (const field of own) values.delete(field);
    }
    const [left] = values.keys();
    if (left !== undefined) throw auditErrors.field_not_restorable().on(`fields.${wanted.indexOf(left)}`);
    return getAuditLog(ctx, logId);
  });
}

/** A relation is edited as a whole: as it is now, without what the record added and with what it removed. */
async function formerValue(ctx: Context, table: string, rowId: number, change: FieldChange): Promise<unknown> {
  const relation = relationOf(ctx, table, change.field);
  if (!relation) return change.before ?? null;
  const now = await crud.listRelated(ctx, relation.table, relation.audit.by, rowId, relation.audit.value);
  const { added = [], removed = [] } = change;
  return [...new Set([...now.filter((value) => !added.includes(value)), ...removed])];
}

function relationOf(ctx: Context, table: string, field: string): (Entity & { audit: LinkAudit }) | undefined {
  return ctx
    .tables()
    .map((name) => ctx.entity(name) as Entity)
    .find((entity): entity is Entity & { audit: LinkAudit } => {
      const link = linkOf(entity);
      return link?.of === table && link.as === field;
    });
}

const changesOf = (row: crud.AuditLogRow): FieldChange[] => (row.changes === null ? [] : JSON.parse(row.changes));

async function toLogsOut(ctx: Context, rows: readonly crud.AuditLogRow[]): Promise<AuditLogOut[]> {
  const changes = new Map(rows.map((row) => [row.id, changesOf(row)]));
  const names = await readNames(ctx, rows, changes);
  return rows.map((row) => ({
    ...row,
    action: row.action as AuditAction,
    created_at: row.created_at.toISOString(),
    detail: row.detail === null ? null : JSON.parse(row.detail),
    changes: (changes.get(row.id) ?? []).map((change) => toChangeOut(ctx, row, change, names)),
  }));
}

function toChangeOut(ctx: Context, row: crud.AuditLogRow, change: FieldChange, names: Names): AuditChange {
  const { field, masked, added, removed } = change;
  const restorer =
    row.entity === null ? undefined : ctx.restorers.get(row.entity)?.find((one) => one.fields.includes(field));
  const known = row.entity === null ? undefined : names.get(referenceOf(ctx, row.entity, field)?.table ?? '');
  return {
    field,
    kind: masked ? 'masked' : added ? 'relation' : 'value',
    before: change.before ?? null,
    after: change.after ?? null,
    added: [...(added ?? [])],
    removed: [...(removed ?? [])],
    names: known
      ? idsIn(change).flatMap((id) => {
          const name = known.get(String(id));
          return name === undefined ? [] : [{ value: String(id), name }];
        })
      : [],
    may_restore:
      !masked &&
      RESTORABLE.includes(row.action) &&
      restorer !== undefined &&
      ctx.actor.permissions.holds(restorer.permission),
  };
}

/** The table whose rows a field points to, with the column that names them. */
function referenceOf(ctx: Context, table: string, field: string): { table: string; label: string } | null {
  const relation = relationOf(ctx, table, field);
  const { references } =
    (relation ? relation.columns[relation.audit.value] : ctx.entity(table)?.columns[field])?.options ?? {};
  const label = references && (ctx.entity(references.table)?.audit as RowAudit | undefined)?.label;
  return references && label ? { table: references.table, label } : null;
}

const idsIn = ({ before, after, added = [], removed = [] }: FieldChange): number[] => [
  ...new Set([before, after, ...added, ...removed].filter((value): value is number => typeof value === 'number')),
];

/** One select for each table that the values point to, in the scope of the caller. */
async function readNames(
  ctx: Context,
  rows: readonly crud.AuditLogRow[],
  changes: ReadonlyMap<number, readonly FieldChange[]>,
): Promise<Names> {
  const wanted = new Map<string, { label: string; ids: Set<number> }>();
  for (const { id, entity } of rows) {
    for (const change of entity === null ? [] : (changes.get(id) ?? [])) {
      const reference = referenceOf(ctx, entity as string, change.field);
      if (!reference) continue;
      const known = wanted.get(reference.table) ?? { label: reference.label, ids: new Set() };
      wanted.set(reference.table, known);
      for (const value of idsIn(change)) known.ids.add(value);
    }
  }
  const names = new Map<string, ReadonlyMap<string, string>>();
  for (const [table, { label, ids }] of wanted) {
    const some = [...ids].slice(0, MOST_NAMES);
    const found = some.length > 0 ? await crud.namesOf(ctx, table, label, some) : [];
    names.set(table, new Map(found.map(({ id, name }) => [String(id), name])));
  }
  return names;
}

/** More ids than that in one page stay without their names. */
const MOST_NAMES = 1000;
