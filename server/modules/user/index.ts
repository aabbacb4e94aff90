import { constraintName } from '#core/entity.ts';
import type { Feature } from '#core/feature.ts';
import { text } from '#core/i18n.ts';
import { restoredBy } from '#core/restore.ts';
import { exportHandler } from './export.handler.ts';
import { userRoutes } from './user.controller.ts';
import { passwordHistoryEntity, userEntity } from './user.entity.ts';
import { userErrors } from './user.errors.ts';
import { UserUpdate } from './user.schema.ts';
import { updateUser } from './user.service.ts';

export const user: Feature = {
  name: 'user',
  title: text('用户', 'Users'),
  description: 'The people who work with the system.',
  entities: [userEntity, passwordHistoryEntity],
  routes: userRoutes,
  tasks: [exportHandler],
  restorers: { users: [restoredBy('system:user:update', UserUpdate, updateUser)] },
  constraints: {
    [constraintName('users', ['username'], 'unique')]: userErrors.username_taken,
    [constraintName('users', ['email'], 'unique')]: userErrors.email_taken,
    [constraintName('users', ['dept_id'], 'foreign')]: userErrors.dept_missing,
  },
};
