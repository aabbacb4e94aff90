import { constraintName } from '#core/entity.ts';
import type { Feature } from '#core/feature.ts';
import { text } from '#core/i18n.ts';
import { menuRoutes } from './menu.controller.ts';
import { menuEntity } from './menu.entity.ts';
import { menuErrors } from './menu.errors.ts';

export const menu: Feature = {
  name: 'menu',
  title: text('菜单', 'Menus'),
  description: 'What the console shows.',
  entities: [menuEntity],
  routes: menuRoutes,
  constraints: { [constraintName('menus', ['name'], 'unique')]: menuErrors.name_taken },
};
