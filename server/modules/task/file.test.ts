import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { before, describe, test } from 'node:test';
import { parse } from 'content-disposition';
import { text } from '#core/i18n.ts';
import { Type } from '#core/schema.ts';
import { defineTask, type RunningTask, type TaskFile } from '#core/task.ts';
import { type Client, useApp } from '#tests/harness.ts';
import { register, until, useWorkers } from '#tests/work.ts';
import { addTask } from './queue.service.ts';

const why = 'a test looks at what is stored';
const title = text('测试', 'Test');
const args = Type.Object({}, { additionalProperties: false });
const MEGABYTE = 1024 * 1024;

let file: TaskFile;
const leaves = defineTask({
  name: 'test.leaves',
  title,
  args,
  attempts: 1,
  async run(_ctx, _args, task) {
    await task.leaveFile(file);
    return 'left';
  },
});
const hurries = defineTask({
  ...leaves,
  name: 'test.hurries',
  async run(_ctx, _args, task) {
    void task.leaveFile(file);
  },
});
const leavesTwo = defineTask({
  ...leaves,
  name: 'test.leaves-two',
  async run(_ctx, _args, task) {
    await task.leaveFile(file);
    await task.leaveFile(file);
  },
});
const failsLate = defineTask({
  ...leaves,
  name: 'test.fails-late',
  async run(_ctx, _args, task) {
    await task.leaveFile(file);
    throw new Error('failed after all');
  },
});
let waiting: RunningTask | undefined;
const leavesAndWaits = defineTask({
  ...leaves,
  name: 'test.leaves-and-waits',
  async run(_ctx, _args, task) {
    await task.leaveFile(file);
    waiting = task;
    await once(task.signal, 'abort');
    throw task.signal.reason;
  },
});
const personal = defineTask({ ...leaves, name: 'test.personal', permission: 'system:user:export' });
const threaded = defineTask({
  name: 'test.threaded-file',
  title,
  args: Type.Object({ megabytes: Type.Integer() }, { additionalProperties: false }),
  attempts: 1,
  thread: new URL('./thread-file.fixture.ts', import.meta.url),
});

async function* inPieces(bytes: Buffer, size: number) {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

describe('files that tasks leave', () => {
  const t = useApp({ settings: { TASK_FILE_MAX_MB: '3' } });
  const startWorker = useWorkers();
  let person: Client;
  before(async () => {
    register(t, leaves, hurries, leavesTwo, failsLate, leavesAndWaits, personal, threaded);
    person = await t.as({ permissions: ['system:user:export'], scope: 'self' });
  });

  /** Queued by somebody, as a service would do it for a request of theirs. */
  const add = async (handler: { readonly name: string }, by: Client | null = null, given: object = {}) =>
    t.system.unscoped('tasks', why).insert({
      handler: handler.name,
      args: given as never,
      available_at: new Date(),
      created_by: by?.userId ?? null,
    });
  const read = async (id: number) => (await t.admin.get(`tasks/${id}`)).body.data;
  const ended = async (id: number) => {
    await until(`task ${id} ends`, async () => !['queued', 'running'].includes((await read(id)).state));
    return read(id);
  };
  const fetchFile = (path: string, client = t.admin) =>
    t.app.inject({ url: `/api/v1/${path}`, headers: { authorization: `Bearer ${client.token}` } });
  const partsOf = async (id: number) =>
    (await t.system.unscoped('task_file_parts', why).select().select('part').where('task_id', '=', id).execute())
      .length;

  test('come back byte by byte, whatever pieces they were written in, as something to save', async () => {
    await startWorker(t);
    const bytes = randomBytes(700_001);
    for (const content of [bytes, inPieces(bytes, 1000), inPieces(bytes, 400_000)]) {
      file = { name: 'figures.bin', type: 'application/x-figures', content };
      const id = await add(leaves);
      const task = await ended(id);
      assert.deepEqual(task.file, { name: 'figures.bin', type: 'application/x-figures', bytes: 700_001 });
      assert.equal(await partsOf(id), 3);
      const answer = await fetchFile(`tasks/${id}/file`);
      assert.ok(answer.rawPayload.equals(bytes));
      const { headers } = answer;
      assert.deepEqual(
        ['content-type', 'content-disposition', 'content-length', 'x-content-type-options', 'cache-control'].map(
          (name) => headers[name],
        ),
        ['application/octet-stream', 'attachment; filename=figures.bin', '700001', 'nosniff', 'no-store'],
      );
    }
    const listed = (await t.admin.get(`tasks?handler=${leaves.name}`)).body.data.items[0];
    assert.equal(listed.file.bytes, 700_001);
    assert.equal((await t.admin.get('audit-logs?action=export')).body.data.items[0].detail.route, '/tasks/:id/file');
  });

  test('may be empty, may be text, and are waited for also by a handler that does not', async () => {
    await startWorker(t);
    for (const content of [
      '',
      'Grüße\n',
      (async function* () {
        yield 'Grü';
        yield 'ße\n';
      })(),
    ]) {
      file = { name: 'words.txt', type: 'text/plain; charset=utf-8', content };
      const id = await add(hurries);
      const bytes = content === '' ? 0 : 8;
      assert.deepEqual((await ended(id)).file, { name: 'words.txt', type: file.type, bytes });
      assert.equal((await fetchFile(`tasks/${id}/file`)).payload, bytes === 0 ? '' : 'Grüße\n');
    }
  });

  test('have the name that was given, and none that is a path or a header of its own', async () => {
    await startWorker(t);
    const expected = {
      'annual "report".csv': 'annual "report".csv',
      '年度报表.csv': '年度报表.csv',
      'a\r\nSet-Cookie: x=1.csv': 'a_Set-Cookie: x=1.csv',
      '../../etc/passwd': '_.._etc_passwd',
      'C:\\temp\\x.csv': 'C:_temp_x.csv',
      'invoice\u202efdp.exe': 'invoice_fdp.exe',
      '\ud800.csv': '\ufffd.csv',
      '...': 'file',
      [`${'长'.repeat(300)}.csv`]: `${'长'.repeat(146)}.csv`,
    };
    for (const [name, kept] of Object.entries(expected)) {
      file = { name, type: 'text/csv', content: 'a,b\r\n' };
      const id = await add(leaves);
      assert.equal((await ended(id)).file?.name, kept);
      const { headers } = await fetchFile(`tasks/${id}/file`);
      assert.equal(headers['set-cookie'], undefined);
      const header = String(headers['content-disposition']);
      assert.match(header, /^[\x20-\x7e]+$/);
      const { type, parameters } = parse(header);
      assert.deepEqual([type, parameters['filename']], ['attachment', kept]);
    }
  });

  test('are never sent as a page, whatever type was given', async () => {
    await startWorker(t);
    file = { name: 'page.html', type: 'text/html', content: '<script>alert(1)</script>' };
    const { headers } = await fetchFile(`tasks/${(await ended(await add(leaves))).id}/file`);
    assert.deepEqual(
      [headers['content-type'], String(headers['content-disposition']).split(';')[0]],
      ['application/octet-stream', 'attachment'],
    );
    file = { name: 'x', type: 'text/html\r\nx: y', content: '' };
    assert.match((await ended(await add(leaves))).error, /is no media type/);
  });

  test('come from a thread, too', async () => {
    await startWorker(t);
    const task = await ended(await add(threaded, null, { megabytes: 2 }));
    assert.deepEqual([task.error, task.result, task.file?.bytes], [null, { isMainThread: false }, 2 * MEGABYTE]);
    const { rawPayload } = await fetchFile(`tasks/${task.id}/file`);
    assert.ok(
      [0, 1, 31].every(
        (index) => rawPayload[index * 65_536] === index && rawPayload[(index + 1) * 65_536 - 1] === index,
      ),
    );
    const large = await ended(await add(threaded, null, { megabytes: 4 }));
    assert.deepEqual([large.state, large.error], ['failed', 'the file is larger than 3 MB (TASK_FILE_MAX_MB)']);
  });

  test('are no larger than they may be', async () => {
    await startWorker(t);
    for (const [handler, length] of [
      [leaves, 3 * MEGABYTE + 1],
      [hurries, 3 * MEGABYTE + 1],
      [leaves, 3 * MEGABYTE],
    ] as const) {
      file = { name: 'large', type: 'text/plain', content: inPieces(Buffer.alloc(length), 100_000) };
      const { id, state, error, file: left } = await ended(await add(handler));
      if (length === 3 * MEGABYTE) assert.deepEqual([state, left.bytes], ['succeeded', length]);
      else {
        assert.deepEqual([state, error], ['failed', 'the file is larger than 3 MB (TASK_FILE_MAX_MB)']);
        assert.deepEqual([left, await partsOf(id)], [null, 0]);
      }
    }
  });

  test('are there only when the run ended well, and only one of them', async () => {
    await startWorker(t);
    file = { name: 'x.txt', type: 'text/plain', content: 'x' };
    for (const [handler, error] of [
      [failsLate, 'failed after all'],
      [leavesTwo, 'a run leaves at most one file'],
    ] as const) {
      const task = await ended(await add(handler));
      assert.deepEqual([task.state, task.error, task.file], ['failed', error, null]);
      const answer = await t.admin.get(`tasks/${task.id}/file`);
      assert.deepEqual([answer.status, answer.body.error], [404, 'task.file_not_found']);
      assert.equal(await partsOf(task.id), 0);
    }
    waiting = undefined;
    const id = await add(leavesAndWaits);
    await until('the file is written', () => waiting !== undefined);
    assert.deepEqual([await partsOf(id), (await read(id)).file], [1, null]);
    assert.equal((await t.admin.get(`tasks/${id}/file`)).body.error, 'task.file_not_found');
    await t.admin.post(`tasks/${id}/cancel`);
    assert.deepEqual([(await ended(id)).state, (await read(id)).file, await partsOf(id)], ['cancelled', null, 0]);
  });

  test('of an instance that is not heard of are not those of the one that takes over, and are pruned', async () => {
    let goOn: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    let isWritten = false;
    const stalls = defineTask({
      ...leaves,
      name: 'test.stalls-with-file',
      attempts: 2,
      backoff: { baseMs: 20, mostMs: 40 },
      async run(_ctx, _args, task) {
        await task.leaveFile({ name: `${task.attempt}.txt`, type: 'text/plain', content: `try ${task.attempt}` });
        isWritten = true;
        if (task.attempt === 1) await held;
      },
    });
    register(t, stalls);
    // With one place, so that it is the other one that takes over.
    await startWorker(t, { instance: 'first', places: 1, leaseMs: 60_000 });
    const id = await t.system.inTransaction((ctx) => addTask(ctx, stalls, {}));
    await until('the first has written', () => isWritten);
    const past = new Date(Date.now() - 1000);
    await t.system.unscoped('tasks', why).updateQuietly({ lease_until: past }).where('id', '=', id).execute();
    await startWorker(t, { instance: 'second', leaseMs: 200 });
    assert.deepEqual((await ended(id)).file, { name: '2.txt', type: 'text/plain', bytes: 5 });
    goOn();
    assert.equal((await fetchFile(`tasks/${id}/file`)).payload, 'try 2');
    assert.equal(await partsOf(id), 2);
    const prune = t.environment.handlers.get('task.prune');
    assert.ok(prune);
    await ended(await add(prune));
    assert.equal(await partsOf(id), 1);
    assert.equal((await fetchFile(`tasks/${id}/file`)).payload, 'try 2');
  });

  test('are for those who see the task', async () => {
    await startWorker(t);
    file = { name: 'mine.txt', type: 'text/plain', content: 'mine' };
    const other = await t.as({ permissions: ['monitor:task:query', 'system:user:export'], scope: 'self' });
    const id = await add(leaves, person);
    await ended(id);
    assert.equal((await fetchFile(`users/me/tasks/${id}/file`, person)).payload, 'mine');
    assert.equal((await person.get('users/me/tasks')).body.data.items[0].file.name, 'mine.txt');
    assert.equal((await person.get(`tasks/${id}/file`)).status, 403);
    for (const path of [`tasks/${id}/file`, `users/me/tasks/${id}/file`, 'tasks/999999/file']) {
      const answer = await other.get(path);
      assert.deepEqual([answer.status, answer.body.error], [404, 'task.not_found'], path);
    }
    assert.equal((await t.anonymous.get(`tasks/${id}/file`)).status, 401);
    // It is no run of a job.
    assert.equal((await t.admin.get(`job-runs/${id}/file`)).status, 404);
    assert.equal((await t.admin.get(`users/me/tasks/${id}/file`)).status, 404);
  });

  test('of work in the name of a person are only for those who could do it themselves', async () => {
    await startWorker(t);
    file = { name: 'people.csv', type: 'text/csv', content: 'id\r\n' };
    const id = await add(personal, person);
    await ended(id);
    const auditor = await t.as({ permissions: ['monitor:task:query'], scope: 'all' });
    assert.equal((await auditor.get(`tasks/${id}`)).body.data.file, null);
    assert.equal((await auditor.get(`tasks/${id}/file`)).body.error, 'task.file_not_found');
    assert.equal((await fetchFile(`users/me/tasks/${id}/file`, person)).payload, 'id\r\n');
    const job = { name: '名单', handler: personal.name, args: {}, trigger: { type: 'interval', seconds: 3600 } };
    assert.equal((await t.admin.post('jobs', job)).body.error, 'task.handler_unknown');
    const names = (await t.admin.get('jobs/handlers')).body.data.items.map(({ name }: { name: string }) => name);
    assert.deepEqual([names.includes(personal.name), names.includes(leaves.name)], [false, true]);
  });

  test('of a run of a job are fetched there', async () => {
    await startWorker(t);
    file = { name: 'job.txt', type: 'text/plain', content: 'job' };
    const job = { name: '留下文件', handler: leaves.name, args: {}, trigger: { type: 'interval', seconds: 86_400 } };
    const { id } = (await t.admin.post('jobs', job)).body.data;
    const { task_id: run } = (await t.admin.post(`jobs/${id}/run`)).body.data;
    await ended(run);
    assert.equal((await t.admin.get(`job-runs/${run}`)).body.data.file.name, 'job.txt');
    assert.equal((await fetchFile(`job-runs/${run}/file`)).payload, 'job');
    const operator = await t.as({ permissions: ['monitor:task:query'], scope: 'self' });
    assert.equal((await operator.get(`job-runs/${run}/file`)).status, 403);
  });

  test('go with the record of their run', async () => {
    await startWorker(t);
    file = { name: 'old.txt', type: 'text/plain', content: 'old' };
    const [id, kept] = [await add(leaves), await add(leaves)];
    await ended(id);
    await ended(kept);
    const old = new Date(Date.now() - 40 * 86_400_000);
    await t.system.unscoped('tasks', why).updateQuietly({ finished_at: old }).where('id', '=', id).execute();
    const prune = t.environment.handlers.get('task.prune');
    assert.ok(prune);
    assert.deepEqual((await ended(await add(prune))).result, { deleted: 1 });
    assert.deepEqual([await partsOf(id), await partsOf(kept)], [0, 1]);
    assert.equal((await t.admin.get(`tasks/${id}/file`)).status, 404);
  });
});
