import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import type { Context } from '#core/context.ts';
import { testApp } from '#tests/harness.ts';
import { auditLogEntity, type ChainRow, HASHED_COLUMNS } from './audit.entity.ts';
import { cutChain, sealChain } from './chain.service.ts';
import { chainHash, GENESIS } from './chain.ts';
import { signEnd } from './head.service.ts';
import { DAY_MS, useChain } from './testing.ts';

const why = 'a test does what somebody with access to the database could do';
const run = promisify(execFile);

describe('what is hashed of a record', () => {
  test('is every column but those that the seal itself fills', () => {
    const hashed: readonly string[] = HASHED_COLUMNS;
    const others = Object.keys(auditLogEntity.columns).filter((column) => !hashed.includes(column));
    assert.deepEqual(others, ['sequence', 'hash']);
  });

  test('is hashed as it was by every version before, or the chains of those would not hold any more', () => {
    const text = Object.fromEntries(HASHED_COLUMNS.map((column) => [column, `of ${column}`]));
    const row = { ...text, id: 7, created_at: new Date(1_700_000_000_000), detail: null, actor_id: 1 };
    assert.equal(
      chainHash(GENESIS, 3, row as unknown as ChainRow),
      '71a1a11a6463ba00ed4920803077a27c8c24b3cb22c3537f30536018d74eca96',
    );
  });
});

describe('the chain of audit records', () => {
  const { t, clock, chain } = useChain();

  test('holds, grows, and says what is not in it yet', async () => {
    const first = await chain.more();
    const { from, to, rows, unsealed } = await chain.holds();
    assert.deepEqual([from, to, rows, unsealed], [1, first + 5, first + 5, 0]);
    await t.admin.patch('users/me', { name: 'later' });
    assert.equal((await chain.holds()).unsealed, 1);
    assert.equal(await sealChain(t.system), 1);
    assert.equal((await chain.holds()).to, first + 6);
  });

  test('A41 a row that is changed is named, whatever was changed of it', async () => {
    const place = (await chain.more()) + 2;
    const row = await chain.at(place);
    const changes: [string, object, object][] = [
      ['changes', { changes: '[]' }, { changes: row.changes }],
      ['actor_name', { actor_name: 'somebody else' }, { actor_name: row.actor_name }],
      ['row_label', { row_label: null }, { row_label: row.row_label }],
      ['created_at', { created_at: new Date(0) }, { created_at: row.created_at }],
      ['dept_id', { dept_id: 4 }, { dept_id: row.dept_id }],
      ['hash', { hash: 'f'.repeat(64) }, { hash: row.hash }],
    ];
    for (const [name, change, back] of changes) {
      await chain.logs().update(change).where('id', '=', row.id).execute();
      const found = await chain.finding();
      assert.deepEqual([found.kind, found.sequence, found.id], ['changed', place, row.id], name);
      await chain.logs().update(back).where('id', '=', row.id).execute();
      await chain.holds();
    }
  });

  test('A41 a row that is removed is named, also when those after it are moved up', async () => {
    const place = (await chain.more()) + 2;
    const row = await chain.at(place);
    await chain.logs().delete().where('id', '=', row.id).execute();
    assert.deepEqual([(await chain.finding()).kind, (await chain.finding()).sequence], ['removed', place]);
    for (let next = place + 1; next <= place + 3; next++)
      await chain
        .logs()
        .update({ sequence: next - 1 })
        .where('sequence', '=', next)
        .execute();
    assert.equal((await chain.finding()).sequence, place);
  });

  test('A41 a row that is added is named: in the middle, and at the end', async () => {
    const place = (await chain.more()) + 2;
    const { id: _id, ...row } = await chain.at(place);
    await chain.logs().insert({ ...row, sequence: place + 4, hash: 'a'.repeat(64) });
    const end = await chain.finding();
    assert.deepEqual([end.kind, end.sequence], ['added', place + 4]);
    await chain
      .logs()
      .update({ sequence: null })
      .where('sequence', '=', place + 4)
      .execute();
    for (let next = place + 3; next >= place; next--)
      await chain
        .logs()
        .update({ sequence: next + 1 })
        .where('sequence', '=', next)
        .execute();
    await chain.logs().update({ sequence: place, row_label: 'forged' }).where('sequence', 'is', null).execute();
    const middle = await chain.finding();
    assert.deepEqual([middle.kind, middle.sequence], ['added', place]);
  });

  test('A41 rows that are swapped are named', async () => {
    const place = (await chain.more()) + 1;
    const [one, other] = [await chain.at(place), await chain.at(place + 3)];
    await chain.logs().update({ sequence: null }).where('id', '=', one.id).execute();
    await chain.logs().update({ sequence: one.sequence, hash: one.hash }).where('id', '=', other.id).execute();
    await chain.logs().update({ sequence: other.sequence, hash: other.hash }).where('id', '=', one.id).execute();
    const found = await chain.finding();
    assert.deepEqual([found.kind, found.sequence], ['swapped', place]);
    assert.match(found.text, new RegExp(`${other.id} and ${one.id}`));
  });

  test('A41 a tail that is cut off is noticed, with its signed places, with the head, and by what was noted elsewhere', async () => {
    const place = (await chain.more()) + 3;
    const noted = await chain.holds();
    await chain.logs().delete().where('sequence', '>=', place).execute();
    assert.deepEqual([(await chain.finding()).kind, (await chain.finding()).sequence], ['cut', place]);
    const checkpoints = chain.checkpoints();
    await checkpoints.delete().where('sequence', '>=', place).execute();
    assert.equal((await chain.finding()).kind, 'cut');
    const { hash, sequence } = await chain.at(place - 1);
    await chain
      .heads()
      .update({ sequence: sequence as number, hash: hash as string })
      .execute();
    assert.equal((await chain.finding()).kind, 'signature');
    const signed = await chain.checkpoints().select().selectAll().orderBy('sequence', 'desc').executeTakeFirstOrThrow();
    await chain.logs().delete().where('sequence', '>', signed.sequence).execute();
    const { signature } = signed;
    await chain
      .heads()
      .update({ sequence: signed.sequence, hash: signed.hash, sealed_at: signed.created_at, signature })
      .execute();
    assert.equal((await chain.finding()).kind, 'signature', 'what was signed of a place is worth nothing for the end');
    await chain.heads().delete().execute();
    assert.equal((await chain.finding()).kind, 'head');
    await assert.rejects(sealChain(t.system), /head of the audit chain is gone/);
    await chain.checkpoints().delete().execute();
    await chain.logs().delete().execute();
    assert.equal((await chain.finding({ expect: { sequence: noted.to, hash: noted.hash } })).kind, 'cut');
  });

  test('A41 a chain that was made anew by somebody without the key is noticed', async () => {
    await chain.more();
    const secret = 'another-secret-another-secret-another-secret';
    const forger = await testApp({ beside: t, settings: { JWT_SECRET_KEY: secret } });
    try {
      await chain.logs().update({ sequence: null, hash: null }).execute();
      await chain.checkpoints().delete().execute();
      await chain.heads().delete().execute();
      await signEnd(forger.system);
      await sealChain(forger.system);
    } finally {
      await forger.close();
    }
    const { kind, text } = await chain.finding();
    assert.equal(kind, 'signature');
    assert.match(text, /key that is not known/);
  });

  test('what the retention removes is signed, so that the rest still holds; nobody else can cut', async () => {
    await chain.more();
    const { to } = await chain.holds();
    clock.elapsedMs += 31 * DAY_MS;
    const young = await chain.more(3);
    assert.equal(await cutChain(t.system), to);
    const { from, rows, to: end } = await chain.holds();
    assert.deepEqual([from, rows, end], [young, 3, young + 2]);
    assert.equal(await cutChain(t.system), 0);
    const cut = await chain.checkpoints().select().selectAll().where('kind', '=', 'cut').executeTakeFirstOrThrow();
    const row = await chain.at(young);
    await chain
      .checkpoints()
      .update({ sequence: young, hash: row.hash as string })
      .where('kind', '=', 'cut')
      .execute();
    await chain.logs().delete().where('id', '=', row.id).execute();
    assert.equal((await chain.finding()).kind, 'signature');
    await chain.checkpoints().update({ sequence: cut.sequence, hash: cut.hash }).where('kind', '=', 'cut').execute();
    assert.equal((await chain.finding()).kind, 'removed');
    // Everything may be too old at once.
    clock.elapsedMs += 31 * DAY_MS;
  });

  test('several instances that write and seal at once miss nothing and give no place twice', async () => {
    const other = await testApp({ beside: t });
    try {
      const write = async (ctx: Context, name: string) => {
        for (let made = 0; made < 15; made++) {
          await ctx.unscoped('positions', why).insert({ code: `${name}-${made}`, name });
          if (made % 4 === 0) await sealChain(ctx);
        }
      };
      // Whoever verifies meanwhile is not alarmed by what moves on.
      const watch = async () => {
        for (let times = 0; times < 20; times++) await chain.holds();
      };
      await Promise.all([write(t.system, 'one'), write(other.system, 'other'), sealChain(other.system), watch()]);
      await sealChain(t.system);
      const { rows, to, unsealed } = await chain.holds();
      assert.deepEqual([rows, unsealed], [to, 0]);
    } finally {
      await other.close();
    }
  });

  test('npm run audit:verify says that it holds, or what does not, and ends accordingly', async () => {
    const place = await chain.more();
    const script = join(import.meta.dirname, '../../scripts/audit-verify.ts');
    const { DATABASE_URL, JWT_SECRET_KEY } = t.config;
    const env = { ...process.env, APP_ENV: 'testing', DATABASE_URL, JWT_SECRET_KEY };
    const good = await run(process.execPath, [script], { env });
    assert.match(good.stdout, new RegExp(`The audit holds: ${place + 5} records`));
    const { id } = await chain.at(place);
    await chain.logs().update({ actor_name: 'nobody' }).where('id', '=', id).execute();
    await assert.rejects(
      run(process.execPath, [script], { env }),
      ({ code, stderr }: { code: number; stderr: string }) => {
        assert.equal(code, 1);
        assert.match(stderr, new RegExp(`row ${id} at place ${place} was changed`));
        return true;
      },
    );
  });
});
