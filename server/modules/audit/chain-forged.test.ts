import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { publicKeysOf } from '#core/signing.ts';
import { testApp } from '#tests/harness.ts';
import { prepareData } from '../../scripts/seed/seeds.ts';
import { cutChain, sealChain } from './chain.service.ts';
import { chainHash } from './chain.ts';
import { signEnd } from './head.service.ts';
import { chainOf, DAY_MS, useChain } from './testing.ts';

const run = promisify(execFile);
const SECRETS = ['one-secret', 'other-secret'].map((name) => `${name}-that-is-long-enough-for-everybody`);

describe('A41 the jobs of the chain do not sign what somebody without the key has made', () => {
  const { t, clock, chain } = useChain();

  const counted = async () => {
    const { length } = await chain.logs().select().select('id').where('sequence', 'is not', null).execute();
    return [length, (await chain.checkpoints().select().select('sequence').execute()).length];
  };
  /** Neither job goes on, both say it loudly, nothing is placed, signed or removed, and it is found before and after. */
  const refused = async (expected: RegExp, kind: string) => {
    assert.equal((await chain.finding()).kind, kind);
    await chain.write();
    const before = await counted();
    const head = await chain.heads().select().selectAll().executeTakeFirst();
    clock.elapsedMs += 31 * DAY_MS;
    for (const job of [sealChain, cutChain]) {
      await assert.rejects(job(t.system), expected);
      await assert.rejects(job(t.system), /run npm run audit:verify/);
    }
    const errors = t.logLines.map((line) => JSON.parse(line)).filter(({ level }) => level === 50 || level === 'error');
    assert.ok(errors.some(({ msg }) => /the audit does not hold/.test(msg)));
    assert.deepEqual(await counted(), before);
    assert.deepEqual(await chain.heads().select().selectAll().executeTakeFirst(), head);
    assert.equal((await chain.finding()).kind, kind);
  };
  const setBack = async (place: number) => {
    const { hash, sequence } = await chain.at(place);
    await chain.checkpoints().delete().where('sequence', '>', place).execute();
    await chain
      .heads()
      .update({ sequence: sequence as number, hash: hash as string })
      .execute();
  };

  test('a tail that is cut off, with a head set back', async () => {
    const place = (await chain.more()) + 3;
    await chain.logs().delete().where('sequence', '>=', place).execute();
    await setBack(place - 1);
    await refused(/signature \(head\)/, 'signature');
  });

  test('a tail that is written anew', async () => {
    const place = (await chain.more()) + 3;
    await setBack(place - 1);
    const forged = { actor_name: 'innocent', sequence: null, hash: null };
    await chain.logs().update(forged).where('sequence', '>=', place).execute();
    await refused(/signature \(head\)/, 'signature');
  });

  test('everything written anew, and no head comes back with the next start', async () => {
    await chain.more();
    await chain.logs().update({ actor_name: 'innocent', sequence: null, hash: null }).execute();
    await chain.checkpoints().delete().execute();
    await chain.heads().delete().execute();
    await refused(/head of the audit chain is gone/, 'head');
    await prepareData(t.system);
    await refused(/head of the audit chain is gone/, 'head');
    // Even where every row is away meanwhile.
    await chain.logs().delete().execute();
    await t.system.unscoped('seed_runs', 'a test').delete().execute();
    await assert.rejects(prepareData(t.system));
    assert.equal((await chain.finding()).kind, 'head');
  });

  test('an end that another row was put in the place of, a place beyond it, and one that was signed beyond it', async () => {
    const place = (await chain.more()) + 5;
    const { id, hash } = await chain.at(place);
    await chain
      .logs()
      .update({ hash: 'f'.repeat(64) })
      .where('id', '=', id)
      .execute();
    await refused(/does not belong to what stands/, 'changed');
    await chain
      .logs()
      .update({ hash, sequence: place + 3 })
      .where('id', '=', id)
      .execute();
    await refused(/does not belong to what stands/, 'added');
    await chain.logs().update({ sequence: place }).where('id', '=', id).execute();
    await chain.holds();
    const row = { sequence: place + 1, kind: 'seal', hash: 'f'.repeat(64), signature: 'v1.x.y' };
    await chain.checkpoints().insert({ ...row, created_at: new Date() });
    await refused(/end of the chain was cut off/, 'cut');
  });

  test('what the retention would remove, when its age was changed', async () => {
    await chain.more();
    const { to } = await chain.holds();
    await chain
      .logs()
      .update({ created_at: new Date(0) })
      .execute();
    await assert.rejects(cutChain(t.system), /nothing is removed: row \d+ at place 1 was changed/);
    assert.equal((await chain.finding()).kind, 'changed');
    assert.equal((await counted())[0], to);
  });

  test('what the retention would remove, when its hashes were made anew and the signed places taken away', async () => {
    await chain.more(3);
    const place = await chain.more(3);
    clock.elapsedMs += 31 * DAY_MS;
    await chain.more(3);
    let { hash } = await chain.at(place - 1);
    for (let next = place; next < place + 3; next++) {
      const row = { ...(await chain.at(next)), actor_name: 'innocent' };
      hash = chainHash(hash as string, next, row);
      await chain.logs().update({ hash, actor_name: 'innocent' }).where('id', '=', row.id).execute();
    }
    await assert.rejects(cutChain(t.system), /the chain was made anew/);
    await chain.checkpoints().delete().where('sequence', '>=', place).execute();
    await assert.rejects(cutChain(t.system), new RegExp(`nothing is removed: row \\d+ at place ${place + 3}`));
    // What is proven up to where it was signed may go.
    await chain.logs().update({ created_at: new Date() }).where('sequence', '>=', place).execute();
    assert.equal((await chain.finding()).sequence, place);
    assert.equal(await cutChain(t.system).catch(() => -1), -1);
  });

  test('a key that is replaced is still known by ENCRYPTION_KEY; one that is not known signs no further', async () => {
    await chain.more();
    const [one, other] = SECRETS as [string, string];
    const rotated = await testApp({ beside: t, settings: { ENCRYPTION_KEY: one } });
    const again = await testApp({ beside: t, settings: { ENCRYPTION_KEY: `${other}, ${one}` } });
    try {
      await chain.more(2, rotated.system);
      await chain.more(2, again.system);
      await chainOf(again).holds();
      await assert.rejects(sealChain(rotated.system), /a key that is not known/);
      clock.elapsedMs += 31 * DAY_MS;
      await assert.rejects(cutChain(t.system), /a key that is not known/);
      assert.equal((await chain.finding()).kind, 'signature');
    } finally {
      await rotated.close();
      await again.close();
    }
  });

  test('a person signs the end with the present key, after all of it was verified with the old one', async () => {
    await chain.more();
    const [secret = ''] = SECRETS;
    const moved = await testApp({ beside: t, settings: { JWT_SECRET_KEY: secret } });
    const script = join(import.meta.dirname, '../../scripts/audit-verify.ts');
    const env = { ...process.env, APP_ENV: 'testing', DATABASE_URL: t.config.DATABASE_URL, JWT_SECRET_KEY: secret };
    const audit = (...words: string[]) => run(process.execPath, [script, ...words], { env });
    const [old = ''] = publicKeysOf(t.config);
    try {
      await assert.rejects(audit('--sign'), ({ code, stderr }: { code: number; stderr: string }) => {
        assert.match(stderr, /a key that is not known/);
        return code === 1;
      });
      await chain.more(2);
      const { to } = await chain.holds();
      const { stdout } = await audit('--sign', '--key', old);
      assert.match(stdout, new RegExp(`The end at place ${to} is signed with the present key.\\nThe audit holds`));
      assert.equal(await chain.more(2, moved.system), to + 1);
      await chainOf(moved).holds({ publicKeys: [old] });
      await chain.logs().update({ actor_name: 'innocent' }).where('sequence', '=', to).execute();
      assert.ok('finding' in (await signEnd(moved.system, { publicKeys: [old] })));
    } finally {
      await moved.close();
    }
  });

  test('a chain that was never begun is begun by a person alone, and not while anything is sealed', async () => {
    await chain.heads().delete().execute();
    assert.ok('finding' in (await signEnd(t.system)));
    await chain.checkpoints().delete().execute();
    assert.ok('finding' in (await signEnd(t.system)));
    await chain.logs().update({ sequence: null, hash: null }).execute();
    await assert.rejects(sealChain(t.system), /head of the audit chain is gone/);
    assert.deepEqual((await signEnd(t.system)) as object, { signed: { sequence: 0, hash: '0'.repeat(64) } });
    assert.ok((await sealChain(t.system)) > 0);
    assert.equal((await chain.holds()).unsealed, 0);
  });
});
