import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { backends } from './backends.ts';
import { countWork, eventually, listWork, openCluster } from './cluster.ts';

describe('a process that dies while it queues a task', { concurrency: backends.length }, () => {
  for (const { name, skip, openDatabase, redisUrl } of backends) {
    test(`A39 leaves it to be done once after the commit, and nothing before it, on ${name}`, { skip }, async () => {
      const database = await openDatabase();
      const cluster = await openCluster(database.url, redisUrl);
      try {
        await cluster.start(0);
        assert.equal(await cluster.runScript('dying.ts', 'before-commit'), 'SIGKILL');
        assert.equal(await cluster.runScript('dying.ts', 'after-commit'), 'SIGKILL');
        await eventually('the task is done', async () => (await countWork(cluster.ctx, ['succeeded'])) > 0);
        // What was rolled back would be found by now: workers look at the database twice a second.
        await sleep(1500);
        const tasks = (await listWork(cluster.ctx)).map(({ state, attempt, result }) => [state, attempt, result]);
        assert.deepEqual(tasks, [['succeeded', 1, 1]]);
        assert.equal((await cluster.completed()).length, 1);
      } finally {
        await cluster.close();
        await database.drop();
      }
    });
  }
});
