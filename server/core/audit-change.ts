import type { AuditDeclaration, ColumnKind, Entity } from './entity.ts';

/** A row as it is compared: every value as JSON says it. */
export type Image = Readonly<Record<string, unknown>>;

/** How one field changed. Of a masked one there are no values; of a relation what was added to it and taken from it. */
export interface FieldChange {
  readonly field: string;
  readonly before?: unknown;
  readonly after?: unknown;
  readonly masked?: true;
  readonly added?: readonly unknown[];
  readonly removed?: readonly unknown[];
}

/** What a row is declared to keep of its own writes. */
export type RowAudit = Exclude<AuditDeclaration, { readonly none: string } | { readonly of: string }>;
/** What a row is declared to be that ties a value to another row. */
export type LinkAudit = Extract<AuditDeclaration, { readonly of: string }>;

/** Whether anything of the writes of a table is kept. */
export function isAudited({ audit }: Entity): boolean {
  return !('none' in audit);
}

/** The declaration of a table that holds a relation of another; null for any other. */
export function linkOf({ audit }: Entity): LinkAudit | null {
  return 'of' in audit ? audit : null;
}

/** What every row has and no person edits; who did what and when is said by the record itself. */
const BOOKKEEPING = new Set(['id', 'version', 'created_at', 'updated_at', 'created_by', 'updated_by']);

/** Whether a change of a column is kept. */
export function isKept({ audit }: Entity, column: string): boolean {
  if ('none' in audit || BOOKKEEPING.has(column)) return false;
  return !(audit.ignored ?? []).includes(column);
}

const keys = new WeakMap<Entity['columns'], readonly string[]>();

/** The names of the columns that make the key of a row. */
export function keyColumns({ columns }: Entity): readonly string[] {
  const known = keys.get(columns);
  if (known) return known;
  const found = Object.keys(columns).filter((name) => columns[name]?.options.primary);
  keys.set(columns, found);
  return found;
}

/** What a record calls a row. */
export function keyOf(entity: Entity, image: Image): string {
  return keyColumns(entity)
    .map((column) => String(image[column]))
    .join('/');
}

/** A value of a column as JSON says it, the same whatever the database and whether it was read or is about to be written. */
export function plainValue(kind: ColumnKind | undefined, value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (value instanceof Date) return value.toISOString();
  if (kind === 'datetime') return new Date(value as string).toISOString();
  if (kind === 'json') return typeof value === 'string' ? parsed(value) : value;
  return typeof value === 'bigint' ? Number(value) : value;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** A row as it is compared, of the columns that it has. */
export function imageOf({ columns }: Entity, row: Readonly<Record<string, unknown>>): Image {
  const image: Record<string, unknown> = {};
  for (const name in row) image[name] = plainValue(columns[name]?.options.kind, row[name]);
  return image;
}

/** A new row, with what the database fills in. */
export function imageOfNew(entity: Entity, row: Readonly<Record<string, unknown>>): Image {
  const filled = Object.entries(entity.columns).map(([name, { options }]) => [
    name,
    row[name] === undefined ? (options.default ?? null) : row[name],
  ]);
  return imageOf(entity, Object.fromEntries(filled));
}

/** The fields in which two states of a row differ; null for a row that is not there. */
export function differenceOf(entity: Entity, before: Image | null, after: Image | null): FieldChange[] {
  const { masked = [] } = entity.audit as RowAudit;
  return Object.keys(entity.columns).flatMap((field): FieldChange[] => {
    if (!isKept(entity, field)) return [];
    const [then, now] = [before?.[field] ?? null, after?.[field] ?? null];
    if (same(then, now)) return [];
    if (masked.includes(field)) return [{ field, masked: true }];
    return [{ field, ...(before && { before: then }), ...(after && { after: now }) }];
  });
}

const isObject = (value: unknown) => typeof value === 'object' && value !== null;
const same = (one: unknown, other: unknown) =>
  one === other || (isObject(one) && isObject(other) && canonical(one) === canonical(other));

/** JSON with the keys of objects in order: MySQL gives them back in an order of its own. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([one], [other]) => (one < other ? -1 : 1)))
      : inner,
  );
}
