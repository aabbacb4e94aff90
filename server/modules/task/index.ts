import type { Feature } from '#core/feature.ts';
import { text } from '#core/i18n.ts';
import { taskRoutes } from './task.controller.ts';
import { taskEntity, taskFilePartEntity, taskLockEntity, taskLogEntity } from './task.entity.ts';
import { pruneHandler } from './task.handlers.ts';

export const task: Feature = {
  name: 'task',
  title: text('任务队列', 'Tasks'),
  description: 'Work that leaves the request: queued, retried, limited, not lost when a process dies.',
  entities: [taskEntity, taskLogEntity, taskFilePartEntity, taskLockEntity],
  routes: taskRoutes,
  tasks: [pruneHandler],
  jobs: [
    {
      code: 'prune-tasks',
      name: text('清理任务记录', 'Prune task records'),
      handler: 'task.prune',
      cron: '20 3 * * *',
    },
  ],
};
