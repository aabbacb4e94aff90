import { cpuUsage, memoryUsage, uptime } from 'node:process';
import { systemContext } from '#core/context.ts';
import type { Environment } from '#core/environment.ts';
import type { Metrics } from '#core/metrics.ts';
import { passwordWork } from '#core/password.ts';
import type { Bus } from '#extensions/bus.ts';
import type { Database } from '#extensions/database/index.ts';
import { methodOf } from '#modules/identity/identity.service.ts';
import { OUTCOMES } from '#modules/sign-in-log/sign-in-log.entity.ts';
import { countOpenTasks } from '#modules/task/task.service.ts';

interface Watched {
  readonly database: Database;
  readonly bus: Bus;
}

/** What is looked up when Prometheus asks: the process, the pool, the queue, and whether others can be heard. */
export function watchProgram(metrics: Metrics, environment: Environment, { database, bus }: Watched): void {
  const { process, requestRecords, archive, settings, taskEngine, streams, log, caches, access } = environment;
  const byCache = (of: (figures: { hits: number; misses: number; entries: number }) => number) => () =>
    Object.fromEntries([['rights', of(access.figures())], ...caches.figures().map((one) => [one.name, of(one)])]);
  const latest = () => process.samples().at(-1);
  const pool = (of: (figures: NonNullable<ReturnType<Database['pool']>>) => number) => () => {
    const figures = database.pool();
    return figures ? of(figures) : {};
  };
  for (const method of ['password', 'passkey', ...settings.IDENTITY_PROVIDERS.map(methodOf)])
    for (const outcome of OUTCOMES) metrics.signIns.begin(outcome, method);
  metrics.signIns.begin('refused', 'refresh');
  const began = Date.now() / 1000 - uptime();
  const ctx = systemContext(environment, log.levels.logger(null));
  metrics.watch(
    {
      name: 'process_cpu_seconds_total',
      help: 'Processor time used.',
      type: 'counter',
      read: () => (cpuUsage().user + cpuUsage().system) / 1e6,
    },
    { name: 'process_resident_memory_bytes', help: 'Resident memory.', read: () => memoryUsage.rss() },
    { name: 'process_start_time_seconds', help: 'When the process began.', read: () => began },
    { name: 'nodejs_heap_used_bytes', help: 'Heap in use.', read: () => memoryUsage().heapUsed },
    {
      name: 'nodejs_eventloop_lag_p99_seconds',
      help: 'Wait of 99 % of the turns of the event loop.',
      read: () => (latest()?.loopDelayMs ?? 0) / 1000,
    },
    {
      name: 'nodejs_eventloop_utilization',
      help: 'How busy the event loop is, 0 to 1.',
      read: () => latest()?.utilization ?? 0,
    },
    { name: 'db_pool_open_connections', help: 'Connections that are open.', read: pool(({ open }) => open) },
    { name: 'db_pool_idle_connections', help: 'Connections that wait for work.', read: pool(({ idle }) => idle) },
    { name: 'db_pool_waiting', help: 'Callers that wait for a connection.', read: pool(({ waiting }) => waiting) },
    {
      name: 'tasks_open',
      help: 'Tasks of all instances that have not ended.',
      label: 'state',
      read: () => countOpenTasks(ctx),
    },
    {
      name: 'task_engine_connected',
      help: 'Whether tasks are handed out at once.',
      read: () => Number(taskEngine.isConnected),
    },
    {
      name: 'redis_connected',
      help: 'Whether other instances can be heard.',
      read: () => (settings.REDIS_URL ? Number(bus.isConnected) : {}),
    },
    {
      name: 'cache_hits_total',
      help: 'Reads that a cache answered.',
      type: 'counter',
      label: 'cache',
      read: byCache(({ hits }) => hits),
    },
    {
      name: 'cache_misses_total',
      help: 'Reads that it did not.',
      type: 'counter',
      label: 'cache',
      read: byCache(({ misses }) => misses),
    },
    { name: 'cache_entries', help: 'Entries that are kept.', label: 'cache', read: byCache(({ entries }) => entries) },
    {
      name: 'cache_alone',
      help: 'Whether the caches of this process hear no other instance.',
      read: () => Number(!caches.isHearing),
    },
    {
      name: 'request_log_dropped_total',
      help: 'Requests that were not stored because too many waited.',
      type: 'counter',
      read: () => (requestRecords.isOn ? requestRecords.dropped : {}),
    },
    {
      name: 'archive_connected',
      help: 'Whether the archive of logs answers.',
      read: () =>
        archive.isOn
          ? archive.check().then(
              () => 1,
              () => 0,
            )
          : {},
    },
    {
      name: 'archive_rows_total',
      help: 'Rows of logs that this process has archived.',
      type: 'counter',
      label: 'log',
      read: () => archive.stored,
    },
    {
      name: 'password_hashes_total',
      help: 'Password hashes worked out, to keep or to compare.',
      type: 'counter',
      read: () => passwordWork().done,
    },
    {
      name: 'password_hashes_waiting',
      help: 'Password hashes that wait for their turn.',
      read: () => passwordWork().waiting,
    },
    { name: 'event_streams_open', help: 'Consoles that listen for events.', read: () => streams.size },
  );
}
