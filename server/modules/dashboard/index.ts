import type { Feature } from '#core/feature.ts';
import { text } from '#core/i18n.ts';
import { dashboardRoutes } from './dashboard.controller.ts';

export const dashboard: Feature = {
  name: 'dashboard',
  title: text('首页', 'Dashboard'),
  description: 'Figures about users, sign-ins, requests and the process itself.',
  routes: dashboardRoutes,
  buttons: {
    menu: 'dashboard',
    titles: {
      'monitor:dashboard:query': text('用户与登录统计', 'User and sign-in figures'),
    },
  },
};
