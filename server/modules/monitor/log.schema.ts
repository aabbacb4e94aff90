import { LOG_LEVELS } from '#core/log-levels.ts';
import { line, MAX_ID, message, moment, nullable, oneOf, ref, type Static, Type } from '#core/schema.ts';

const module = () => line(50, { pattern: '^[a-z][a-z0-9-]*$' });
const level = () => oneOf(LOG_LEVELS);

export const LogLine = message('LogLine', {
  number: Type.Integer({ minimum: 1, description: 'grows with every line of this process' }),
  at: moment(),
  level: Type.String(),
  module: nullable(Type.String()),
  message: Type.String(),
  request_id: nullable(Type.String()),
  trace_id: nullable(Type.String()),
  user_id: nullable(Type.Integer()),
  fields: Type.String({ description: 'everything else of the line, as JSON' }),
});
export type LogLine = Static<typeof LogLine>;

export const LogLines = message('LogLines', {
  instance: Type.String({ description: 'which process: its number and its machine' }),
  items: Type.Array(ref(LogLine), { description: 'newest first' }),
});
export type LogLines = Static<typeof LogLines>;

export const LogLineQuery = Type.Object(
  {
    level: Type.Optional(oneOf(LOG_LEVELS, { description: 'this one and more serious ones' })),
    module: Type.Optional(module()),
    keyword: Type.Optional(line(100, { description: 'anywhere in the line' })),
    after: Type.Optional(Type.Integer({ minimum: 0, maximum: MAX_ID, description: 'lines after this number only' })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 200 })),
  },
  { additionalProperties: false },
);
export type LogLineQuery = Static<typeof LogLineQuery>;

export const ModuleLevel = message('ModuleLevel', {
  module: nullable(Type.String({ description: 'null for what nothing is said of' })),
  level: level(),
  until: nullable(moment({ description: 'when the level of the settings is back; null for that level' })),
});

export const LevelState = message('LevelState', {
  level: level(),
  until: nullable(moment()),
  modules: Type.Array(ref(ModuleLevel)),
});
export type LevelState = Static<typeof LevelState>;

export const LevelUpdate = message('LevelUpdate', {
  module: Type.Optional(nullable(module())),
  level: nullable(oneOf(LOG_LEVELS)),
  minutes: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 1440, default: 60, description: 'after these the settings count again' }),
  ),
});
export type LevelUpdate = Static<typeof LevelUpdate>;
