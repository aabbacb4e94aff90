import { isMainThread } from 'node:worker_threads';
import type { Json, RunningTask } from '#core/task.ts';

/** A handler's module, as the tests of tasks run it on a thread. */
export async function run(args: Json, task: RunningTask): Promise<Json> {
  task.progress(7, 7);
  task.log('on a thread');
  if ((args as { fail: boolean }).fail) throw new Error('the thread failed');
  return { isMainThread };
}
