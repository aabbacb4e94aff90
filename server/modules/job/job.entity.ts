import { col, defineEntity, type TableOf } from '#core/entity.ts';
import type { Json } from '#core/task.ts';

/** When a handler is to run. `next_run_at` is null while nothing more is to come; whoever moves it forward fires the job. */
export const jobEntity = defineEntity({
  table: 'jobs',
  columns: {
    id: col.id(),
    /** Of the jobs that the program brings along. */
    code: col.text(100).nullable().unique(),
    name: col.text(100).unique(),
    handler: col.text(100),
    args: col.json<Json>(),
    trigger_type: col.text(20),
    expression: col.text(100).nullable(),
    timezone: col.text(64).nullable(),
    seconds: col.integer().nullable(),
    at: col.datetime().nullable(),
    misfire: col.text(20).default('run_once'),
    overlap: col.text(20).default('skip'),
    starts_at: col.datetime().nullable(),
    ends_at: col.datetime().nullable(),
    is_enabled: col.boolean().default(true),
    next_run_at: col.datetime().nullable(),
    last_run_at: col.datetime().nullable(),
    remark: col.text(255).nullable(),
    version: col.integer().default(1),
    created_by: col.ref('users', 'set null').nullable(),
    created_at: col.stamp(),
    updated_at: col.stamp(),
  },
  indexes: [
    ['is_enabled', 'next_run_at'],
    ['handler', 'id'],
  ],
  scope: { none: 'jobs belong to the installation; who may see or change them is decided by permission alone' },
  audit: { label: 'name', ignored: ['next_run_at', 'last_run_at'] },
});

declare module '#core/entity.ts' {
  interface Tables {
    jobs: TableOf<typeof jobEntity>;
  }
}
