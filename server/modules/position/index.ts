import { constraintName } from '#core/entity.ts';
import type { Feature } from '#core/feature.ts';
import { text } from '#core/i18n.ts';
import { restoredBy } from '#core/restore.ts';
import { positionRoutes } from './position.controller.ts';
import { positionEntity, userPositionEntity } from './position.entity.ts';
import { positionErrors } from './position.errors.ts';
import { PositionUpdate } from './position.schema.ts';
import { updatePosition } from './position.service.ts';

export const position: Feature = {
  name: 'position',
  title: text('岗位', 'Positions'),
  description: 'Positions people hold.',
  entities: [positionEntity, userPositionEntity],
  routes: positionRoutes,
  restorers: { positions: [restoredBy('system:position:update', PositionUpdate, updatePosition)] },
  constraints: {
    [constraintName('positions', ['code'], 'unique')]: positionErrors.code_taken,
    [constraintName('user_positions', ['position_id'], 'foreign')]: positionErrors.missing,
  },
};
