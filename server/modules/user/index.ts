import { constraintName } from '#core/entity.ts';
import type { Feature } from '#core/feature.ts';
import { text } from '#core/i18n.ts';
import { userRoutes } from './user.controller.ts';
import { userEntity } from './user.entity.ts';
import { userErrors } from './user.errors.ts';

export const user: Feature = {
  name: 'user',
  title: text('用户', 'Users'),
  description: 'The people who work with the system.',
  entities: [userEntity],
  routes: userRoutes,
  constraints: {
    [constraintName('users', ['username'], 'unique')]: userErrors.username_taken,
    [constraintName('users', ['email'], 'unique')]: userErrors.email_taken,
    [constraintName('users', ['dept_id'], 'foreign')]: userErrors.dept_missing,
  },
};
