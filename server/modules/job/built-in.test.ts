import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { text } from '#core/i18n.ts';
import type { BuiltInJob } from '#core/task.ts';
import { addBuiltInJobs } from './built-in.service.ts';
import { nothing, useJobs } from './testing.ts';

describe('jobs that the program brings along', () => {
  const { t, create } = useJobs();
  type Job = { id: number; code: string | null; name: string; next_run_at: string };
  const jobs = async () => (await t.admin.get('jobs?page_size=200')).body.data.items as Job[];
  const find = async (code: string) => (await jobs()).find((job) => job.code === code);
  beforeEach(() => addBuiltInJobs(t.system));

  /** What a newer version of the program brings along. */
  async function upgrade(...more: readonly BuiltInJob[]): Promise<void> {
    const environment = t.environment as { builtInJobs: readonly BuiltInJob[] };
    const before = environment.builtInJobs;
    environment.builtInJobs = [...more, ...before];
    try {
      await addBuiltInJobs(t.system);
    } finally {
      environment.builtInJobs = before;
    }
  }
  const brought = (code: string, more: Partial<BuiltInJob> = {}): BuiltInJob => ({
    code,
    name: text(`任务 ${code}`, `Job ${code}`),
    handler: nothing.name,
    cron: '0 3 * * *',
    ...more,
  });

  test('are all there, with handlers that exist', async () => {
    const here = t.environment.builtInJobs.filter(({ dialect }) => !dialect || dialect === t.environment.dialect);
    const codes = new Set((await jobs()).map(({ code }) => code));
    assert.deepEqual(
      here.map(({ code }) => code).filter((code) => !codes.has(code)),
      [],
    );
  });

  test('come back under another name when theirs is used, once however often the program starts', async () => {
    const own = await find('prune-tasks');
    assert.equal((await t.admin.delete(`jobs/${own?.id}`)).status, 200);
    const { id } = await create({ name: own?.name });
    await Promise.all([addBuiltInJobs(t.system), addBuiltInJobs(t.system)]);
    await addBuiltInJobs(t.system);
    const again = (await jobs()).filter(({ code }) => code === 'prune-tasks');
    assert.deepEqual(
      again.map(({ name }) => name),
      [`${own?.name} (prune-tasks)`],
    );
    assert.ok(again[0]?.next_run_at);
    assert.equal((await t.admin.get(`jobs/${id}`)).body.data.code, null);
  });

  test('that are new in an upgrade are added beside jobs of their names', async () => {
    await create({ name: '任务 new' });
    await upgrade(brought('new'));
    assert.equal((await find('new'))?.name, '任务 new (new)');
  });

  test('that cannot be added keep neither the service nor the others from starting', async () => {
    await create({ name: '任务 full' });
    await create({ name: '任务 full (full)' });
    await upgrade(
      brought('full'),
      brought('lost', { handler: 'gone' }),
      brought('wrong', { cron: '@daily' }),
      brought('last'),
    );
    const codes = new Set((await jobs()).map(({ code }) => code));
    assert.deepEqual(
      ['full', 'lost', 'wrong', 'last'].filter((code) => codes.has(code)),
      ['last'],
    );
    const errors = t.logLines.filter((line) => line.includes('a job of the program could not be added'));
    assert.deepEqual(
      errors.map((line) => JSON.parse(line).code),
      ['full', 'lost', 'wrong'],
    );
  });
});
