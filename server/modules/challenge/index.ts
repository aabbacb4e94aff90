import type { Feature } from '#core/feature.ts';
import { text } from '#core/i18n.ts';
import { signInChallengeEntity } from './challenge.entity.ts';
import { cleanChallengesHandler } from './challenge.handlers.ts';

export const challenge: Feature = {
  name: 'challenge',
  title: text('登录验证', 'Sign-in challenges'),
  description: 'Sign-ins that wait for a second proof.',
  entities: [signInChallengeEntity],
  tasks: [cleanChallengesHandler],
  jobs: [
    {
      code: 'clean-sign-in-challenges',
      name: text('清理过期的登录验证', 'Clean expired sign-in challenges'),
      handler: 'challenge.clean-expired',
      cron: '10 * * * *',
    },
  ],
};
