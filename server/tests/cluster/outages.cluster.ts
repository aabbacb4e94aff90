import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { addTask } from '#modules/task/queue.service.ts';
import { type Cluster, countWork, eventually, listWork, openCluster } from './cluster.ts';
import { workHandler } from './feature.ts';
import { missingPrograms, type OwnServer, openMariadb, openPostgres, openRedis } from './own-servers.ts';
import { addTicking, assertEachSecondOnce, listTicks, stopTicking, untilTicksEnded } from './ticks.ts';

// Redis goes away and comes back empty, and the database is restarted, while two processes work: work goes on, nothing is lost, nothing is
// done twice, and the processes say what they miss.
const INSTANCES = [0, 1];
const REDIS_AWAY_MS = 10_000;
const DATABASE_AWAY_MS = 3000;
const EACH_MS = 50;

describe('a cluster whose servers go away', { concurrency: 2 }, () => {
  const withRedis = { skip: missingPrograms('redis-server', 'initdb', 'postgres') };
  test('A39 goes on without Redis for ten seconds, and after a restart of PostgreSQL', withRedis, async (t) => {
    const redis = await openRedis();
    const database = await openPostgres();
    await play(t, database, redis);
  });

  const alone = { skip: missingPrograms('mariadbd', 'mariadb-install-db') };
  test('A39 goes on after a restart of MariaDB', alone, async (t) => {
    await play(t, await openMariadb(), null);
  });
});

async function play(t: { diagnostic(text: string): void }, database: OwnServer, redis: OwnServer | null) {
  const cluster = await openCluster(database.url, redis?.url ?? '');
  try {
    await Promise.all(INSTANCES.map((index) => cluster.start(index)));
    const jobId = await addTicking(cluster.ctx);
    const queueing = queue(cluster);
    await untilWorkGoesOn(cluster);
    if (redis) await loseRedis(cluster, redis);
    await loseDatabase(cluster, database);
    await untilWorkGoesOn(cluster);
    const refused = await queueing.stop();
    await stopTicking(cluster.ctx, jobId);
    const done = await assertNothingLost(cluster, jobId);
    t.diagnostic(`${done} tasks, all done once; ${refused} were refused while the database was away`);
  } catch (error) {
    for (const index of INSTANCES) t.diagnostic((await cluster.output(index)).slice(-1500));
    throw error;
  } finally {
    await cluster.close();
    await redis?.close();
    await database.close();
  }
}

/** Queues tasks until it is stopped, which answers how many the database refused. */
function queue({ ctx }: Cluster): { stop(): Promise<number> } {
  let isStopping = false;
  let refused = 0;
  const queueing = (async () => {
    for (let number = 0; !isStopping; number++) {
      await addTask(ctx, workHandler, { number, ms: 20 }).catch(() => {
        refused += 1;
      });
      await sleep(EACH_MS);
    }
  })();
  return {
    async stop() {
      isStopping = true;
      await queueing;
      return refused;
    },
  };
}

async function untilWorkGoesOn({ ctx }: Cluster): Promise<void> {
  const before = await countWork(ctx, ['succeeded']);
  await eventually('work goes on', async () => (await countWork(ctx, ['succeeded'])) >= before + 20);
}

const untilAllSay = (cluster: Cluster, what: string, status: number, body: object) =>
  eventually(what, async () => {
    const answers = await Promise.all(INSTANCES.map((index) => cluster.readiness(index)));
    return answers.every((answer) => {
      const { status: said, body: words } = answer;
      return said === status && JSON.stringify(words) === JSON.stringify(body);
    });
  });

async function loseRedis(cluster: Cluster, redis: OwnServer): Promise<void> {
  const whole = { status: 'ready', database: 'ok', redis: 'ok' };
  await untilAllSay(cluster, 'Redis is there', 200, whole);
  await redis.stop();
  await untilAllSay(cluster, 'Redis is said to be away', 200, { ...whole, redis: 'unavailable' });
  const working = untilWorkGoesOn(cluster);
  await sleep(REDIS_AWAY_MS);
  await working;
  await redis.start();
  await untilAllSay(cluster, 'Redis is said to be back', 200, whole);
  await untilWorkGoesOn(cluster);
}

async function loseDatabase(cluster: Cluster, database: OwnServer): Promise<void> {
  await database.stop();
  const isSaidToBeAway = async (index: number) => {
    const { status, body } = await cluster.readiness(index);
    return status === 503 && body['status'] === 'not ready' && body['database'] === 'unavailable';
  };
  await eventually('the database is said to be away', async () =>
    (await Promise.all(INSTANCES.map(isSaidToBeAway))).every(Boolean),
  );
  await sleep(DATABASE_AWAY_MS);
  await database.start();
  await eventually('the processes are ready again', async () =>
    (await Promise.all(INSTANCES.map((index) => cluster.readiness(index)))).every(({ status }) => status === 200),
  );
}

/** Everything that was stored was done, once, and every second fired. Answers how many tasks there were. */
async function assertNothingLost(cluster: Cluster, jobId: number): Promise<number> {
  const { ctx } = cluster;
  await eventually('every task is done', async () => (await countWork(ctx, ['queued', 'running'])) === 0);
  await untilTicksEnded(ctx, jobId);
  const tasks = await listWork(ctx);
  for (const { id, state, args, result } of tasks)
    assert.deepEqual([state, result], ['succeeded', (args as { number: number }).number], `task ${id}`);
  const completed = await cluster.completed();
  assert.equal(new Set(completed).size, completed.length, 'a task was completed twice');
  assertEachSecondOnce(await listTicks(ctx, jobId));
  return tasks.length;
}
