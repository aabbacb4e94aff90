import { col, defineEntity, type TableOf } from '#core/entity.ts';

/** Departments form a tree. `path` is `/1/4/` for the department 4 below 1, so that a subtree is the range [path, path + 1). */
export const deptEntity = defineEntity({
  table: 'depts',
  columns: {
    id: col.id(),
    parent_id: col.ref('depts').nullable(),
    path: col.path().unique(),
    name: col.text(50),
    code: col.text(50).unique(),
    order: col.integer().default(0),
    leader_id: col.ref('users', 'set null').nullable(),
    is_enabled: col.boolean().default(true),
    version: col.integer().default(1),
    created_at: col.stamp(),
    updated_by: col.ref('users', 'set null').nullable(),
    updated_at: col.stamp(),
  },
  scope: { dept: 'id', path: 'path' },
  audit: { label: 'name', ignored: ['path'] },
});

declare module '#core/entity.ts' {
  interface Tables {
    depts: TableOf<typeof deptEntity>;
  }
}
