import { text } from '#core/i18n.ts';
import { Type } from '#core/schema.ts';
import { defineTask } from '#core/task.ts';
import { removeExpiredChallenges } from './challenge.service.ts';

export const cleanChallengesHandler = defineTask({
  name: 'challenge.clean-expired',
  title: text('清理过期的登录验证', 'Clean expired sign-in challenges'),
  args: Type.Object({}, { additionalProperties: false }),
  concurrency: 1,
  mayOverlap: false,
  async run(ctx) {
    return { deleted: await removeExpiredChallenges(ctx) };
  },
});
