import elementPlus from 'element-plus/es/locale/lang/zh-cn';
import account from './account.ts';
import apiKeys from './api-keys.ts';
import audit from './audit.ts';
import auth from './auth.ts';
import chart from './chart.ts';
import crud from './crud.ts';
import dashboard from './dashboard.ts';
import depts from './depts.ts';
import factors from './factors.ts';
import jobs from './jobs.ts';
import menus from './menus.ts';
import monitor from './monitor.ts';
import outside from './outside.ts';
import permissions from './permissions.ts';
import positions from './positions.ts';
import profile from './profile.ts';
import requestLog from './request-log.ts';
import roles from './roles.ts';
import sessions from './sessions.ts';
import shell from './shell.ts';
import signInLog from './sign-in-log.ts';
import users from './users.ts';
import viewAs from './view-as.ts';

export default {
  ...shell,
  account,
  apiKeys,
  audit,
  auth,
  chart,
  crud,
  dashboard,
  depts,
  factors,
  jobs,
  menus,
  monitor,
  outside,
  permissions,
  positions,
  profile,
  requestLog,
  roles,
  signInLog,
  sessions,
  users,
  viewAs,
};
export { elementPlus };
