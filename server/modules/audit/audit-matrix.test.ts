import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { canonical, isAudited, linkOf, type RowAudit } from '#core/audit-change.ts';
import type { ColumnOptions, Entity, TableName } from '#core/entity.ts';
import { entities } from '#modules/index.ts';
import { testDialect } from '#tests/dialect.ts';
import { Random } from '#tests/flows/world.ts';
import { useApp } from '#tests/harness.ts';
import { until } from '#tests/work.ts';

const why = 'a test writes a row of every kind';
const seed = Number(process.env['TEST_SEED'] ?? 20_261_124);
/** What no person edits: said here once more, so that the program cannot leave out another column unseen. */
const NO_EDITS = ['id', 'version', 'created_at', 'updated_at', 'created_by', 'updated_by'];

type Row = Record<string, unknown>;

describe('every audited table', () => {
  const t = useApp();
  const random = new Random(seed);
  let made = 0;

  const filler = ({ kind, length = 10, nullable }: ColumnOptions, optional: boolean): unknown => {
    if (optional && nullable && random.chance(0.2)) return null;
    made += 1;
    if (kind === 'integer') return made;
    if (kind === 'boolean') return random.chance(0.5);
    if (kind === 'datetime') return new Date(1_700_000_000_000 + made * 1000);
    if (kind === 'json') return { z: made, a: [made, { b: null, a: '…' }] };
    if (kind === 'path') return `/${made}/`;
    return `v${made}-é`.slice(0, length);
  };

  /** A row with a value in every column, and the rows that it must point to. */
  const insert = async (entity: Entity): Promise<number> => {
    const row: Row = {};
    for (const [name, { options }] of Object.entries(entity.columns)) {
      if (options.autoincrement) continue;
      const { references } = options;
      if (!references) row[name] = filler(options, false);
      else if (!options.nullable) row[name] = await insert(entityOf(references.table));
      else row[name] = null;
    }
    return t.system.unscoped(entity.table as TableName, why).insert(row as never);
  };
  const entityOf = (table: string) => entities.find((one) => one.table === table) as Entity;
  const read = async ({ table }: Entity, id: number): Promise<Row> =>
    t.system
      .unscoped(table as TableName, why)
      .select()
      .selectAll()
      .where('id' as never, '=', id as never)
      .executeTakeFirstOrThrow();
  const records = async ({ table }: Entity, id: number) => {
    const rows = await t.system
      .unscoped('audit_logs', why)
      .select()
      .select(['action', 'changes', 'row_label'])
      .where('entity', '=', table)
      .where('row_id', '=', String(id))
      .orderBy('id')
      .execute();
    return rows.map((row) => ({ ...row, changes: JSON.parse(row.changes ?? '[]') as Row[] }));
  };
  const json = (value: unknown) => canonical(value instanceof Date ? value.toISOString() : (value ?? null));

  /** What must have been kept, from two states of the row that were read by themselves. */
  const expected = (entity: Entity, before: Row | null, after: Row | null, isQuiet: boolean) => {
    const { masked = [], ignored = [], quiet = [] } = entity.audit as RowAudit;
    const left = [...NO_EDITS, ...ignored, ...(isQuiet ? quiet : [])];
    return Object.keys(entity.columns).flatMap((field): string[] => {
      const [then, now] = [json(before?.[field]), json(after?.[field])];
      if (left.includes(field) || then === now) return [];
      return [masked.includes(field) ? `${field} masked` : `${field} ${before ? then : '-'} → ${after ? now : '-'}`];
    });
  };
  const kept = (changes: readonly Row[]) =>
    changes.map((change) => {
      if (change['masked']) return `${change['field']} masked`;
      const side = (name: string) => (name in change ? json(change[name]) : '-');
      return `${change['field']} ${side('before')} → ${side('after')}`;
    });

  const audited = entities.filter((entity) => isAudited(entity) && !linkOf(entity));

  for (const entity of audited) {
    test(`${entity.table}: what is kept of random changes is what changed`, async (context) => {
      const note = `TEST_SEED=${seed}`;
      const id = await insert(entity);
      const created = await read(entity, id);
      assert.deepEqual(
        (await records(entity, id)).map(({ action, changes }) => [action, kept(changes)]),
        [['create', expected(entity, null, created, false)]],
        note,
      );
      let known = 1;
      const editable = Object.entries(entity.columns).filter(
        ([name, { options }]) => !NO_EDITS.includes(name) && !options.references,
      );
      for (let round = 0; round < 25; round++) {
        const before = await read(entity, id);
        const isQuiet = random.chance(0.3);
        const values: Row = {};
        for (const [name, { options }] of editable)
          if (random.chance(0.4)) values[name] = random.chance(0.2) ? before[name] : filler(options, true);
        if (Object.keys(values).length === 0) continue;
        await t.system.inTransaction(async (ctx) => {
          const rows = ctx.unscoped(entity.table as TableName, why);
          const update = isQuiet ? rows.updateQuietly(values as never) : rows.update(values as never);
          await update.where('id' as never, '=', id as never).execute();
        });
        const wanted = expected(entity, before, await read(entity, id), isQuiet);
        const found = (await records(entity, id)).slice(known);
        assert.deepEqual(
          found.map(({ action, changes }) => [action, kept(changes)]),
          wanted.length > 0 ? [['update', wanted]] : [],
          note,
        );
        known += found.length;
      }
      const last = await read(entity, id);
      await t.system
        .unscoped(entity.table as TableName, why)
        .delete()
        .where('id' as never, '=', id as never)
        .execute();
      const found = (await records(entity, id)).slice(known);
      assert.deepEqual(
        found.map(({ action, changes }) => [action, kept(changes)]),
        [['delete', expected(entity, last, null, false)]],
        note,
      );
      context.diagnostic(`${known} records, ${note}`);
    });
  }

  test('a change that the database computes is kept as it came out', async () => {
    const { sql } = await import('kysely');
    const id = await insert(entityOf('positions'));
    await t.system
      .unscoped('positions', why)
      .update({ order: sql<number>`${sql.ref('order')} + 5` as never, name: 'computed' })
      .where('id', '=', id)
      .execute();
    const { order } = await read(entityOf('positions'), id);
    const [, change] = await records(entityOf('positions'), id);
    assert.deepEqual(change?.changes.find(({ field }) => field === 'order')?.['after'], order);
  });

  test('a write of many rows costs as many statements as one of a single row', async () => {
    const cost = async (count: number) => {
      const ids: number[] = [];
      for (let row = 0; row < count; row++) ids.push(await insert(entityOf('positions')));
      const before = t.database.statements;
      await t.system.inTransaction((ctx) =>
        ctx
          .unscoped('positions', why)
          .update({ remark: `many ${count}` })
          .where('id', 'in', ids)
          .execute(),
      );
      const [last] = (await records(entityOf('positions'), ids.at(-1) as number)).slice(-1);
      assert.equal(last?.changes[0]?.['after'], `many ${count}`);
      return t.database.statements - before;
    };
    assert.equal(await cost(150), await cost(1));
  });

  test('a row that begins to match while many others are changed is not changed unseen', {
    skip: testDialect() !== 'postgresql' && 'elsewhere it cannot begin to match',
  }, async () => {
    const ids: number[] = [];
    for (let row = 0; row < 600; row++) ids.push(await insert(entityOf('positions')));
    const remark = `matches ${ids[0]}`;
    const positions = t.system.unscoped('positions', why);
    await positions.update({ remark }).where('id', 'in', ids).execute();
    const isWaiting = async () => {
      const { sql } = await import('kysely');
      const waits = sql<{
        n: number;
      }>`select count(*) as n from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`;
      return Number((await waits.execute(t.database.kysely)).rows[0]?.n) > 0;
    };
    let change: Promise<unknown> = Promise.resolve();
    let late = 0;
    await t.system.inTransaction(async (ctx) => {
      // The change of all finds its rows as they are now, and waits for this one.
      await ctx
        .unscoped('positions', why)
        .update({ name: 'held' })
        .where('id', '=', ids.at(-1) as number)
        .execute();
      change = positions.update({ remark: 'changed' }).where('remark', '=', remark).execute();
      await until('the change waits', isWaiting);
      late = await ctx.unscoped('positions', why).insert({ code: `late-${made}`, name: 'late', remark });
    });
    await change;
    assert.equal((await read(entityOf('positions'), late))['remark'], remark);
    assert.deepEqual(
      (await records(entityOf('positions'), late)).map(({ action }) => action),
      ['create'],
    );
    const all = await Promise.all(ids.map(async (id) => (await read(entityOf('positions'), id))['remark']));
    assert.ok(all.every((one) => one === 'changed'));
  });

  test('of a row that is changed many times in one transaction there is one record, of a passing one none', async () => {
    const id = await insert(entityOf('positions'));
    let passing = 0;
    await t.system.inTransaction(async (ctx) => {
      for (const name of ['one', 'two', 'three'])
        await ctx.unscoped('positions', why).update({ name }).where('id', '=', id).execute();
      passing = await ctx.unscoped('positions', why).insert({ code: 'passing', name: 'passing' });
      await ctx.unscoped('positions', why).delete().where('id', '=', passing).execute();
    });
    const changes = (await records(entityOf('positions'), id)).slice(1);
    assert.deepEqual(
      changes.map(({ changes }) => changes[0]?.['after']),
      ['three'],
    );
    assert.deepEqual(await records(entityOf('positions'), passing), []);
  });
});
