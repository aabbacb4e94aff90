import { text } from '#core/i18n.ts';
import { defineTask } from '#core/task.ts';
import { onBehalfOf } from '../access/on-behalf.service.ts';
import { UserExport } from './user.schema.ts';
import { EXPORT_CHUNK, exportUsers, listUsers } from './user.service.ts';

export const EXPORT_PERMISSION = 'system:user:export';

/** The users of the scope of whoever queues it, as a CSV file. */
export const exportHandler = defineTask({
  name: 'user.export',
  title: text('导出用户', 'Export users'),
  args: UserExport,
  permission: EXPORT_PERMISSION,
  async run(ctx, filter, task) {
    const own = await onBehalfOf(ctx, task.createdBy, EXPORT_PERMISSION);
    const { total } = await listUsers(own, { ...filter, page_size: 1 });
    let done = 0;
    async function* watched() {
      for await (const piece of exportUsers(own, filter)) {
        yield piece;
        task.progress(Math.min(done, total), total);
        done += EXPORT_CHUNK;
      }
    }
    await own.keep({ action: 'export', detail: { handler: 'user.export', filter } });
    const day = ctx.now().toISOString().slice(0, 10);
    await task.leaveFile({ name: `users-${day}.csv`, type: 'text/csv; charset=utf-8', content: watched() });
    return { users: total };
  },
});
