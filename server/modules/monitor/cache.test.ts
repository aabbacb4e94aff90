import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { warmCaches } from '#core/cache.ts';
import { useApp } from '#tests/harness.ts';

describe('the caches', () => {
  const t = useApp();
  const stateOf = async (name: string) =>
    (await t.admin.get('monitor/cache')).body.data.items.find((one: { name: string }) => one.name === name);

  test('are listed with their figures, and warmed at the start', async () => {
    await warmCaches(t.system, t.system.cacheSpecs);
    const menus = await stateOf('menus');
    assert.deepEqual([menus.entries, menus.tags, menus.holds_identities], [1, ['menus'], false]);
    assert.ok(menus.bytes > 1000);
    const { hits } = menus;
    assert.equal((await t.admin.get('users/me/menus')).status, 200);
    assert.equal((await t.admin.get('users/me/menus')).statements, 0, 'answered from the cache');
    const after = await stateOf('menus');
    assert.equal(after.hits, hits + 2);
    assert.ok(after.hit_rate > 0 && after.hit_rate < 1);
  });

  test('a warming that fails only warns', async () => {
    const failing = {
      ...{ name: 'failing', title: { 'zh-CN': '', 'en-US': '' }, tags: [], ttlMs: 1, graceMs: 0 },
      warm: async () => assert.fail('the database is away'),
    };
    await warmCaches(t.system, [failing]);
    assert.ok(t.logLines.some((line) => line.includes('a cache could not be warmed') && line.includes('"failing"')));
  });

  test('are empty of what was changed with the answer to the change', async () => {
    const titles = async () => JSON.stringify((await t.admin.get('users/me/menus')).body.data);
    assert.ok(!(await titles()).includes('Renamed-Zq7'));
    const { items } = (await t.admin.get('menus')).body.data;
    const menu = items.find((one: { name: string }) => one.name === 'monitor-cache');
    await t.admin.patch(`menus/${menu.id}`, { title: 'Renamed-Zq7' });
    assert.ok((await titles()).includes('Renamed-Zq7'));
    const refused = await t.admin.patch(`menus/${menu.id}`, { title: 'Never-Zq7', version: 1 });
    assert.equal(refused.status, 409);
    assert.ok(!(await titles()).includes('Never-Zq7'));
  });

  test('A38 are emptied by name, by those who may; nobody is signed out and no job is touched', async () => {
    const user = await t.as({ permissions: ['monitor:cache:query', 'monitor:cache:delete'] });
    const jobs = (await t.admin.get('jobs')).body.data.total;
    for (const name of ['menus', 'rights']) {
      const { status, text } = await user.delete(`monitor/cache/${name}`);
      assert.equal(status, 200, text);
      assert.ok((await stateOf(name)).forgotten_at);
    }
    assert.equal((await user.get('users/me')).status, 200);
    assert.equal((await t.admin.get('jobs')).body.data.total, jobs);
    for (const name of ['sessions', 'jobs', 'queue', 'counters', '*'])
      assert.notEqual((await user.delete(`monitor/cache/${name}`)).status, 200, name);
    const reader = await t.as({ permissions: ['monitor:cache:query'] });
    assert.equal((await reader.delete('monitor/cache/menus')).status, 403);
    const nobody = await t.as({ permissions: [] });
    for (const path of ['monitor/cache', 'monitor/cache/menus/keys'])
      assert.equal((await nobody.get(path)).status, 403);
  });

  test('A14 A38 show whose rights are kept, never what they are, and never a session or a token', async () => {
    const user = await t.as({ permissions: ['system:user:query'] });
    await user.get('users');
    const { body } = await t.admin.get('monitor/cache/rights/keys');
    const keys = body.data.items.map((one: { key: string }) => one.key);
    assert.ok(keys.includes(String(user.userId)));
    assert.ok(body.data.items.every((one: { value: null }) => one.value === null));
    await t.admin.get('users/me/menus');
    const menus = await t.admin.get('monitor/cache/menus/keys');
    assert.match(menus.body.data.items[0].value, /^\[\{"id":/);
    const all = JSON.stringify([body, menus.body, (await t.admin.get('monitor/cache')).body]);
    for (const secret of [user.token, user.sessionId, t.admin.token, t.config.JWT_SECRET_KEY])
      assert.ok(!all.includes(secret));
    assert.equal((await t.admin.get('monitor/cache/no-such/keys')).body.error, 'monitor.cache_unknown');
  });
});
