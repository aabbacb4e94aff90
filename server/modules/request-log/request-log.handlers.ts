import { RETRY_WHILE_ARCHIVE_IS_AWAY } from '#core/archive.ts';
import { text } from '#core/i18n.ts';
import { Type } from '#core/schema.ts';
import { defineTask } from '#core/task.ts';
import { pruneRequestLogs } from './request-log.service.ts';

export const pruneRequestLogsHandler = defineTask({
  name: 'request-log.prune',
  title: text('清理请求日志', 'Prune the request log'),
  description: text(
    '删除早于 REQUEST_LOG_DAYS 天的请求日志',
    'Deletes stored requests that are older than REQUEST_LOG_DAYS days',
  ),
  args: Type.Object({}, { additionalProperties: false }),
  ...RETRY_WHILE_ARCHIVE_IS_AWAY,
  concurrency: 1,
  mayOverlap: false,
  async run(ctx) {
    return { deleted: await pruneRequestLogs(ctx) };
  },
});
