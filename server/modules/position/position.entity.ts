import { col, defineEntity, type TableOf } from '#core/entity.ts';

export const positionEntity = defineEntity({
  table: 'positions',
  columns: {
    id: col.id(),
    code: col.text(50).unique(),
    name: col.text(50),
    order: col.integer().default(0),
    is_enabled: col.boolean().default(true),
    remark: col.text(255).nullable(),
    version: col.integer().default(1),
    created_at: col.stamp(),
    updated_by: col.ref('users', 'set null').nullable(),
    updated_at: col.stamp(),
  },
  scope: { none: 'positions are shared definitions without rights' },
  audit: { label: 'name' },
});

export const userPositionEntity = defineEntity({
  table: 'user_positions',
  columns: {
    user_id: col.ref('users', 'cascade').primary(),
    position_id: col.ref('positions', 'restrict').primary(),
  },
  scope: { through: { column: 'user_id', table: 'users' } },
  audit: { of: 'users', by: 'user_id', as: 'position_ids', value: 'position_id' },
});

declare module '#core/entity.ts' {
  interface Tables {
    positions: TableOf<typeof positionEntity>;
    user_positions: TableOf<typeof userPositionEntity>;
  }
}
