import { isMainThread } from 'node:worker_threads';
import type { Json, RunningTask } from '#core/task.ts';

/** Leaves a file of a few megabytes from a thread, as the tests of files run it; or more than may be left. */
export async function run(args: Json, task: RunningTask): Promise<Json> {
  const { megabytes } = args as { megabytes: number };
  async function* content() {
    for (let index = 0; index < megabytes * 16; index++) yield Buffer.alloc(65_536, index);
  }
  await task.leaveFile({ name: 'from-a-thread.bin', type: 'application/octet-stream', content: content() });
  return { isMainThread };
}
