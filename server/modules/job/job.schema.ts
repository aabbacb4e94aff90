import {
  id,
  line,
  MAX_VERSION,
  message,
  moment,
  nullable,
  oneOf,
  pageOf,
  pageQuery,
  ref,
  type Static,
  Type,
} from '#core/schema.ts';

export const MISFIRE_POLICIES = ['skip', 'run_once', 'run_all'] as const;
export const OVERLAP_POLICIES = ['skip', 'queue', 'allow'] as const;

const cron = Type.Object(
  {
    type: oneOf(['cron']),
    expression: line(100, { description: '5 fields, or 6 with seconds first' }),
    timezone: Type.Optional(line(64, { description: 'IANA name; UTC when left out' })),
  },
  { additionalProperties: false },
);
const interval = Type.Object(
  { type: oneOf(['interval']), seconds: Type.Integer({ minimum: 1, maximum: 31_536_000 }) },
  { additionalProperties: false },
);
const once = Type.Object({ type: oneOf(['once']), at: moment() }, { additionalProperties: false });

/** When a job runs. */
export const Trigger = Type.Union([cron, interval, once]);
export type Trigger = Static<typeof Trigger>;

const handlerArguments = Type.Unsafe<unknown>({ type: 'object', description: 'by the schema of the handler' });

const LastRun = message('JobLastRun', {
  id: id(),
  state: Type.String(),
  started_at: nullable(moment()),
  finished_at: nullable(moment()),
  duration_ms: nullable(Type.Integer()),
});

export const JobOut = message('Job', {
  id: id(),
  code: nullable(Type.String({ description: 'of the jobs that the program brings along' })),
  name: Type.String(),
  handler: Type.String(),
  handler_title: Type.String({ description: 'in the language of the caller' }),
  args: handlerArguments,
  trigger: Trigger,
  misfire: oneOf(MISFIRE_POLICIES),
  overlap: oneOf(OVERLAP_POLICIES),
  starts_at: nullable(moment()),
  ends_at: nullable(moment()),
  is_enabled: Type.Boolean(),
  next_run_at: nullable(moment()),
  last_run_at: nullable(moment()),
  last_run: nullable(ref(LastRun)),
  remark: nullable(Type.String()),
  version: Type.Integer(),
  created_at: moment(),
  updated_at: moment(),
});
export type JobOut = Static<typeof JobOut>;
export const JobPage = pageOf(JobOut);

const fields = {
  args: Type.Optional(handlerArguments),
  misfire: Type.Optional(
    oneOf(MISFIRE_POLICIES, { description: 'what becomes of firings that were missed: none, one for all, or each' }),
  ),
  overlap: Type.Optional(
    oneOf(OVERLAP_POLICIES, {
      description: 'when the run before still goes on: leave it out, wait for it, or run beside it',
    }),
  ),
  starts_at: Type.Optional(nullable(moment())),
  ends_at: Type.Optional(nullable(moment())),
  is_enabled: Type.Optional(Type.Boolean()),
  remark: Type.Optional(nullable(Type.String({ maxLength: 255 }))),
};

export const JobCreate = message('JobCreate', { name: line(100), handler: line(100), trigger: Trigger, ...fields });
export type JobCreate = Static<typeof JobCreate>;

export const JobUpdate = message(
  'JobUpdate',
  {
    name: Type.Optional(line(100)),
    handler: Type.Optional(line(100)),
    trigger: Type.Optional(Trigger),
    ...fields,
    version: Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_VERSION })),
  },
  { minProperties: 1 },
);
export type JobUpdate = Static<typeof JobUpdate>;

export const JobQuery = Type.Object(
  {
    ...pageQuery(['id', 'name', 'handler', 'next_run_at', 'last_run_at', 'created_at']),
    keyword: Type.Optional(line(50, { description: 'part of the name or the handler' })),
    handler: Type.Optional(line(100)),
    is_enabled: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);
export type JobQuery = Static<typeof JobQuery>;

export const JobPreview = message('JobPreview', {
  trigger: Trigger,
  starts_at: Type.Optional(nullable(moment())),
  ends_at: Type.Optional(nullable(moment())),
});
export type JobPreview = Static<typeof JobPreview>;
export const NextRuns = message('NextRuns', { items: Type.Array(moment()) });

const HandlerOut = message('JobHandler', {
  name: Type.String(),
  title: Type.String(),
  description: nullable(Type.String()),
  args_schema: Type.Unsafe<unknown>({ type: 'object', description: 'JSON Schema of the arguments' }),
  attempts: Type.Integer(),
  timeout_seconds: Type.Integer(),
  may_overlap: Type.Boolean(),
});
export const HandlerList = message('JobHandlerList', { items: Type.Array(ref(HandlerOut)) });
export type HandlerList = Static<typeof HandlerList>;
