import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { testDialect } from '#tests/dialect.ts';
import { cutChain, sealChain } from './chain.service.ts';
import { DAY_MS, useChain } from './testing.ts';

describe('A41 the places of the chain', () => {
  const { t, clock, chain } = useChain();

  /** A copy of a row, which says something else. */
  const forge = async (place: number, sequence: number | null, hash: string | null = 'a'.repeat(64)) => {
    const { id: _id, ...row } = await chain.at(place);
    return chain.logs().insert({ ...row, sequence, hash, row_label: 'forged' });
  };
  const drop = (id: number) => chain.logs().delete().where('id', '=', id).execute();
  const found = async () => {
    const { kind, sequence, id } = await chain.finding();
    return [kind, sequence, id];
  };

  test('before the first one are found, and nothing is removed meanwhile', async () => {
    const place = await chain.more();
    for (const sequence of [-5, 0, -2_147_483_648]) {
      const id = await forge(place, sequence);
      assert.deepEqual(await found(), ['added', sequence, id]);
      clock.elapsedMs += 31 * DAY_MS;
      await assert.rejects(cutChain(t.system), /before the first one/);
      assert.deepEqual(await found(), ['added', sequence, id]);
      await drop(id);
    }
    clock.elapsedMs += 31 * DAY_MS;
    const young = await chain.more(3);
    assert.equal(await cutChain(t.system), young - 1);
    for (const sequence of [1, young - 1, -1]) {
      const id = await forge(young, sequence);
      assert.deepEqual(await found(), ['added', sequence, id]);
      await drop(id);
    }
    await chain.holds();
  });

  test('that a row has without a hash, and a hash without a place, are found; the seal does not heal them', async () => {
    const place = (await chain.more()) + 2;
    const { id, hash } = await chain.at(place);
    await chain.logs().update({ hash: null }).where('id', '=', id).execute();
    assert.deepEqual(await found(), ['changed', place, id]);
    await chain.logs().update({ hash }).where('id', '=', id).execute();
    const stray = await forge(place, null);
    assert.deepEqual(await found(), ['changed', null, stray]);
    assert.equal(await sealChain(t.system), 0);
    assert.deepEqual(await found(), ['changed', null, stray]);
    await drop(stray);
    const beyond = await forge(place, place + 100, null);
    assert.deepEqual(await found(), ['added', place + 100, beyond]);
  });

  test('that two rows share are found, also where one page of rows ends', {
    skip: testDialect() === 'sqlite' ? false : 'the index is named in another way',
  }, async () => {
    await chain.write(1100);
    await sealChain(t.system);
    await t.database.kysely.schema.dropIndex('audit_logs_sequence_unique').execute();
    for (const place of [3, 1000]) {
      const { hash } = await chain.at(place);
      const id = await forge(place, place, hash);
      assert.deepEqual(await found(), ['added', place, id]);
      await drop(id);
    }
  });

  test('that two rows have exchanged are named with both, near or far', async () => {
    await chain.write(1100);
    await sealChain(t.system);
    const { to } = await chain.holds();
    for (const [place, other] of [
      [4, 5],
      [4, 6],
      [4, 1050],
      [to - 1, to],
      [1, to],
    ] as const) {
      const [one, two] = [await chain.at(place), await chain.at(other)];
      await chain.exchange(place, other);
      assert.deepEqual(await found(), ['swapped', place, two.id], `${place} and ${other}`);
      assert.match((await chain.finding()).text, new RegExp(`rows ${two.id} and ${one.id} were swapped`));
      await chain.exchange(place, other);
    }
    await chain.holds();
  });

  test('that three rows have taken from each other are no added row; several that were added are', async () => {
    const place = await chain.more();
    const [first, second] = [await chain.at(place), await chain.at(place + 1)];
    await chain.exchange(place, place + 2);
    await chain.exchange(place, place + 1);
    assert.deepEqual(await found(), ['swapped', place, second.id]);
    await chain.exchange(place, place + 1);
    await chain.exchange(place, place + 2);
    await chain.holds();
    for (let next = place + 5; next >= place; next--)
      await chain
        .logs()
        .update({ sequence: next + 2 })
        .where('sequence', '=', next)
        .execute();
    const ids = [await forge(place + 2, place), await forge(place + 2, place + 1)];
    assert.deepEqual(await found(), ['added', place, ids[0]]);
    assert.match((await chain.finding()).text, new RegExp(`where row ${first.id} was sealed`));
  });

  test('of many pages of rows are verified and removed page by page', async () => {
    await chain.write(2300);
    await sealChain(t.system);
    clock.elapsedMs += 31 * DAY_MS;
    const young = await chain.more(5);
    const { to, rows } = await chain.holds();
    assert.equal(rows, to);
    assert.equal(await cutChain(t.system), young - 1);
    const { from, rows: left, signatures } = await chain.holds();
    assert.deepEqual([from, left], [young, 5]);
    assert.equal(signatures, 3, 'the cut, the seal and the head');
  });
});
