import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Client, useApp } from '#tests/harness.ts';
import { until, useWorkers } from '#tests/work.ts';

const why = 'a test prepares its data';

describe('the export of users as a task', () => {
  const t = useApp();
  const startWorker = useWorkers();

  const ended = async (person: Client, id: number) => {
    const read = async () => (await person.get(`users/me/tasks/${id}`)).body.data;
    await until(`task ${id} ends`, async () => !['queued', 'running'].includes((await read()).state));
    return read();
  };
  const queue = async (person: Client, filter: object) =>
    (await person.post('users/export-task', filter)).body.data.task_id as number;

  test('leaves the very file that the direct one sends, of the scope of whoever queued it', async () => {
    await startWorker(t);
    const north = await t.as({ permissions: ['system:user:export'], scope: 'dept_and_below', dept: 'NORTH' });
    const dept = (await t.system.unscoped('depts', why).select().select('id').where('code', '=', 'NORTH').execute())[0];
    const users = Array.from({ length: 1200 }, (_, index) => ({
      username: `north-${index}`,
      email: `north-${index}@example.com`,
      hashed_password: '!',
      dept_id: dept?.id ?? null,
    }));
    await t.system.unscoped('users', why).insertMany(users);
    for (const [person, filter] of [
      [north, {}],
      [north, { keyword: 'north-1' }],
      [t.admin, { is_active: true }],
    ] as const) {
      const direct = await person.post('users/export', filter);
      const task = await ended(person, await queue(person, filter));
      const rows = direct.text.trim().split('\r\n').length - 1;
      assert.deepEqual([task.state, task.error, task.result], ['succeeded', null, { users: rows }]);
      assert.deepEqual([task.progress_done, task.progress_total], [rows, rows]);
      assert.match(task.file.name, /^users-\d{4}-\d\d-\d\d\.csv$/);
      const file = await person.get(`users/me/tasks/${task.id}/file`);
      assert.equal(file.text, direct.text);
    }
    const [record] = (await t.admin.get('audit-logs?action=export&order_by=-id')).body.data.items.filter(
      ({ detail }: { detail: { handler?: string } }) => detail.handler === 'user.export',
    );
    assert.deepEqual(record.detail.filter, { is_active: true });
  });

  test('is refused without the permission, and is nobody’s any more when it is taken away', async () => {
    const nobody = await t.as({ permissions: ['system:user:query'] });
    assert.equal((await nobody.post('users/export-task', {})).status, 403);
    const person = await t.as({ permissions: ['system:user:export'], scope: 'self' });
    const waiting = await queue(person, {});
    await startWorker(t);
    const { id } = await ended(person, waiting);
    assert.equal((await person.get(`users/me/tasks/${id}/file`)).status, 200);
    const role = await t.system
      .unscoped('user_roles', why)
      .select()
      .select('role_id')
      .where('user_id', '=', person.userId)
      .executeTakeFirstOrThrow();
    assert.equal((await t.admin.put(`roles/${role.role_id}/permissions`, { permissions: [] })).status, 200);
    assert.equal((await person.get(`users/me/tasks/${id}`)).body.data.file, null);
    assert.equal((await person.get(`users/me/tasks/${id}/file`)).body.error, 'task.file_not_found');
    const late = await t.system.unscoped('tasks', why).insert({
      handler: 'user.export',
      args: {},
      available_at: new Date(),
      created_by: person.userId,
    });
    assert.match((await ended(person, late)).error, /no longer holds system:user:export/);
  });
});
