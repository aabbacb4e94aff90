import { constraintName } from '#core/entity.ts';
import type { Feature } from '#core/feature.ts';
import { text } from '#core/i18n.ts';
import { restoredBy } from '#core/restore.ts';
import { menuRoutes } from './menu.controller.ts';
import { menuEntity } from './menu.entity.ts';
import { menuErrors } from './menu.errors.ts';
import { MenuUpdate } from './menu.schema.ts';
import { menuCache, updateMenu } from './menu.service.ts';

export const menu: Feature = {
  name: 'menu',
  title: text('菜单', 'Menus'),
  description: 'What the console shows.',
  entities: [menuEntity],
  routes: menuRoutes,
  caches: [menuCache],
  restorers: { menus: [restoredBy('system:menu:update', MenuUpdate, updateMenu)] },
  constraints: { [constraintName('menus', ['name'], 'unique')]: menuErrors.name_taken },
};
