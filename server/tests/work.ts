import { after, afterEach } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AnyTaskHandler } from '#core/task.ts';
import { TaskWorker, type WorkerOptions } from '#modules/task/worker.service.ts';
import type { TestApp } from './harness.ts';

/** Registers handlers of a test with the program. */
export function register(t: TestApp, ...handlers: readonly AnyTaskHandler[]): void {
  for (const handler of handlers) (t.environment.handlers as Map<string, AnyTaskHandler>).set(handler.name, handler);
}

/** Starts workers that end with the test that started them. */
export function useWorkers(): (t: TestApp, options?: Partial<WorkerOptions>) => Promise<TaskWorker> {
  const workers: TaskWorker[] = [];
  const stopAll = async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.stop(2000)));
  };
  afterEach(stopAll);
  after(stopAll);
  return async (t, options = {}) => {
    const { dispatcher } = t;
    const defaults = { instance: `test-${workers.length}`, places: 5, leaseMs: 30_000, pollMs: 50, dispatcher };
    const worker = new TaskWorker(t.system, { ...defaults, ...options });
    workers.push(worker);
    await worker.start();
    return worker;
  };
}

/** Asks until the answer is true; throws with `what` after thirty seconds. */
export async function until(what: string, ask: () => Promise<boolean> | boolean): Promise<void> {
  for (let waited = 0; waited < 30_000; waited += 20) {
    if (await ask()) return;
    await sleep(20);
  }
  throw new Error(`waited thirty seconds in vain: ${what}`);
}
