import { col, defineEntity, type TableOf } from '#core/entity.ts';
import type { Json } from '#core/task.ts';

/**
 * One call of a handler: queued, running, or done with. The firing of a job is a task too; `(job_id, scheduled_at)` is unique, which is
 * what makes it fire once whatever the number of instances. Whoever holds `lease_token` works on it until `lease_until`.
 */
export const taskEntity = defineEntity({
  table: 'tasks',
  columns: {
    id: col.id(),
    handler: col.text(100),
    args: col.json<Json>(),
    job_id: col.ref('jobs', 'set null').nullable(),
    /** What the job was called then: it may be renamed or removed. */
    job_name: col.text(100).nullable(),
    trigger: col.text(20).default('code'),
    scheduled_at: col.datetime().nullable(),
    state: col.text(20).default('queued'),
    /** Lower ones first. */
    priority: col.integer().default(0),
    /** Tasks with the same key run one after the other. */
    key: col.text(150).nullable(),
    attempt: col.integer().default(0),
    max_attempts: col.integer().default(1),
    available_at: col.datetime(),
    lease_token: col.text(36).nullable(),
    lease_until: col.datetime().nullable(),
    instance: col.text(100).nullable(),
    cancel_requested: col.boolean().default(false),
    progress_done: col.integer().nullable(),
    progress_total: col.integer().nullable(),
    progress_note: col.text(255).nullable(),
    result: col.json<Json>().nullable(),
    error: col.text(1000).nullable(),
    error_stack: col.longtext().nullable(),
    /** The file that the run has left: all of them null where there is none. `file_token` names its parts. */
    file_name: col.text(255).nullable(),
    file_type: col.text(100).nullable(),
    file_bytes: col.integer().nullable(),
    file_token: col.text(36).nullable(),
    started_at: col.datetime().nullable(),
    finished_at: col.datetime().nullable().index(),
    duration_ms: col.integer().nullable(),
    request_id: col.text(64).nullable(),
    /** The trace that it goes on with (W3C Trace Context). */
    traceparent: col.text(55).nullable(),
    created_by: col.ref('users', 'set null').nullable(),
    created_at: col.stamp().index(),
    updated_at: col.stamp(),
  },
  uniques: [['job_id', 'scheduled_at']],
  // A task changes its state twice, so only one index begins with it; few are running, and they are looked through.
  indexes: [
    ['state', 'priority', 'available_at', 'id'],
    ['job_id', 'id'],
    ['handler', 'id'],
  ],
  scope: { owner: ['created_by'] },
  audit: { none: 'a task is the record of its own run; who calls, cancels or repeats one is kept as a call' },
});

/** What a handler has written of its run. */
export const taskLogEntity = defineEntity({
  table: 'task_logs',
  columns: {
    id: col.id(),
    task_id: col.ref('tasks', 'cascade'),
    attempt: col.integer(),
    level: col.text(10),
    message: col.text(2000),
    created_at: col.stamp(),
  },
  scope: { through: { column: 'task_id', table: 'tasks' } },
  audit: { none: 'a log itself' },
});

/**
 * A part of a file that a run leaves, written while it goes on under the token of its lease. Only the end of the run that is the task's
 * own names the token in the task; parts under any other one are seen by nobody, and pruned.
 */
export const taskFilePartEntity = defineEntity({
  table: 'task_file_parts',
  columns: {
    task_id: col.ref('tasks', 'cascade').primary(),
    token: col.text(36).primary(),
    part: col.integer().primary(),
    content: col.bytes(),
  },
  scope: { through: { column: 'task_id', table: 'tasks' } },
  audit: { none: 'what a run has made; who fetches it is kept as an export' },
});

/** One row for each handler: whoever changes it decides alone which of its tasks may run now. */
export const taskLockEntity = defineEntity({
  table: 'task_locks',
  columns: { handler: col.text(100).primary(), locked_at: col.datetime() },
  scope: { none: 'holds no data, only its lock' },
  audit: { none: 'holds no data, only its lock' },
});

declare module '#core/entity.ts' {
  interface Tables {
    tasks: TableOf<typeof taskEntity>;
    task_logs: TableOf<typeof taskLogEntity>;
    task_file_parts: TableOf<typeof taskFilePartEntity>;
    task_locks: TableOf<typeof taskLockEntity>;
  }
}
