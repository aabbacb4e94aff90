import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach } from 'node:test';
import type { Context } from '#core/context.ts';
import { type TestApp, testApp } from '#tests/harness.ts';
import { sealChain } from './chain.service.ts';
import type { Finding } from './finding.ts';
import { type Verified, type VerifyOptions, verifyChain } from './verify.service.ts';

const why = 'a test does what somebody with access to the database could do';
export const DAY_MS = 86_400_000;

/** A new installation for each test, with a chain that is sealed and a clock that the test can move on. */
export function useChain() {
  const t = {} as TestApp;
  const clock = { elapsedMs: 0 };
  beforeEach(async () => {
    clock.elapsedMs = 0;
    const now = () => new Date(Date.now() + clock.elapsedMs);
    const app = await testApp({ now, settings: { AUDIT_RETENTION_DAYS: '30' } });
    Object.defineProperties(t, Object.getOwnPropertyDescriptors(app));
    await sealChain(t.system);
  });
  afterEach(() => t.close());
  return { t, clock, chain: chainOf(t) };
}

/** What a test does with the chain of an installation, by its jobs and behind its back. */
export function chainOf(t: TestApp) {
  const logs = () => t.system.unscoped('audit_logs', why);
  const heads = () => t.system.unscoped('audit_heads', why);
  const checkpoints = () => t.system.unscoped('audit_checkpoints', why);
  const head = () => heads().select().selectAll().executeTakeFirstOrThrow();
  const at = (sequence: number) =>
    logs().select().selectAll().where('sequence', '=', sequence).executeTakeFirstOrThrow();
  return {
    logs,
    heads,
    checkpoints,
    head,
    at,
    /** Makes some records and seals them; tells the place of the first. */
    async more(count = 6, ctx: Context = t.system): Promise<number> {
      const first = (await head()).sequence + 1;
      for (let made = 0; made < count; made++)
        await ctx.unscoped('positions', why).insert({ code: `C${first}-${made}`, name: `chained ${made}` });
      assert.equal(await sealChain(ctx), count);
      return first;
    },
    async write(count = 1): Promise<void> {
      const rows = Array.from({ length: count }, (_, index) => ({
        code: `W${randomUUID()}`.slice(0, 30),
        name: `written ${index}`,
      }));
      await t.system.unscoped('positions', why).insertMany(rows);
    },
    /** Exchanges the places of two rows and nothing else. */
    async exchange(one: number, other: number): Promise<void> {
      const [first, second] = [await at(one), await at(other)];
      await logs().update({ sequence: null }).where('id', '=', first.id).execute();
      await logs().update({ sequence: one }).where('id', '=', second.id).execute();
      await logs().update({ sequence: other }).where('id', '=', first.id).execute();
    },
    async finding(options?: VerifyOptions): Promise<Finding> {
      const result = await verifyChain(t.system, options);
      assert.ok('finding' in result, JSON.stringify(result));
      return result.finding;
    },
    async holds(options?: VerifyOptions): Promise<Verified> {
      const result = await verifyChain(t.system, options);
      assert.ok('verified' in result, JSON.stringify(result));
      return result.verified;
    },
  };
}
