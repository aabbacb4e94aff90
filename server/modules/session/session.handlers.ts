import { text } from '#core/i18n.ts';
import { Type } from '#core/schema.ts';
import { defineTask } from '#core/task.ts';
import { removeExpiredSessions } from './session.service.ts';

/** The seed's own job: clean expired tokens. */
export const cleanExpiredHandler = defineTask({
  name: 'session.clean-expired',
  title: text('清理过期令牌', 'Clean expired tokens'),
  description: text(
    '删除已过期的会话及其刷新令牌',
    'Deletes the sessions that have expired, with their refresh tokens',
  ),
  args: Type.Object({}, { additionalProperties: false }),
  concurrency: 1,
  mayOverlap: false,
  async run(ctx) {
    return { deleted: await removeExpiredSessions(ctx) };
  },
});
