import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { flushCompileCache } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadConfig } from '#config';
import type { Context } from '#core/context.ts';
import { openDatabase } from '#extensions/database/index.ts';
import { migrateUp } from '#extensions/database/migrations.ts';
import { entities } from '#modules/index.ts';
import { prepareData } from '../../scripts/seed/seeds.ts';
import { databaseOptions } from '../../start.ts';
import { deleteKeys } from '../redis.ts';
import { workHandler } from './feature.ts';
import { openProgram } from './program.ts';

const why = 'a test looks at what the processes have done';

/** Several processes of the program on one database, and a context to look into it. */
export interface Cluster {
  readonly ctx: Context;
  /** Starts a process; resolves when it serves and works. Rejects with what it printed when it ends instead. */
  start(index: number): Promise<void>;
  /** Ends a process as the machine would: at once, in the middle of whatever it does. */
  kill(index: number): Promise<void>;
  signal(index: number, signal: 'SIGSTOP' | 'SIGCONT'): void;
  /** How many tasks a process holds. */
  countHeld(index: number): Promise<number>;
  /** What `/readyz` of a process says. */
  readiness(index: number): Promise<{ readonly status: number; readonly body: Readonly<Record<string, string>> }>;
  /** Runs a script of this folder, which is told where to write what it completes, and the words; answers the signal that ended it. */
  runScript(script: string, ...words: readonly string[]): Promise<NodeJS.Signals | null>;
  /** The ids of the tasks that the processes say they have brought to their end, in order. */
  completed(): Promise<number[]>;
  /** What a process has printed. */
  output(index: number): Promise<string>;
  close(): Promise<void>;
}

/** Opens a cluster without processes on an empty database, with Redis unless its URL is empty. */
export async function openCluster(databaseUrl: string, redisUrl: string): Promise<Cluster> {
  const folder = await mkdtemp(join(tmpdir(), 'cluster-'));
  const prefix = `cluster-${process.pid}-${folder.slice(-6)}`;
  const settings = {
    APP_ENV: 'testing',
    JOBS_ENABLED: 'true',
    DATABASE_URL: databaseUrl,
    DATA_DIR: folder,
    REDIS_URL: redisUrl,
    REDIS_PREFIX: prefix,
    JWT_SECRET_KEY: 'a secret of a test, long enough for everybody',
    LOG_LEVEL: 'warn',
    PORT: '0',
    TASK_LEASE_MS: '3000',
    TASK_POLL_MS: '500',
    WORKER_CONCURRENCY: '8',
    // A firing that is late because the machine is busy was not missed.
    JOB_MISFIRE_AFTER_MS: '600000',
  };
  const config = loadConfig(settings);
  const database = await openDatabase(databaseOptions(config), entities);
  await migrateUp(database);
  await database.close();
  // What dies by a signal keeps nothing of what it has compiled.
  flushCompileCache();
  const completions = join(folder, 'completed');
  const { ctx, close } = await openProgram(config, completions);
  await prepareData(ctx);
  const children = new Map<number, { readonly child: ChildProcess; readonly url: string }>();
  const logOf = (index: number) => join(folder, `log-${index}`);
  const output = (index: number) => readFile(logOf(index), 'utf8').catch(() => '');
  const run = (script: string, words: readonly string[], stdio: 'inherit' | number) => {
    const { PATH = '', HOME = '', NODE_COMPILE_CACHE } = process.env;
    return spawn(process.execPath, [join(import.meta.dirname, script), completions, ...words], {
      env: { PATH, HOME, ...(NODE_COMPILE_CACHE && { NODE_COMPILE_CACHE }), ...settings },
      stdio: ['ignore', stdio, stdio, 'ipc'],
    });
  };
  const kill = async (index: number) => {
    const { child } = children.get(index) ?? {};
    if (!child) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    children.delete(index);
  };
  return {
    ctx,
    async start(index) {
      const log = openSync(logOf(index), 'a');
      const child = run('instance.ts', [], log);
      closeSync(log);
      const url = await Promise.race([once(child, 'message').then(([url]) => url as string), once(child, 'exit')]);
      if (typeof url !== 'string') throw new Error(`process ${index} did not start:\n${await output(index)}`);
      children.set(index, { child, url });
    },
    kill,
    signal: (index, signal) => void children.get(index)?.child.kill(signal),
    async countHeld(index) {
      const { count } = await ctx
        .unscoped('tasks', why)
        .select()
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .where('state', '=', 'running')
        .where('instance', 'like', `${children.get(index)?.child.pid}@%`)
        .executeTakeFirstOrThrow();
      return count;
    },
    async readiness(index) {
      const answer = await fetch(`${children.get(index)?.url}/readyz`);
      return { status: answer.status, body: (await answer.json()) as Record<string, string> };
    },
    async runScript(script, ...words) {
      const [, signal] = await once(run(script, words, 'inherit'), 'exit');
      return signal as NodeJS.Signals | null;
    },
    async completed() {
      const text = await readFile(completions, 'utf8').catch(() => '');
      return text.split('\n').filter(Boolean).map(Number);
    },
    output,
    async close() {
      await Promise.all([...children.keys()].map(kill));
      await close();
      if (redisUrl) await deleteKeys(redisUrl, prefix);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** How many tasks of the work there are in some states. */
export async function countWork(ctx: Context, states: readonly string[]): Promise<number> {
  const { count } = await ctx
    .unscoped('tasks', why)
    .select()
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('handler', '=', workHandler.name)
    .where('state', 'in', states)
    .executeTakeFirstOrThrow();
  return count;
}

/** All tasks of the work, in the order in which they were queued. */
export function listWork(ctx: Context) {
  return ctx
    .unscoped('tasks', why)
    .select()
    .select(['id', 'state', 'args', 'attempt', 'result'])
    .where('handler', '=', workHandler.name)
    .orderBy('id')
    .execute();
}

/** Long enough for any machine: whatever takes longer hangs. */
const FOR_EVER_MS = 300_000;

/** Asks until it is so. Throws with `what` when it hangs. */
export async function eventually(what: string, ask: () => Promise<boolean>, everyMs = 250): Promise<void> {
  for (const until = Date.now() + FOR_EVER_MS; Date.now() < until; await sleep(everyMs)) if (await ask()) return;
  throw new Error(`waited in vain: ${what}`);
}
