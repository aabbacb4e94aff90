import { id, line, message, moment, nullable, oneOf, pageOf, pageQuery, ref, type Static, Type } from '#core/schema.ts';

/** What becomes of a task; the last five are final. */
export const TASK_STATES = ['queued', 'running', 'succeeded', 'failed', 'cancelled', 'skipped', 'missed'] as const;
export type TaskState = (typeof TASK_STATES)[number];
export const TASK_TRIGGERS = ['schedule', 'manual', 'code'] as const;

/** Any JSON: what a handler's own schema allows. */
export const json = (description: string) => Type.Unsafe<unknown>({ description });

const TaskFileOut = message(
  'TaskFile',
  { name: Type.String(), type: Type.String(), bytes: Type.Integer() },
  { description: 'left by a run that ended well, and open to the caller' },
);

const taskFields = {
  id: id(),
  handler: Type.String(),
  title: Type.String({ description: 'of the handler, in the language of the caller' }),
  args: json('arguments of the handler'),
  job_id: nullable(Type.Integer()),
  job_name: nullable(Type.String()),
  trigger: oneOf(TASK_TRIGGERS),
  scheduled_at: nullable(moment()),
  state: oneOf(TASK_STATES),
  priority: Type.Integer({ description: 'lower ones first' }),
  key: nullable(Type.String({ description: 'tasks with the same key run one after the other' })),
  attempt: Type.Integer(),
  max_attempts: Type.Integer(),
  available_at: moment({ description: 'not taken before' }),
  instance: nullable(Type.String()),
  cancel_requested: Type.Boolean(),
  progress_done: nullable(Type.Integer()),
  progress_total: nullable(Type.Integer()),
  progress_note: nullable(Type.String()),
  error: nullable(Type.String()),
  file: nullable(ref(TaskFileOut)),
  started_at: nullable(moment()),
  finished_at: nullable(moment()),
  duration_ms: nullable(Type.Integer()),
  created_by: nullable(Type.Integer()),
  created_by_name: nullable(Type.String()),
  created_at: moment(),
};

export const TaskOut = message('Task', taskFields);
export type TaskOut = Static<typeof TaskOut>;
export const TaskPage = pageOf(TaskOut);

export const TaskDetail = message('TaskDetail', {
  ...taskFields,
  result: json('what the handler returned'),
  error_stack: nullable(Type.String()),
  request_id: nullable(Type.String()),
  trace_id: nullable(Type.String({ description: 'of the request that queued it, or its own' })),
});
export type TaskDetail = Static<typeof TaskDetail>;

/** What is answered when work was queued. */
export const QueuedTask = message('QueuedTask', { task_id: id() });

export const TaskQuery = Type.Object(
  {
    ...pageQuery(['id', 'created_at', 'started_at', 'finished_at', 'duration_ms', 'priority']),
    keyword: Type.Optional(line(50, { description: 'part of the job, the handler or the error' })),
    state: Type.Optional(oneOf(TASK_STATES)),
    handler: Type.Optional(line(100)),
    job_id: Type.Optional(id()),
    trigger: Type.Optional(oneOf(TASK_TRIGGERS)),
    created_at_from: Type.Optional(moment()),
    created_at_to: Type.Optional(moment()),
  },
  { additionalProperties: false },
);
export type TaskQuery = Static<typeof TaskQuery>;

const TaskLogLine = message('TaskLogLine', {
  id: id(),
  attempt: Type.Integer(),
  level: oneOf(['info', 'warn', 'error']),
  message: Type.String(),
  created_at: moment(),
});
export const TaskLog = message('TaskLog', { items: Type.Array(ref(TaskLogLine)) });
export type TaskLog = Static<typeof TaskLog>;

export const TaskLogQuery = Type.Object(
  {
    after: Type.Optional(
      Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: 'lines after this one' }),
    ),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, default: 200 })),
  },
  { additionalProperties: false },
);
export type TaskLogQuery = Static<typeof TaskLogQuery>;

export const QueueState = message('QueueState', {
  engine: oneOf(['database', 'redis']),
  is_connected: Type.Boolean({
    description: 'whether the engine is reached; work goes on from the database while it is not',
  }),
  queued: Type.Integer(),
  running: Type.Integer(),
});
export type QueueState = Static<typeof QueueState>;

const TaskDay = message('TaskDay', {
  day: Type.String({ description: 'as the reader counts days' }),
  succeeded: Type.Integer(),
  failed: Type.Integer(),
});
export const TaskDays = message('TaskDays', { items: Type.Array(ref(TaskDay)) });
export type TaskDays = Static<typeof TaskDays>;
export const TaskDaysQuery = Type.Object(
  {
    days: Type.Optional(Type.Integer({ minimum: 1, maximum: 31, default: 14 })),
    timezone: Type.Optional(line(64, { default: 'UTC', description: 'whose days: `Asia/Shanghai`, `+08:00`' })),
    job_id: Type.Optional(id()),
  },
  { additionalProperties: false },
);
export type TaskDaysQuery = Static<typeof TaskDaysQuery>;
