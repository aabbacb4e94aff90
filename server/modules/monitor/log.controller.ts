import { route } from '#core/feature.ts';
import { text } from '#core/i18n.ts';
import { LevelState, LevelUpdate, LogLineQuery, LogLines } from './log.schema.ts';
import { changeLogLevel, getLogLevels, listLogLines } from './log.service.ts';
import { monitorErrors } from './monitor.errors.ts';

export const logRoutes = [
  route({
    method: 'GET',
    path: '/monitor/logs',
    access: 'monitor:log:query',
    summary: 'Read the last lines of the log',
    description: 'Of the process that answers; kept in its memory.',
    query: LogLineQuery,
    response: LogLines,
    handle: (ctx, { query }) => listLogLines(ctx, query),
  }),
  route({
    method: 'GET',
    path: '/monitor/log-level',
    access: 'monitor:log:query',
    summary: 'Read how much is logged',
    response: LevelState,
    handle: (ctx) => getLogLevels(ctx),
  }),
  route({
    method: 'PUT',
    path: '/monitor/log-level',
    access: 'monitor:log:update',
    summary: 'Change how much is logged, on every instance and for a while',
    body: LevelUpdate,
    response: LevelState,
    message: text('日志级别已更改', 'Log level changed'),
    errors: [monitorErrors.module_unknown],
    keeps: ['module', 'level', 'minutes'],
    handle: (ctx, { body }) => changeLogLevel(ctx, body),
  }),
];
