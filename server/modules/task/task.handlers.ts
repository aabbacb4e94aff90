import { text } from '#core/i18n.ts';
import { Type } from '#core/schema.ts';
import { defineTask, named } from '#core/task.ts';
import { pruneTasks } from './task.service.ts';

/** Deletes what ended longer ago than it is kept. */
export const pruneHandler = defineTask({
  name: 'task.prune',
  title: text('清理任务记录', 'Prune task records'),
  description: text(
    '删除早于保留天数的任务与执行记录',
    'Deletes records of tasks and runs that are older than they are kept',
  ),
  args: Type.Object(
    {
      days: Type.Optional(
        Type.Integer({
          minimum: 1,
          maximum: 3650,
          ...named(
            text('保留天数', 'Days to keep'),
            text('留空时为 TASK_RETENTION_DAYS', 'TASK_RETENTION_DAYS when left out'),
          ),
        }),
      ),
    },
    { additionalProperties: false },
  ),
  async run(ctx, { days }, { signal }) {
    return { deleted: await pruneTasks(ctx, days ?? ctx.settings.TASK_RETENTION_DAYS, signal) };
  },
});
