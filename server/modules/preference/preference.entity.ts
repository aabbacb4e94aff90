import { col, defineEntity, type TableOf } from '#core/entity.ts';

/** One row per user who changed anything; what is not in `preferences` is as everybody begins. */
export const preferenceEntity = defineEntity({
  table: 'user_preferences',
  columns: {
    id: col.id(),
    user_id: col.ref('users', 'cascade').unique(),
    preferences: col.json(),
    updated_at: col.stamp(),
  },
  scope: { owner: ['user_id'] },
  audit: { none: 'how somebody likes the console to look' },
});

declare module '#core/entity.ts' {
  interface Tables {
    user_preferences: TableOf<typeof preferenceEntity>;
  }
}
