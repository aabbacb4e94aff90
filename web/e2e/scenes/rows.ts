import { expect } from '../support/fixtures.ts';
import type { Stage } from './scene.ts';

// Rows that the demonstration does not bring.

/** The id of a row by its code. */
export async function idOf({ service }: Stage, resource: string, code: string): Promise<number> {
  const { items } = await service.admin.done('GET', `${resource}?page_size=100`);
  return (items as { id: number; code: string }[]).find((row) => row.code === code)?.id ?? 0;
}

/** Jobs that have run: one well, one not. Gives the run that failed. */
export async function someRuns({ service }: Stage): Promise<number> {
  const failed = async () =>
    (await service.admin.done('GET', 'job-runs?state=failed')).items[0]?.id as number | undefined;
  const before = await failed();
  if (before !== undefined) return before;
  const trigger = { type: 'cron', expression: '0 3 1 1 *', timezone: 'UTC' };
  const name = 'Health of the order service, asked from the northern data centre';
  const probe = { handler: 'http.probe', args: { url: 'https://orders.example.com/health' } };
  for (const job of [
    { name: '每年的备份', handler: 'database.backup' },
    { name, ...probe },
  ]) {
    const { id } = await service.admin.done('POST', 'jobs', { trigger, ...job });
    await service.admin.done('POST', `jobs/${id}/run`);
  }
  await expect
    .poll(async () => (await service.admin.done('GET', 'job-runs?state=succeeded')).total, { timeout: 60_000 })
    .toBeGreaterThan(0);
  await expect.poll(failed, { timeout: 60_000 }).toBeDefined();
  return (await failed()) ?? 0;
}

export async function somePositions({ service }: Stage): Promise<void> {
  const { total } = await service.admin.done('GET', 'positions?keyword=scene-');
  if (total > 0) return;
  const names = ['Engineer', 'Chief architect of the northern data centres', 'Clerk'];
  for (const [index, name] of names.entries()) {
    const remark =
      index === 1 ? 'A remark that is long enough to need more than one line of the table it stands in' : null;
    await service.admin.done('POST', 'positions', {
      name,
      code: `scene-${index}`,
      order: index * 10,
      remark,
      is_enabled: index !== 2,
    });
  }
}

/** A row with a history. */
export async function someChanges({ service }: Stage): Promise<void> {
  const { total } = await service.admin.done('GET', 'positions?keyword=scene-history');
  if (total > 0) return;
  const { id } = await service.admin.done('POST', 'positions', { name: 'Auditor', code: 'scene-history', order: 5 });
  await service.admin.done('PATCH', `positions/${id}`, { name: 'Chief auditor', remark: 'Reads what others wrote' });
}

/** Requests that are stored already, some seconds after they were answered. */
export async function someRequests({ service }: Stage): Promise<void> {
  await expect
    .poll(async () => (await service.admin.done('GET', 'request-logs')).total, { timeout: 30_000 })
    .toBeGreaterThan(0);
}

/** Keys that differ in all that is shown of them. */
export async function someApiKeys({ service }: Stage): Promise<void> {
  const { total } = await service.admin.done('GET', 'users/me/api-keys');
  if (total > 0) return;
  const make = (name: string, fields: object = {}) =>
    service.admin.done('POST', 'users/me/api-keys', {
      name,
      permissions: ['system:user:query'],
      expires_in_days: 30,
      ...fields,
    });
  await make('nightly import', { addresses: ['10.0.0.0/8', '2001:db8::/32'] });
  await make('the program that reads departments and people for the telephone directory of the whole company', {
    permissions: ['system:user:query', 'system:user:update', 'system:dept:query', 'system:*:query'],
  });
  const { id } = await make('no longer used');
  await service.admin.done('DELETE', `users/me/api-keys/${id}`);
}
