import { EventEmitter, once } from 'node:events';
import { type Feature, route } from '#core/feature.ts';
import { text } from '#core/i18n.ts';
import { Type } from '#core/schema.ts';
import { defineTask, named } from '#core/task.ts';

const words = new EventEmitter();
const failed = new Set<number>();

const steps = defineTask({
  name: 'console-tests.steps',
  title: text('逐步测试', 'Test in steps'),
  args: Type.Object(
    { steps: Type.Integer({ minimum: 1, maximum: 100, default: 4, ...named(text('步数', 'Steps')) }) },
    { additionalProperties: false },
  ),
  attempts: 1,
  async run(_ctx, { steps }, { log, progress, signal }) {
    for (let done = 0; done < steps; done++) {
      progress(done, steps);
      await once(words, 'go', { signal });
      log(`step ${done + 1}`);
    }
    progress(steps, steps);
    return { steps };
  },
});

const failsOnce = defineTask({
  name: 'console-tests.fails-once',
  title: text('首次失败测试', 'Test that fails once'),
  args: Type.Object({}, { additionalProperties: false }),
  attempts: 1,
  async run(_ctx, _args, { id, log }) {
    log('the printer is asked');
    if (failed.has(id)) return { printed: true };
    failed.add(id);
    throw new Error('the printer is on fire');
  },
});

const report = defineTask({
  name: 'console-tests.report',
  title: text('报表测试', 'Test of a report'),
  args: Type.Object({}, { additionalProperties: false }),
  attempts: 1,
  async run(_ctx, _args, { leaveFile, signal }) {
    await once(words, 'go', { signal });
    await leaveFile({ name: '年度 "报表".csv', type: 'text/csv; charset=utf-8', content: '年份,数量\r\n2026,7\r\n' });
  },
});

/** Work whose progress and failure the browser tests bring about; no installation has it. */
export const consoleTests: Feature = {
  name: 'console-tests',
  title: text('控制台测试', 'Tests of the console'),
  description: 'Work for the browser tests.',
  tasks: [steps, failsOnce, report],
  routes: [
    route({
      method: 'POST',
      path: '/console-tests/go',
      access: 'signed-in',
      summary: 'Let the test in steps take one more',
      handle: async () => void words.emit('go'),
    }),
  ],
};
