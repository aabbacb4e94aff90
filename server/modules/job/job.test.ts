import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Type } from '#core/schema.ts';
import { defineTask, named } from '#core/task.ts';
import { useApp } from '#tests/harness.ts';
import { register, until, useWorkers } from '#tests/work.ts';
import { addBuiltInJobs } from './built-in.service.ts';
import { fireJob } from './firing.service.ts';
import * as crud from './job.crud.ts';
import { isInnerAddress } from './probe.handler.ts';
import { nextRuns, type Schedule } from './schedule.ts';
import { Scheduler } from './scheduler.service.ts';

const title = { 'zh-CN': '测试', 'en-US': 'Test' };
const nothing = defineTask({
  name: 'test.nothing',
  title,
  args: Type.Object(
    {
      text: Type.Optional(
        Type.String({
          maxLength: 10,
          ...named({ 'zh-CN': '文字', 'en-US': 'Text' }, { 'zh-CN': '任意', 'en-US': 'Any' }),
        }),
      ),
    },
    { additionalProperties: false },
  ),
  async run() {
    return null;
  },
});
const alone = defineTask({ ...nothing, name: 'test.alone', mayOverlap: false });

let elapsedMs = 0;
const now = () => new Date(Date.now() + elapsedMs);
const daily = { type: 'cron', expression: '0 3 * * *', timezone: 'Asia/Shanghai' };
const each = (seconds: number) => ({ type: 'interval', seconds });

describe('jobs', () => {
  const t = useApp({ now });
  before(() => register(t, nothing, alone));
  let made = 0;
  const create = async (fields: object = {}) => {
    made += 1;
    const answer = await t.admin.post('jobs', {
      name: `job ${made}`,
      handler: nothing.name,
      trigger: daily,
      ...fields,
    });
    assert.equal(answer.status, 200, answer.text);
    return answer.body.data;
  };
  const runsOf = async (jobId: number) =>
    (await t.admin.get(`job-runs?job_id=${jobId}&page_size=200&order_by=id`)).body.data.items as {
      id: number;
      state: string;
      trigger: string;
      scheduled_at: string;
      job_name: string;
      error: string;
    }[];

  test('are created, read, listed, changed and removed; their runs stay', async () => {
    const job = await create({ args: { text: 'x' }, remark: 'r', misfire: 'run_all', overlap: 'queue' });
    assert.deepEqual(
      [job.trigger, job.args, job.misfire, job.overlap, job.is_enabled, job.last_run, job.handler_title],
      [daily, { text: 'x' }, 'run_all', 'queue', true, null, '测试'],
    );
    assert.equal(new Date(job.next_run_at).getUTCHours(), 19);
    assert.deepEqual((await t.admin.get(`jobs/${job.id}`)).body.data, job);
    const list = await t.admin.get(`jobs?keyword=${job.name}`);
    assert.deepEqual(list.body.data.items, [job]);
    assert.equal(list.statements, 4);
    const changed = (await t.admin.patch(`jobs/${job.id}`, { trigger: each(60), version: 1 })).body.data;
    assert.deepEqual([changed.trigger, changed.version, changed.args], [each(60), 2, { text: 'x' }]);
    assert.ok(new Date(changed.next_run_at).getTime() - now().getTime() <= 60_000);
    assert.equal((await t.admin.patch(`jobs/${job.id}`, { name: 'late', version: 1 })).body.error, 'conflict.stale');
    const { task_id } = (await t.admin.post(`jobs/${job.id}/run`)).body.data;
    assert.equal((await t.admin.get(`jobs/${job.id}`)).body.data.last_run.id, task_id);
    assert.equal((await t.admin.delete(`jobs/${job.id}`)).status, 200);
    const run = (await t.admin.get(`job-runs/${task_id}`)).body.data;
    assert.deepEqual([run.job_id, run.job_name, run.trigger], [null, job.name, 'manual']);
    for (const answer of [await t.admin.get(`jobs/${job.id}`), await t.admin.post(`jobs/${job.id}/run`)])
      assert.deepEqual([answer.status, answer.body.error], [404, 'job.not_found']);
  });

  test('A35 are refused with code, unknown handlers, wrong arguments and schedules that are none', async () => {
    const wrong: [fields: object, status: number, error: string, path?: string][] = [
      [{ handler: 'fs.readFile' }, 422, 'task.handler_unknown', 'handler'],
      [{ handler: '../../etc/passwd' }, 422, 'task.handler_unknown', 'handler'],
      [{ handler: '__proto__' }, 422, 'task.handler_unknown', 'handler'],
      [{ args: { text: 5 } }, 422, 'task.arguments_invalid', 'args.text'],
      [{ args: { code: 'process.exit()' } }, 422, 'task.arguments_invalid', 'args.code'],
      [{ args: 'process.exit()' }, 400, 'request.invalid', 'args'],
      [{ source: 'process.exit()' }, 400, 'request.invalid', 'source'],
      [{ trigger: { ...daily, expression: '61 * * * *' } }, 422, 'job.cron_invalid', 'trigger.expression'],
      [{ trigger: { ...daily, expression: '* * * * * * *' } }, 422, 'job.cron_invalid', 'trigger.expression'],
      [{ trigger: { ...daily, expression: '0 0 31 2 *' } }, 422, 'job.never_due', 'trigger'],
      [{ trigger: { ...daily, timezone: 'Mars/Base' } }, 422, 'job.timezone_unknown', 'trigger.timezone'],
      [{ trigger: { type: 'once', at: '2001-01-01T00:00:00Z' } }, 422, 'job.never_due', 'trigger'],
      [{ trigger: each(0) }, 400, 'request.invalid'],
      [{ trigger: { type: 'always' } }, 400, 'request.invalid'],
      [{ starts_at: '2030-01-02T00:00:00Z', ends_at: '2030-01-01T00:00:00Z' }, 422, 'job.ends_before_start', 'ends_at'],
      [{ handler: alone.name, overlap: 'allow' }, 422, 'job.may_not_overlap', 'overlap'],
    ];
    for (const [fields, status, error, path] of wrong) {
      const answer = await t.admin.post('jobs', { name: 'wrong', handler: nothing.name, trigger: daily, ...fields });
      assert.deepEqual([answer.status, answer.body.error], [status, error], JSON.stringify(fields));
      if (path) assert.equal(answer.body.details[0].path, path, JSON.stringify(fields));
    }
    const job = await create();
    assert.equal(
      (await t.admin.post('jobs', { name: job.name, handler: nothing.name, trigger: daily })).body.error,
      'job.name_taken',
    );
  });

  test('tell their next five runs, in their time zone and across a change of clocks', async () => {
    const preview = async (trigger: object, more: object = {}) =>
      (await t.admin.post('jobs/preview', { trigger, ...more })).body;
    assert.equal((await preview(daily)).data.items.length, 5);
    assert.equal((await preview({ ...daily, expression: '*/10 * * * * *' })).data.items.length, 5);
    const ends_at = new Date(now().getTime() + 150_000).toISOString();
    assert.equal((await preview(each(60), { ends_at })).data.items.length, 2);
    assert.equal((await preview({ ...daily, expression: 'nonsense' })).error, 'job.cron_invalid');
    const none = { seconds: null, at: null, starts_at: null, ends_at: null };
    const berlin: Schedule = { ...none, trigger_type: 'cron', expression: '30 2 * * *', timezone: 'Europe/Berlin' };
    // On 29 March 2026 the clocks of Berlin go from 2:00 to 3:00.
    const from = new Date('2026-03-28T00:00:00Z');
    const runs = nextRuns(berlin, from, from, 3).map((run) => run.toISOString());
    assert.deepEqual([runs[0], runs.length, new Set(runs).size], ['2026-03-28T01:30:00.000Z', 3, 3]);
    const hourly: Schedule = { ...none, trigger_type: 'interval', expression: null, timezone: null, seconds: 3600 };
    const anchor = new Date('2026-01-01T00:00:10Z');
    const [late] = nextRuns(hourly, new Date('2026-01-01T05:30:00Z'), anchor, 1);
    assert.equal(late?.toISOString(), '2026-01-01T06:00:10.000Z', 'a late look does not shift those after it');
  });

  test('are paused and resumed, and make up for nothing of the pause', async () => {
    const job = await create({ trigger: each(60), misfire: 'run_all' });
    const paused = (await t.admin.post(`jobs/${job.id}/pause`)).body;
    assert.deepEqual([paused.message, paused.data.is_enabled, paused.data.next_run_at], ['任务已暂停', false, null]);
    elapsedMs += 600_000;
    const resumed = (await t.admin.post(`jobs/${job.id}/resume`)).body.data;
    assert.ok(new Date(resumed.next_run_at) > now());
    await fire();
    assert.deepEqual(await runsOf(job.id), []);
  });

  /** Fires what is due, as the scheduler of one instance does. */
  async function fire(misfireAfterMs = 1000) {
    for (const job of await crud.listDue(t.system, 100))
      await t.system.inTransaction((ctx) => fireJob(ctx, job, misfireAfterMs));
  }

  const missedBy = async (job: { id: number; next_run_at: string }, ms: number) => {
    elapsedMs = new Date(job.next_run_at).getTime() + ms - Date.now();
    await fire();
    const runs = await runsOf(job.id);
    await t.admin.delete(`jobs/${job.id}`);
    return runs.map(({ state }) => state);
  };

  test('A39 that were missed: none, one for all, or each is run, and the rest is on record', async () => {
    const missed = (misfire: string) => create({ trigger: each(60), misfire, overlap: 'allow' });
    assert.deepEqual(await missedBy(await missed('skip'), 190_000), ['missed', 'missed', 'missed', 'missed']);
    assert.deepEqual(await missedBy(await missed('run_once'), 190_000), ['missed', 'missed', 'missed', 'queued']);
    assert.deepEqual(await missedBy(await missed('run_all'), 190_000), ['queued', 'queued', 'queued', 'queued']);
    assert.deepEqual(await missedBy(await missed('run_once'), 180_500), ['missed', 'missed', 'missed', 'queued']);
    assert.deepEqual(await missedBy(await missed('skip'), 500), ['queued']);
  });

  test('whose last run still goes on: it is left out, waits, or runs beside it', async () => {
    const twice = async (overlap: string) => {
      const job = await create({ trigger: each(60), misfire: 'run_all', overlap });
      return missedBy(job, 60_500);
    };
    assert.deepEqual(await twice('skip'), ['queued', 'skipped']);
    assert.deepEqual(await twice('queue'), ['queued', 'queued']);
    assert.deepEqual(await twice('allow'), ['queued', 'queued']);
  });

  test('A39 fire each moment once, however many schedulers there are, and not again when set back', async () => {
    const job = await create({ trigger: each(60), overlap: 'allow' });
    elapsedMs = new Date(job.next_run_at).getTime() + 100 - Date.now();
    const due = await crud.listDue(t.system, 100);
    await Promise.all(
      Array.from({ length: 8 }, () =>
        Promise.all(due.map((row) => t.system.inTransaction((ctx) => fireJob(ctx, row, 1000)))),
      ),
    );
    assert.equal((await runsOf(job.id)).length, 1);
    const why = 'a test sets a job back';
    const next_run_at = new Date(job.next_run_at);
    await t.system.unscoped('jobs', why).updateQuietly({ next_run_at }).where('id', '=', job.id).execute();
    await fire();
    assert.equal((await runsOf(job.id)).length, 1);
  });

  test('A40 a run now comes beside the schedule; one whose handler is gone fails on record', async () => {
    const job = await create({ trigger: each(3600) });
    const before = (await t.admin.get(`jobs/${job.id}`)).body.data.next_run_at;
    assert.equal((await t.admin.post(`jobs/${job.id}/run`)).body.message, '任务已开始执行');
    assert.equal((await t.admin.get(`jobs/${job.id}`)).body.data.next_run_at, before);
    const lost = await create({ trigger: each(60) });
    const why = 'a test takes a handler away';
    await t.system.unscoped('jobs', why).updateQuietly({ handler: 'gone' }).where('id', '=', lost.id).execute();
    elapsedMs = new Date(lost.next_run_at).getTime() + 100 - Date.now();
    await fire();
    const [run] = await runsOf(lost.id);
    assert.deepEqual([run?.state, run?.error], ['failed', 'there is no handler named gone']);
    assert.equal((await t.admin.post(`jobs/${lost.id}/run`)).body.error, 'task.handler_unknown');
  });

  test('once fires once, and then no more', async () => {
    const at = new Date(now().getTime() + 5000).toISOString();
    const job = await create({ trigger: { type: 'once', at } });
    elapsedMs += 5100;
    await fire();
    await fire();
    const after = (await t.admin.get(`jobs/${job.id}`)).body.data;
    assert.deepEqual([after.next_run_at, (await runsOf(job.id)).length], [null, 1]);
    assert.equal((await t.admin.post(`jobs/${job.id}/resume`)).status, 200);
  });

  test('need their permissions, and know what they can do', async () => {
    const reader = await t.as({ permissions: ['monitor:job:query'], scope: 'self' });
    const job = await create();
    assert.equal((await reader.get(`jobs/${job.id}`)).status, 200);
    for (const answer of [
      await reader.post('jobs', {}),
      await reader.patch(`jobs/${job.id}`, { name: 'x' }),
      await reader.delete(`jobs/${job.id}`),
      await reader.post(`jobs/${job.id}/run`),
      await reader.post(`jobs/${job.id}/pause`),
      await reader.post('jobs/batch-delete', { ids: [job.id] }),
    ])
      assert.equal(answer.status, 403);
    const handlers = (await reader.get('jobs/handlers')).body.data.items;
    const own = handlers.find(({ name }: { name: string }) => name === nothing.name);
    assert.deepEqual([own.title, own.args_schema.properties.text.type, own.may_overlap], ['测试', 'string', true]);
    assert.deepEqual(
      [own.args_schema.properties.text.title, own.args_schema.properties.text.description],
      ['文字', '任意'],
    );
    const inEnglish = await reader.get('jobs/handlers', { headers: { 'accept-language': 'en-US' } });
    for (const [locale, { body }] of [
      ['zh-CN', { body: { data: { items: handlers } } }],
      ['en-US', inEnglish],
    ] as const) {
      for (const { name, args_schema } of body.data.items)
        for (const [key, { title, description }] of Object.entries<{ title?: string; description?: string }>(
          args_schema.properties,
        )) {
          assert.ok(title && title !== key, `${name}: the argument ${key} has no name for people`);
          if (locale === 'en-US') assert.doesNotMatch(`${title} ${description}`, /\p{Script=Han}/u, name);
        }
    }
    const batch = await t.admin.post('jobs/batch-delete', { ids: [job.id, 999_999] });
    assert.deepEqual([batch.body.error, batch.body.details[0].path], ['conflict.batch_refused', 'ids.1']);
    assert.equal((await t.admin.get(`jobs/${job.id}`)).status, 200);
  });

  test('that the program brings along are there once, and stay as they were changed', async () => {
    await addBuiltInJobs(t.system);
    const jobs = async () =>
      (await t.admin.get('jobs?page_size=200')).body.data.items as {
        code: string;
        id: number;
        trigger: { expression: string };
      }[];
    const cleaner = (await jobs()).find(({ code }) => code === 'clean-expired-tokens');
    assert.equal(cleaner?.trigger.expression, '*/30 * * * *');
    await t.admin.patch(`jobs/${cleaner?.id}`, { trigger: each(900) });
    await Promise.all([addBuiltInJobs(t.system), addBuiltInJobs(t.system)]);
    const again = (await jobs()).filter(({ code }) => code === 'clean-expired-tokens');
    assert.deepEqual([again.length, again[0]?.trigger], [1, each(900)]);
    // Other databases have tools of their own.
    const backups = (await jobs()).filter(({ code }) => code === 'back-up-database').length;
    assert.equal(backups, t.environment.dialect === 'sqlite' ? 1 : 0);
  });

  test('that the program brings along are called and found in the language of the reader, until somebody names them', async () => {
    await addBuiltInJobs(t.system);
    const english = { headers: { 'accept-language': 'en-US' } };
    type Named = { code: string; id: number; name: string; job_name: string };
    const find = async (path: string, more = {}) => (await t.admin.get(path, more)).body.data.items as Named[];
    const nameOf = async (path: string, more = {}) =>
      (await find(path, more)).find(({ code }) => code === 'clean-expired-tokens')?.name;
    assert.equal(await nameOf('jobs?page_size=200'), '清理过期令牌');
    assert.equal(await nameOf('jobs?page_size=200', english), 'Clean expired tokens');
    assert.equal(await nameOf('jobs?keyword=clean%20expired%20TOK', english), 'Clean expired tokens');
    assert.equal(await nameOf('jobs?keyword=clean%20expired%20TOK'), undefined);
    const id = (await find('jobs?keyword=session.clean-expired'))[0]?.id;
    await t.admin.post(`jobs/${id}/run`);
    const runs = await find(`job-runs?job_id=${id}&keyword=expired%20tokens`, english);
    assert.deepEqual(
      runs.map(({ job_name }) => job_name),
      ['Clean expired tokens'],
    );
    await t.admin.patch(`jobs/${id}`, { name: 'Sweeper' });
    assert.deepEqual(
      [await nameOf('jobs?page_size=200'), await nameOf('jobs?page_size=200', english)],
      ['Sweeper', 'Sweeper'],
    );
  });
});

describe('the work of an installation', () => {
  const t = useApp();
  const startWorker = useWorkers();
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'backup-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const runToEnd = async (handler: string, args: object = {}) => {
    const job = { name: `${handler} ${JSON.stringify(args)}`, handler, args, trigger: daily };
    const { id } = (await t.admin.post('jobs', job)).body.data;
    const { task_id } = (await t.admin.post(`jobs/${id}/run`)).body.data;
    const read = async () => (await t.admin.get(`job-runs/${task_id}`)).body.data;
    await until(`${handler} ends`, async () => !['queued', 'running'].includes((await read()).state));
    return read();
  };

  test('a scheduler fires every second by itself, and stops', async () => {
    register(t, nothing);
    const created = await t.admin.post('jobs', { name: 'each second', handler: nothing.name, trigger: each(1) });
    const job = created.body.data;
    const schedulers = [1, 2].map(() => new Scheduler(t.system, { pollMs: 200, misfireAfterMs: 60_000 }));
    for (const scheduler of schedulers) scheduler.start();
    await startWorker(t);
    const runs = async () => (await t.admin.get(`job-runs?job_id=${job.id}`)).body.data.items;
    await until(
      'three runs have succeeded',
      async () => (await runs()).filter((run: { state: string }) => run.state === 'succeeded').length >= 3,
    );
    await Promise.all(schedulers.map((scheduler) => scheduler.stop()));
    const moments = (await runs()).map((run: { scheduled_at: string }) => run.scheduled_at);
    assert.equal(new Set(moments).size, moments.length);
    await sleep(1200);
    assert.equal((await runs()).length, moments.length);
  });

  test('expired tokens are cleaned, living ones stay', async () => {
    const why = 'a test makes a session';
    const insert = (id: string, expires: number) => {
      const at = new Date(Date.now() + expires);
      return t.system
        .unscoped('sessions', why)
        .insert({ id, user_id: t.admin.userId, last_seen_at: at, expires_at: at });
    };
    await insert('expired', -40 * 86_400_000);
    await insert('alive', 100_000);
    await startWorker(t);
    const run = await runToEnd('session.clean-expired');
    assert.deepEqual([run.state, run.result], ['succeeded', { deleted: 1 }]);
    const left = await t.system
      .unscoped('sessions', why)
      .select()
      .select('id')
      .where('id', 'in', ['expired', 'alive'])
      .execute();
    assert.deepEqual(left, [{ id: 'alive' }]);
  });

  test('A36 a probe asks allowed hosts only, and never an inner address', async () => {
    const inside = [
      '127.0.0.1',
      '10.1.2.3',
      '169.254.169.254',
      '192.168.0.1',
      '172.31.0.1',
      '0.0.0.0',
      '::1',
      '::',
      'fe80::1',
      'fd00::1',
      '::ffff:127.0.0.1',
      '::ffff:7f00:1',
      'localhost',
    ];
    for (const address of inside) assert.equal(isInnerAddress(address), true, address);
    for (const address of ['1.1.1.1', '8.8.8.8', '2606:4700::1111', '172.32.0.1'])
      assert.equal(isInnerAddress(address), false, address);
    await startWorker(t);
    const notAllowed = await runToEnd('http.probe', { url: 'http://example.com/' });
    assert.deepEqual([notAllowed.state, notAllowed.error], ['failed', 'example.com is not in PROBE_ALLOWED_HOSTS']);
    const allowed = useAllowed(['localhost', '127.0.0.1', '[::1]']);
    for (const url of ['http://localhost:1/', 'http://127.0.0.1:1/', 'http://[::1]:1/']) {
      const run = await runToEnd('http.probe', { url });
      assert.match(run.error, /leads to an inner address$/, url);
    }
    allowed.restore();
    const refused = await t.admin.post('jobs', {
      name: 'p',
      handler: 'http.probe',
      trigger: daily,
      args: { url: 'file:///etc/passwd' },
    });
    assert.equal(refused.body.error, 'task.arguments_invalid');
  });

  function useAllowed(hosts: readonly string[]) {
    const settings = t.environment as { settings: object };
    const before = settings.settings;
    settings.settings = { ...before, PROBE_ALLOWED_HOSTS: hosts };
    return {
      restore: () => {
        settings.settings = before;
      },
    };
  }

  test('an SQLite database is backed up while it is used; another says what to use', async () => {
    const settings = t.environment as { settings: object };
    const before = settings.settings;
    settings.settings = { ...before, DATA_DIR: folder, BACKUP_KEEP: 1 };
    await startWorker(t);
    const first = await runToEnd('database.backup');
    settings.settings = before;
    if (t.environment.dialect !== 'sqlite') {
      assert.match(first.error, /mysqldump or pg_dump/);
      return;
    }
    assert.equal(first.state, 'succeeded', first.error);
    const files = await readdir(join(folder, 'backups'));
    assert.deepEqual(files, [first.result.file]);
    const { DatabaseSync } = await import('node:sqlite');
    const copy = new DatabaseSync(join(folder, 'backups', first.result.file), { readOnly: true });
    assert.equal((copy.prepare('select count(*) as n from users').get() as { n: number }).n >= 1, true);
    copy.close();
  });
});
