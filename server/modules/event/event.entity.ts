import { col, defineEntity, type TableOf } from '#core/entity.ts';
import type { Json } from '#core/task.ts';

/** What people were told, kept for those who were away for a moment. Ids are in the order of the commits, without a gap in it. */
export const eventEntity = defineEntity({
  table: 'live_events',
  columns: {
    id: col.integer().primary(),
    /** Null for everybody. */
    user_id: col.ref('users', 'cascade').nullable(),
    topic: col.text(50),
    data: col.json<Json>(),
    created_at: col.stamp().index(),
  },
  indexes: [['user_id', 'id']],
  scope: { owner: ['user_id'] },
  audit: { none: 'what people were told of changes that are kept themselves' },
});

/** The last id that was given. Its row is locked until the event is there, so that nobody reads a later one before an earlier. */
export const eventCounterEntity = defineEntity({
  table: 'live_event_counters',
  columns: { name: col.text(20).primary(), value: col.integer() },
  scope: { none: 'a number' },
  audit: { none: 'a number' },
});

declare module '#core/entity.ts' {
  interface Tables {
    live_events: TableOf<typeof eventEntity>;
    live_event_counters: TableOf<typeof eventCounterEntity>;
  }
}
