import type { Feature } from '#core/feature.ts';
import { text } from '#core/i18n.ts';
import { deptEntity } from './dept.entity.ts';

export const dept: Feature = {
  name: 'dept',
  title: text('部门', 'Departments'),
  description: 'The tree of departments.',
  entities: [deptEntity],
};
