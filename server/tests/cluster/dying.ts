import { loadConfig } from '#config';
import { addTask } from '#modules/task/queue.service.ts';
import { workHandler } from './feature.ts';
import { openProgram } from './program.ts';

// Queues a task and dies: before the commit, or between the commit and the word of it to the workers.
const [, , file = '', when] = process.argv;
const { ctx } = await openProgram(loadConfig(), file);
const die = () => void process.kill(process.pid, 'SIGKILL');
await ctx.inTransaction(async (ctx) => {
  // Effects come in their order, so this one comes before the word.
  if (when === 'after-commit') await ctx.afterCommit(die);
  await addTask(ctx, workHandler, { number: when === 'after-commit' ? 1 : 0, ms: 0 });
  if (when === 'before-commit') die();
});
