import { constraintName } from '#core/entity.ts';
import type { Feature } from '#core/feature.ts';
import { text } from '#core/i18n.ts';
import { restoredBy } from '#core/restore.ts';
import { deptRoutes } from './dept.controller.ts';
import { deptEntity } from './dept.entity.ts';
import { deptErrors } from './dept.errors.ts';
import { DeptUpdate } from './dept.schema.ts';
import { updateDept } from './dept.service.ts';

export const dept: Feature = {
  name: 'dept',
  title: text('部门', 'Departments'),
  description: 'The tree of departments.',
  entities: [deptEntity],
  routes: deptRoutes,
  restorers: { depts: [restoredBy('system:dept:update', DeptUpdate, updateDept)] },
  constraints: {
    [constraintName('depts', ['code'], 'unique')]: deptErrors.code_taken,
    [constraintName('depts', ['parent_id'], 'foreign')]: deptErrors.parent_missing,
    [constraintName('depts', ['leader_id'], 'foreign')]: deptErrors.leader_missing,
  },
};
