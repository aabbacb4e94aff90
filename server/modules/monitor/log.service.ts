import type { Context } from '#core/context.ts';
import { instanceName } from '#core/instance.ts';
import { LOG_LEVELS } from '#core/log-levels.ts';
import type { LevelState, LevelUpdate, LogLine, LogLineQuery, LogLines } from './log.schema.ts';
import { monitorErrors } from './monitor.errors.ts';

const textOf = (value: unknown) => (typeof value === 'string' ? value : null);

/** The last lines that this process has logged. */
export function listLogLines(ctx: Context, query: LogLineQuery): LogLines {
  const { level, module, keyword, after = 0, limit = 200 } = query;
  const found = ctx.logTail.find({
    ...(level && { levels: LOG_LEVELS.slice(0, LOG_LEVELS.indexOf(level) + 1) }),
    ...(module && { module }),
    ...(keyword && { keyword }),
    after,
    limit,
  });
  return {
    instance: instanceName,
    items: found.map(
      ({ fields: { request_id, trace_id, user_id, ...fields }, ...line }): LogLine => ({
        ...line,
        request_id: textOf(request_id),
        trace_id: textOf(trace_id),
        user_id: typeof user_id === 'number' ? user_id : null,
        fields: JSON.stringify(fields),
      }),
    ),
  };
}

/** How much each module logs now, and until when that differs from the settings. */
export function getLogLevels(ctx: Context): LevelState {
  const levels = ctx.logLevels;
  const until = (module: string | null) => {
    const change = levels.changes.find((candidate) => candidate.module === module);
    return change ? new Date(change.until).toISOString() : null;
  };
  return {
    level: levels.levelOf(null),
    until: until(null),
    modules: levels.modules.map((module) => ({ module, level: levels.levelOf(module), until: until(module) })),
  };
}

/** Changes a level on every instance for a while; with null the settings count again at once. Throws `monitor.module_unknown`. */
export function changeLogLevel(ctx: Context, { module = null, level, minutes = 60 }: LevelUpdate): LevelState {
  if (module !== null && !ctx.logLevels.modules.includes(module)) throw monitorErrors.module_unknown().on('module');
  const until = ctx.now().getTime() + minutes * 60_000;
  const change = { level, for_module: module, until: new Date(until).toISOString() };
  ctx.log.warn(change, 'log level changed');
  ctx.logLevels.change({ module, level, until });
  return getLogLevels(ctx);
}
