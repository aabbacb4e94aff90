import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Feature } from '#core/feature.ts';
import { Type } from '#core/schema.ts';
import { defineTask } from '#core/task.ts';

const title = { 'zh-CN': '测试', 'en-US': 'Test' };

/** Work that takes a while, so that a kill finds some of it in the middle. */
export const workHandler = defineTask({
  name: 'cluster.work',
  title,
  args: Type.Object({ number: Type.Integer(), ms: Type.Integer() }, { additionalProperties: false }),
  attempts: 50,
  backoff: { baseMs: 50, mostMs: 500 },
  async run(_ctx, { number, ms }, { signal }) {
    await sleep(ms, null, { signal });
    return number;
  },
});

export const tickHandler = defineTask({
  name: 'cluster.tick',
  title,
  args: Type.Object({}, { additionalProperties: false }),
  attempts: 50,
  backoff: { baseMs: 50, mostMs: 500 },
  async run() {
    await sleep(20);
  },
});

const own: ReadonlySet<string> = new Set([workHandler.name, tickHandler.name]);

/** The work, and a line in a file for each task of it that this process has brought to its end. */
export function clusterFeature(file: string): Feature {
  return {
    name: 'cluster',
    title,
    description: 'Work that tests give to several processes.',
    tasks: [workHandler, tickHandler],
    listeners: {
      'task.changed': (_ctx, { id, handler, state }) => {
        if (state === 'succeeded' && own.has(handler)) appendFileSync(file, `${id}\n`);
      },
    },
  };
}
