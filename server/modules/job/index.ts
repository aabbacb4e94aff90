import { constraintName } from '#core/entity.ts';
import type { Feature } from '#core/feature.ts';
import { text } from '#core/i18n.ts';
import { backupHandler } from './backup.handler.ts';
import { jobRoutes } from './job.controller.ts';
import { jobEntity } from './job.entity.ts';
import { jobErrors } from './job.errors.ts';
import { jobRestorers } from './job.restorers.ts';
import { probeHandler } from './probe.handler.ts';

export const job: Feature = {
  name: 'job',
  title: text('定时任务', 'Jobs'),
  description: 'Handlers on a schedule: cron, interval, once.',
  entities: [jobEntity],
  routes: jobRoutes,
  restorers: { jobs: jobRestorers },
  tasks: [probeHandler, backupHandler],
  jobs: [
    {
      code: 'back-up-database',
      name: text('备份数据库', 'Back up the database'),
      handler: backupHandler.name,
      cron: '50 2 * * *',
      dialect: 'sqlite',
    },
  ],
  constraints: { [constraintName('jobs', ['name'], 'unique')]: jobErrors.name_taken },
};
