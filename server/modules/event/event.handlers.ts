import { text } from '#core/i18n.ts';
import { Type } from '#core/schema.ts';
import { defineTask } from '#core/task.ts';
import { pruneEvents } from './event.service.ts';

/** Whoever was away for longer reads everything anew anyway. */
export const pruneEventsHandler = defineTask({
  name: 'event.prune',
  title: text('清理实时事件', 'Prune live events'),
  args: Type.Object({}, { additionalProperties: false }),
  concurrency: 1,
  mayOverlap: false,
  async run(ctx) {
    return { deleted: await pruneEvents(ctx) };
  },
});
