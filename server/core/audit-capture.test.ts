import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { testDialect } from '#tests/dialect.ts';
import { testApp } from '#tests/harness.ts';

const why = 'a test writes beside others';
const isAlone = testDialect() === 'sqlite' && 'SQLite has one writer at a time';

describe('a statement that changes many rows', { skip: isAlone }, () => {
  test('changes no row that it has kept no record of, whatever begins to match meanwhile', async () => {
    const t = await testApp();
    const [holder, third] = [await testApp({ beside: t }), await testApp({ beside: t })];
    const released = Promise.withResolvers<void>();
    try {
      const positions = t.system.unscoped('positions', why);
      const [late = 0, , last = 0] = [
        await positions.insert({ code: 'A', name: 'a', remark: 'other' }),
        await positions.insert({ code: 'B', name: 'b', remark: 'match' }),
        await positions.insert({ code: 'C', name: 'c', remark: 'match' }),
      ];
      const isHeld = Promise.withResolvers<void>();
      const holding = holder.system.inTransaction(async (ctx) => {
        await ctx.unscoped('positions', why).update({ order: 7 }).where('id', '=', last).execute();
        isHeld.resolve();
        await released.promise;
      });
      await isHeld.promise;
      const changing = positions.update({ name: 'changed' }).where('remark', '=', 'match').execute();
      // Now it waits for the last row; the first one begins to match.
      await sleep(300);
      await third.system.unscoped('positions', why).update({ remark: 'match' }).where('id', '=', late).execute();
      released.resolve();
      await Promise.all([holding, changing]);
      const changed = await positions.select().select('id').where('name', '=', 'changed').orderBy('id').execute();
      const records = await t.system
        .unscoped('audit_logs', why)
        .select()
        .select(['row_id', 'changes'])
        .where('entity', '=', 'positions')
        .where('action', '=', 'update')
        .execute();
      const kept = records.filter(({ changes }) => changes?.includes('"after":"changed"')).map(({ row_id: id }) => id);
      assert.equal(changed.length, 2);
      assert.deepEqual(
        kept.sort(),
        changed.map(({ id }) => String(id)),
      );
    } finally {
      released.resolve();
      await third.close();
      await holder.close();
      await t.close();
    }
  });
});
