import { statfs } from 'node:fs/promises';
import { availableParallelism, cpus, freemem, loadavg, totalmem } from 'node:os';
import { arch, platform, uptime, version } from 'node:process';
import { getHeapStatistics } from 'node:v8';
import type { Context } from '#core/context.ts';
import type { Dependency } from '#core/health.ts';
import { instanceName, programVersion } from '#core/instance.ts';
import { countOpenTasks } from '../task/task.service.ts';
import type { DependencyState, ServerState } from './server.schema.ts';

const rounded = (value: number, digits: number) => Math.round(value * 10 ** digits) / 10 ** digits;

/** How this process, its machine and what it needs are now, and how the process was in the last hour. */
export async function getServerState(ctx: Context): Promise<ServerState> {
  const dependencies = await Promise.all(ctx.dependencies.map((dependency) => stateOf(ctx, dependency)));
  const isDatabaseThere = dependencies.every(({ is_needed, state }) => !is_needed || state === 'ok');
  const tasks = isDatabaseThere ? await countOpenTasks(ctx) : null;
  const disk = await statfs(ctx.settings.DATA_DIR).catch(() => null);
  return {
    instance: instanceName,
    version: programVersion,
    node_version: version,
    platform: `${platform} ${arch}`,
    environment: ctx.settings.APP_ENV,
    started_at: new Date(Date.now() - uptime() * 1000).toISOString(),
    uptime_seconds: Math.floor(uptime()),
    cpu_model: cpus()[0]?.model.trim() ?? '',
    cpu_count: availableParallelism(),
    load: loadavg().map((load) => rounded(load, 2)),
    memory_total_bytes: totalmem(),
    memory_free_bytes: freemem(),
    heap_limit_bytes: getHeapStatistics().heap_size_limit,
    disk_total_bytes: disk && disk.blocks * disk.bsize,
    disk_free_bytes: disk && disk.bavail * disk.bsize,
    requests_last_hour: ctx.requests.figures().lastHour.count,
    tasks_queued: tasks?.queued ?? 0,
    tasks_running: tasks?.running ?? 0,
    open_streams: ctx.streams.size,
    dependencies,
    samples: ctx.process.samples().map(({ at, cpu, rss, heapUsed, loopDelayMs, utilization }) => ({
      at: at.toISOString(),
      cpu: rounded(cpu, 3),
      rss_bytes: rss,
      heap_bytes: heapUsed,
      loop_delay_ms: rounded(loopDelayMs, 2),
      utilization: rounded(utilization, 4),
    })),
  };
}

async function stateOf(ctx: Context, { name, optional, check, version }: Dependency): Promise<DependencyState> {
  try {
    const began = performance.now();
    await check();
    const latency = rounded(performance.now() - began, 2);
    const answer = await version?.();
    return { name, state: 'ok', is_needed: !optional, version: answer || null, latency_ms: latency };
  } catch (error) {
    ctx.log.warn({ err: error, dependency: name }, 'a dependency does not answer');
    return { name, state: 'unavailable', is_needed: !optional, version: null, latency_ms: null };
  }
}
