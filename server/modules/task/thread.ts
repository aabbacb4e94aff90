import { ReadableStream } from 'node:stream/web';
import { parentPort, workerData } from 'node:worker_threads';
import type { Json, RunningTask } from '#core/task.ts';
import { inParts } from './file-parts.ts';

// Runs on a thread of its own: loads the handler's module, calls its `run`, and tells the worker what becomes of it.
const { module, args, ...about } = workerData as {
  module: string;
  args: Json;
  id: number;
  createdBy: number | null;
  attempt: number;
};
type ToThread =
  | { readonly kind: 'abort' }
  | { readonly kind: 'file-left' }
  | { readonly kind: 'file-refused'; readonly message: string };

const controller = new AbortController();
const tell = (message: object, moved: readonly ReadableStream[] = []) => parentPort?.postMessage(message, [...moved]);
let leaving: PromiseWithResolvers<void> | null = null;
parentPort?.on('message', (message: ToThread) => {
  if (message.kind === 'abort') controller.abort(new Error('the task was aborted'));
  else if (message.kind === 'file-left') leaving?.resolve();
  else leaving?.reject(new Error(message.message));
});

const task: RunningTask = {
  ...about,
  signal: controller.signal,
  progress: (done, total, note) => tell({ kind: 'progress', done, total, note }),
  log: (message, level) => tell({ kind: 'log', message, level }),
  leaveFile({ name, type, content }) {
    if (leaving) return Promise.reject(new Error('a run leaves at most one file'));
    leaving = Promise.withResolvers();
    leaving.promise.catch(() => undefined);
    // Each piece costs a word there and back between the threads.
    const bytes = ReadableStream.from(inParts(content));
    tell({ kind: 'file', name, type, content: bytes }, [bytes]);
    return leaving.promise;
  },
};

try {
  const { run } = (await import(module)) as { run(args: Json, task: RunningTask): Promise<Json | undefined> };
  const result = (await run(args, task)) ?? null;
  await (leaving as PromiseWithResolvers<void> | null)?.promise;
  tell({ kind: 'result', result });
} catch (error) {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  tell({ kind: 'error', message, stack });
}
