import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { addTask } from '#modules/task/queue.service.ts';
import { backends } from './backends.ts';
import { type Cluster, countWork, eventually, listWork, openCluster } from './cluster.ts';
import { workHandler } from './feature.ts';
import { addTicking, assertEachSecondOnce, listTicks, stopTicking, untilTicksEnded } from './ticks.ts';

// Three processes, killed and paused in the middle of their work: every tick runs once, no task is lost, none is completed twice.
const TICKS = 60;
const TASKS = 2000;
const KILLS = 5;
const INSTANCES = 3;
const TASKS_PER_ROUND = TASKS / KILLS;
const BURST = 20;
const PAUSE_MS = 250;
const [SHORT_MS, LONG_MS] = [20, 1000];
/** The last ones of each round take longer, and are what a kill finds. */
const LONG_PER_ROUND = 40;

/** The number of tasks that are added because a process had nothing to do. */
const MORE = -1;

describe('a cluster whose processes die', { concurrency: backends.length }, () => {
  for (const { name, skip, openDatabase, redisUrl } of backends) {
    test(`A39 fires every tick once and completes every task once, on ${name}`, { skip }, async (t) => {
      const database = await openDatabase();
      const cluster = await openCluster(database.url, redisUrl);
      try {
        t.diagnostic(await play(cluster));
      } catch (error) {
        for (let index = 0; index < INSTANCES; index++) t.diagnostic((await cluster.output(index)).slice(-1500));
        throw error;
      } finally {
        await cluster.close();
        await database.drop();
      }
    });
  }
});

async function play(cluster: Cluster): Promise<string> {
  const { ctx } = cluster;
  await Promise.all(Array.from({ length: INSTANCES }, (_, index) => cluster.start(index)));
  const jobId = await addTicking(ctx);
  let queued = 0;
  for (let round = 1; round <= KILLS; round++) {
    for (; queued < round * TASKS_PER_ROUND; queued++) {
      const isLong = queued >= round * TASKS_PER_ROUND - LONG_PER_ROUND;
      await addTask(ctx, workHandler, { number: queued, ms: isLong ? LONG_MS : SHORT_MS });
      if (queued % BURST === 0) await sleep(PAUSE_MS);
    }
    const index = round % INSTANCES;
    if (round === KILLS) await pause(cluster, (index + 1) % INSTANCES);
    await untilAtWork(cluster, index);
    await cluster.kill(index);
    await cluster.start(index);
  }
  await eventually('enough ticks', async () => (await listTicks(ctx, jobId)).length >= TICKS);
  await stopTicking(ctx, jobId);
  await eventually('every task is done', async () => (await countWork(ctx, ['queued', 'running'])) === 0);
  await untilTicksEnded(ctx, jobId);

  const ticks = await listTicks(ctx, jobId);
  assertEachSecondOnce(ticks);
  const done = (await listWork(ctx)).filter(({ args }) => (args as { number: number }).number !== MORE);
  assert.equal(done.length, TASKS);
  for (const [number, task] of done.entries())
    assert.deepEqual([task.state, task.result], ['succeeded', number], `task ${task.id}`);
  const completed = await cluster.completed();
  assert.equal(new Set(completed).size, completed.length, 'a task was completed twice');
  const again = done.filter(({ attempt }) => attempt > 1).length;
  assert.ok(again > 0, 'no kill found a process at work');
  const missed = ticks.filter(({ state }) => state === 'missed').length;
  return `${ticks.length} ticks (${missed} missed), ${TASKS} tasks, ${again} of them tried again after a death`;
}

/** Waits until a process is in the middle of something. */
async function untilAtWork(cluster: Cluster, index: number): Promise<void> {
  const isAtWork = async () => {
    if ((await cluster.countHeld(index)) > 0) return true;
    if ((await countWork(cluster.ctx, ['queued'])) === 0)
      await addTask(cluster.ctx, workHandler, { number: MORE, ms: LONG_MS });
    return false;
  };
  await eventually(`process ${index} is at work`, isAtWork, 10);
}

/** Stops a process at its work until others have taken that over; what it brings after it wakes up does not count. */
async function pause(cluster: Cluster, index: number): Promise<void> {
  let isTakenOver = false;
  while (!isTakenOver) {
    await untilAtWork(cluster, index);
    cluster.signal(index, 'SIGSTOP');
    // One that was stopped while it held a lock keeps the others waiting: it goes on, and is stopped again.
    for (let asked = 0; asked < 40 && !isTakenOver; asked++) {
      await sleep(250);
      isTakenOver = (await cluster.countHeld(index)) === 0;
    }
    cluster.signal(index, 'SIGCONT');
  }
}
