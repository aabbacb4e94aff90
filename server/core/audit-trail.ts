import type { Kysely } from 'kysely';
import {
  differenceOf,
  type FieldChange,
  type Image,
  imageOf,
  isAudited,
  keyOf,
  linkOf,
  type RowAudit,
} from './audit-change.ts';
import type { Caller } from './caller.ts';
import type { Entity, TableName, Tables } from './entity.ts';
import { groupsOf, KEYS_PER_STATEMENT, ROWS_PER_INSERT } from './groups.ts';
import { type Insert, insertRows } from './inserts.ts';

/** The table that records are written to; `modules/audit` declares it. */
export const AUDIT_TABLE = 'audit_logs';

export const AUDIT_ACTIONS = ['create', 'update', 'relate', 'delete', 'restore', 'call', 'export', 'refused'] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** Something to be kept that is no change of a row: what was called, exported or refused. */
export interface AuditNote {
  readonly action: Extract<AuditAction, 'call' | 'export' | 'refused'>;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Whose data scope a record is in: the department of the row then, and the users who owned it. */
interface Place {
  readonly label: string | null;
  readonly deptId: number | null;
  readonly owners: readonly (number | null)[];
}

interface RowChange {
  readonly entity: Entity;
  before: Image | null;
  after: Image | null;
}

/** How often each value of a relation was added, less how often it was taken away. */
type Relation = Map<string, { readonly value: unknown; net: number }>;

const NOWHERE: Place = { label: null, deptId: null, owners: [] };
const written = new WeakMap<Caller, number>();

/** How many records a request (or a job, or a script) has left so far. */
export const recordsLeftBy = (caller: Caller): number => written.get(caller) ?? 0;

/**
 * What one transaction changes, gathered row by row and written as records at its end: a row that is changed twice leaves one record,
 * and one that ends as it began leaves none.
 */
export class AuditTrail {
  readonly #entities: ReadonlyMap<string, Entity>;
  readonly #dialect: Insert['dialect'];
  readonly #rows = new Map<string, RowChange>();
  readonly #relations = new Map<string, { table: string; id: string; byName: Map<string, Relation> }>();
  readonly #notes: AuditNote[] = [];
  /** The record whose former values are being put back. */
  restores: number | null = null;

  constructor(entities: ReadonlyMap<string, Entity>, dialect: Insert['dialect']) {
    this.#entities = entities;
    this.#dialect = dialect;
  }

  /** A row went from one state to another; null where it is not there. */
  changed(entity: Entity, before: Image | null, after: Image | null): void {
    const link = linkOf(entity);
    if (link) {
      if (before) this.#relate(link.of, before[link.by], link.as, before[link.value], -1);
      if (after) this.#relate(link.of, after[link.by], link.as, after[link.value], 1);
      return;
    }
    const key = `${entity.table} ${keyOf(entity, (after ?? before) as Image)}`;
    const known = this.#rows.get(key);
    if (known) known.after = after;
    else this.#rows.set(key, { entity, before, after });
  }

  note(note: AuditNote): void {
    this.#notes.push(note);
  }

  #relate(table: string, id: unknown, name: string, value: unknown, step: 1 | -1): void {
    const key = `${table} ${id}`;
    const owner = this.#relations.get(key) ?? { table, id: String(id), byName: new Map<string, Relation>() };
    this.#relations.set(key, owner);
    const relation = owner.byName.get(name) ?? new Map();
    owner.byName.set(name, relation);
    const known = relation.get(String(value));
    if (known) known.net += step;
    else relation.set(String(value), { value, net: step });
  }

  /** Writes the records, in the transaction that made the changes. */
  async write(executor: Kysely<Tables>, caller: Caller, at: Date): Promise<void> {
    const changes = this.#changes();
    const places = await this.#places(executor, changes);
    const who = whoIs(caller);
    const base = { ...who, created_at: at };
    const records = changes.map(({ entity, id, before, after, fields }) => {
      const { label, deptId, owners } = places.get(`${entity.table} ${id}`) ?? NOWHERE;
      return {
        ...base,
        action: this.restores === null ? actionOf(before, after, fields) : 'restore',
        entity: entity.table,
        row_id: id.slice(0, 64),
        row_label: label?.slice(0, 255) ?? null,
        changes: JSON.stringify(fields),
        detail: this.restores === null ? null : JSON.stringify({ restored_from: this.restores }),
        dept_id: deptId,
        owner_id: owners[0] ?? null,
        subject_id: owners[1] ?? null,
      };
    });
    const notes = this.#notes.map(({ action, detail }) => ({
      ...base,
      action,
      entity: null,
      row_id: null,
      row_label: null,
      changes: null,
      detail: JSON.stringify(detail),
      // What somebody tried belongs to where they belong.
      dept_id: caller.actor?.deptId ?? null,
      owner_id: null,
      subject_id: null,
    }));
    const all = [...records, ...notes];
    for (const rows of groupsOf(all, ROWS_PER_INSERT))
      await insertRows(executor.withoutPlugins(), { dialect: this.#dialect, table: AUDIT_TABLE, rows });
    if (all.length > 0) written.set(caller, recordsLeftBy(caller) + all.length);
  }

  #changes() {
    const found = new Map<
      string,
      { entity: Entity; id: string; before: Image | null; after: Image | null; fields: FieldChange[] }
    >();
    for (const [key, { entity, before, after }] of this.#rows) {
      const fields = before || after ? differenceOf(entity, before, after) : [];
      const isThere = (before === null) !== (after === null);
      if (fields.length === 0 && !isThere) continue;
      found.set(key, { entity, id: keyOf(entity, (after ?? before) as Image), before, after, fields });
    }
    for (const [key, { table, id, byName }] of this.#relations) {
      const fields = [...byName].flatMap(([name, relation]) => this.#relationChange(table, name, relation) ?? []);
      if (fields.length === 0) continue;
      const known = found.get(key);
      const row = this.#rows.get(key);
      if (known) known.fields.push(...fields);
      else
        found.set(key, {
          entity: this.#entity(table),
          id,
          before: row?.before ?? {},
          after: row?.after ?? {},
          fields,
        });
    }
    return [...found.values()];
  }

  #relationChange(table: string, name: string, relation: Relation): FieldChange | null {
    const moved = [...relation.values()];
    const added = moved.filter(({ net }) => net > 0).map(({ value }) => value);
    const removed = moved.filter(({ net }) => net < 0).map(({ value }) => value);
    if (added.length + removed.length === 0) return null;
    const isMasked = [...this.#entities.values()].some((entity) => {
      const link = linkOf(entity);
      return link?.of === table && link.as === name && link.masked;
    });
    return isMasked ? { field: name, masked: true } : { field: name, added, removed };
  }

  /** Where the changed rows belong and what they are called, with one select for each table that has to be asked. */
  async #places(
    executor: Kysely<Tables>,
    changes: readonly { entity: Entity; id: string; before: Image | null; after: Image | null }[],
  ): Promise<Map<string, Place>> {
    const places = new Map<string, Place>();
    const images = new Map<string, Image>();
    const missing = new Map<string, Set<string>>();
    const ask = (table: string, id: string) => {
      const key = `${table} ${id}`;
      const row = this.#rows.get(key);
      if (row) images.set(key, (row.after ?? row.before) as Image);
      else missing.set(table, (missing.get(table) ?? new Set()).add(id));
    };
    for (const { entity, id } of changes) ask(entity.table, id);
    const parents = changes.flatMap(({ entity, id }) => {
      const { scope } = entity;
      const row = this.#rows.get(`${entity.table} ${id}`);
      return 'through' in scope && row
        ? [{ table: scope.through.table, id: String((row.after ?? row.before)?.[scope.through.column]) }]
        : [];
    });
    for (const { table, id } of parents) ask(table, id);
    for (const [table, ids] of missing) {
      for (const image of await readRows(executor, this.#entity(table), [...ids].map(Number)))
        images.set(`${table} ${image['id']}`, image);
    }
    for (const { entity, id } of changes) {
      const key = `${entity.table} ${id}`;
      places.set(key, this.#place(entity, images.get(key) ?? {}, images));
    }
    return places;
  }

  #place(entity: Entity, image: Image, images: ReadonlyMap<string, Image>): Place {
    const { scope } = entity;
    const { label: labelColumn } = entity.audit as RowAudit;
    const label = labelColumn === undefined ? null : ((image[labelColumn] as string | null) ?? null);
    if ('through' in scope) {
      const { table, column } = scope.through;
      const parent = this.#place(this.#entity(table), images.get(`${table} ${image[column]}`) ?? {}, images);
      const name = label === null ? parent.label : parent.label === null ? label : `${parent.label} / ${label}`;
      return { ...parent, label: name };
    }
    if ('none' in scope) return { ...NOWHERE, label };
    const numberIn = (column: string | undefined) =>
      (column === undefined ? null : (image[column] as number | null)) ?? null;
    return { label, deptId: numberIn(scope.dept), owners: (scope.owner ?? []).map(numberIn) };
  }

  #entity(table: string): Entity {
    const entity = this.#entities.get(table);
    if (!entity || !isAudited(entity)) throw new Error(`the writes of ${table} are not kept`);
    return entity;
  }
}

function actionOf(before: Image | null, after: Image | null, fields: readonly FieldChange[]): AuditAction {
  if (before === null) return 'create';
  if (after === null) return 'delete';
  return fields.every(({ added, removed }) => added || removed) ? 'relate' : 'update';
}

async function readRows(executor: Kysely<Tables>, entity: Entity, ids: readonly number[]): Promise<Image[]> {
  const images: Image[] = [];
  for (const some of groupsOf(ids, KEYS_PER_STATEMENT)) {
    const rows = await executor
      .withoutPlugins()
      .selectFrom(entity.table as TableName)
      .select(Object.keys(entity.columns) as never)
      .where('id' as never, 'in', some as never)
      .execute();
    images.push(...rows.map((row) => imageOf(entity, row)));
  }
  return images;
}

function whoIs(caller: Caller) {
  const { actor, apiKey, viewer, task } = caller;
  return {
    actor_id: actor?.userId ?? null,
    actor_name: actor?.username ?? null,
    session_id: caller.sessionId,
    api_key_id: apiKey?.id ?? null,
    api_key_name: apiKey?.name ?? null,
    viewer_id: viewer?.userId ?? null,
    viewer_name: viewer?.username ?? null,
    task_id: task?.id ?? null,
    task_name: task?.name.slice(0, 150) ?? null,
    address: caller.address,
    request_id: caller.requestId,
    trace_id: caller.traceId,
  };
}
