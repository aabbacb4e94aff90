import { RETRY_WHILE_ARCHIVE_IS_AWAY } from '#core/archive.ts';
import { text } from '#core/i18n.ts';
import { Type } from '#core/schema.ts';
import { defineTask } from '#core/task.ts';
import { pruneSignInLogs } from './sign-in-log.service.ts';

export const pruneSignInLogsHandler = defineTask({
  name: 'sign-in-log.prune',
  title: text('清理登录日志', 'Prune the sign-in log'),
  description: text(
    '删除早于 SIGN_IN_LOG_DAYS 天的登录日志',
    'Deletes sign-ins that are older than SIGN_IN_LOG_DAYS days',
  ),
  args: Type.Object({}, { additionalProperties: false }),
  ...RETRY_WHILE_ARCHIVE_IS_AWAY,
  concurrency: 1,
  mayOverlap: false,
  async run(ctx) {
    return { deleted: await pruneSignInLogs(ctx) };
  },
});
