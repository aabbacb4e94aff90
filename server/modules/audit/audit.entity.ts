import type { Selectable } from 'kysely';
import { col, defineEntity, type TableOf } from '#core/entity.ts';

/**
 * Who did what: one row for each row that a transaction changed, and one for what was called, exported or refused. No foreign keys: it
 * stays when everything it speaks of is gone. `changes` and `detail` are JSON as text, byte by byte as it was hashed. `sequence` and `hash`
 * are given afterwards, by the seal. A row is in the scope of its department and owners at that time, and of whoever did it.
 */
export const auditLogEntity = defineEntity({
  table: 'audit_logs',
  columns: {
    id: col.id(),
    created_at: col.datetime(),
    action: col.text(20),
    entity: col.text(64).nullable(),
    row_id: col.text(64).nullable(),
    row_label: col.text(255).nullable(),
    changes: col.longtext().nullable(),
    detail: col.longtext().nullable(),
    actor_id: col.idOf().nullable(),
    actor_name: col.text(50).nullable(),
    session_id: col.text(36).nullable(),
    api_key_id: col.idOf().nullable(),
    api_key_name: col.text(100).nullable(),
    viewer_id: col.idOf().nullable(),
    viewer_name: col.text(50).nullable(),
    task_id: col.idOf().nullable(),
    task_name: col.text(150).nullable(),
    address: col.text(64).nullable(),
    request_id: col.text(64),
    trace_id: col.text(32).nullable(),
    dept_id: col.idOf().nullable(),
    owner_id: col.idOf().nullable(),
    subject_id: col.idOf().nullable(),
    sequence: col.integer().nullable().unique(),
    hash: col.text(64).nullable(),
  },
  indexes: [
    ['created_at', 'id'],
    ['entity', 'row_id', 'id'],
    ['action', 'id'],
    ['actor_id', 'id'],
    ['dept_id', 'id'],
    ['owner_id', 'id'],
    ['subject_id', 'id'],
  ],
  scope: { dept: 'dept_id', owner: ['actor_id', 'owner_id', 'subject_id'] },
  audit: { none: 'the record itself' },
});

/** A record with everything that it says. */
export type ChainRow = Selectable<TableOf<typeof auditLogEntity>>;

const SAID = [
  'id',
  'created_at',
  'action',
  'entity',
  'row_id',
  'row_label',
  'changes',
  'detail',
  'actor_id',
  'actor_name',
  'session_id',
  'api_key_id',
  'api_key_name',
  'viewer_id',
  'viewer_name',
  'task_id',
  'task_name',
  'address',
  'request_id',
  'trace_id',
] as const satisfies readonly (keyof ChainRow)[];

/** What readers are shown of a record. */
export const SHOWN_COLUMNS = [...SAID, 'sequence'] as const;

/**
 * What is hashed of a record: everything but what the seal itself gives it, since what is not in here could be changed unseen. In an order
 * that never changes, or no chain that was sealed before holds any more.
 */
export const HASHED_COLUMNS = [...SAID, 'dept_id', 'owner_id', 'subject_id'] as const;

/** Signed places in the chain: how far it reached then (`seal`), or up to where the oldest rows were removed (`cut`). */
export const auditCheckpointEntity = defineEntity({
  table: 'audit_checkpoints',
  columns: {
    sequence: col.integer().primary(),
    kind: col.text(10),
    hash: col.text(64),
    created_at: col.datetime(),
    signature: col.text(200),
  },
  scope: { none: 'numbers and signatures of the chain' },
  audit: { none: 'part of the record' },
});

/** The end of the chain, signed. Whoever lengthens or shortens it holds this row. */
export const auditHeadEntity = defineEntity({
  table: 'audit_heads',
  columns: {
    name: col.text(20).primary(),
    sequence: col.integer(),
    hash: col.text(64),
    sealed_at: col.datetime(),
    signature: col.text(200),
  },
  scope: { none: 'numbers and signatures of the chain' },
  audit: { none: 'part of the record' },
});

declare module '#core/entity.ts' {
  interface Tables {
    audit_logs: TableOf<typeof auditLogEntity>;
    audit_checkpoints: TableOf<typeof auditCheckpointEntity>;
    audit_heads: TableOf<typeof auditHeadEntity>;
  }
}
