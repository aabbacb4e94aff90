import { message, moment, nullable, oneOf, ref, type Static, Type } from '#core/schema.ts';

const amount = (description?: string) => Type.Number({ minimum: 0, ...(description && { description }) });
const bytes = (description?: string) => Type.Integer({ minimum: 0, ...(description && { description }) });

export const DependencyState = message('DependencyState', {
  name: Type.String(),
  state: oneOf(['ok', 'unavailable']),
  is_needed: Type.Boolean({ description: 'whether the service cannot go on without it' }),
  version: nullable(Type.String()),
  latency_ms: nullable(amount()),
});
export type DependencyState = Static<typeof DependencyState>;

export const ServerPoint = message('ServerPoint', {
  at: moment(),
  cpu: amount('processors that this process kept busy'),
  rss_bytes: bytes(),
  heap_bytes: bytes(),
  loop_delay_ms: amount(),
  utilization: amount('how busy the event loop is, 0 to 1'),
});

export const ServerState = message('ServerState', {
  instance: Type.String(),
  version: Type.String({ description: 'of the program' }),
  node_version: Type.String(),
  platform: Type.String(),
  environment: Type.String(),
  started_at: moment(),
  uptime_seconds: bytes(),
  cpu_model: Type.String(),
  cpu_count: bytes(),
  load: Type.Array(amount(), { description: 'of the machine: one, five and fifteen minutes' }),
  memory_total_bytes: bytes('of the machine'),
  memory_free_bytes: bytes(),
  heap_limit_bytes: bytes('beyond which the process ends'),
  disk_total_bytes: nullable(bytes('where DATA_DIR is')),
  disk_free_bytes: nullable(bytes()),
  requests_last_hour: bytes(),
  tasks_queued: bytes(),
  tasks_running: bytes(),
  open_streams: bytes(),
  dependencies: Type.Array(ref(DependencyState)),
  samples: Type.Array(ref(ServerPoint), { description: 'the last hour, oldest first' }),
});
export type ServerState = Static<typeof ServerState>;
