import { createHmac } from 'node:crypto';
import { addressGroup } from '#core/address.ts';
import type { Context } from '#core/context.ts';
import type { Gate } from '#core/counters.ts';
import { derivedKey } from '#core/derived-key.ts';
import { protectionErrors } from './protection.errors.ts';

/** What is guessed: a password, or a code while the password is known. Each has its own counts. */
export type Secret = 'password' | 'code';

/** Failures so far: in this name from this address, from this address in any name, in this name from anywhere. */
export interface Failures {
  readonly pair: number;
  readonly address: number;
  readonly account: number;
}

/** An attempt that has been counted as a failure until `succeeded` takes it back. */
export interface Attempt {
  readonly pair: string;
  readonly others: readonly string[];
}

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const FIRST_WAIT_MS = 2000;
/** Whoever guesses codes has the password already, so that nobody else can make the account wait. */
const CODES_OF_AN_ACCOUNT = 20;

/** A name as a key: nobody can read back what was typed, which may have been a password. */
const hashed = (ctx: Context, name: string) =>
  createHmac('sha256', derivedKey(ctx, 'attempts')).update(name).digest('base64url').slice(0, 22);

async function keysOf(ctx: Context, secret: Secret, name: string) {
  const account = `${secret}:${hashed(ctx, name)}`;
  const address = addressGroup(ctx.caller.address);
  // An administrator who unlocks an account begins a new generation; the counts of the old one end by themselves.
  const [generation] = await ctx.counters.counts([`generation:${account}`]);
  return { pair: `${account}:${generation}:${address}`, address: `${secret}:address:${address}`, account };
}

/** How often it failed before. Throws `auth.too_many_attempts` while the name must wait at this address, or the address altogether. */
export async function countFailures(ctx: Context, secret: Secret, name: string): Promise<Failures> {
  const keys = await keysOf(ctx, secret, name);
  const waits = await ctx.counters.waits([keys.pair, keys.address]);
  assertNoWait(Math.max(...waits));
  const [pair = 0, address = 0, account = 0] = await ctx.counters.counts([keys.pair, keys.address, keys.account]);
  return { pair, address, account };
}

/**
 * Counts an attempt before its secret is looked at, so that attempts at the same time are counted too. What a name has failed at one
 * address never makes it wait at another: nobody can lock somebody else out. Throws `auth.too_many_attempts`.
 */
export async function beginAttempt(ctx: Context, secret: Secret, name: string): Promise<Attempt> {
  const { settings } = ctx;
  const keys = await keysOf(ctx, secret, name);
  const longestWaitMs = settings.SIGN_IN_DELAY_MAX_SECONDS * 1000;
  const gate = (key: string, free: number): Gate => {
    return { key, free, windowMs: Math.max(HOUR_MS, 2 * longestWaitMs), firstWaitMs: FIRST_WAIT_MS, longestWaitMs };
  };
  const pair = gate(keys.pair, settings.SIGN_IN_DELAY_AFTER);
  const passage = await ctx.counters.pass([
    pair,
    gate(keys.address, settings.SIGN_IN_ADDRESS_DELAY_AFTER),
    gate(keys.account, secret === 'code' ? CODES_OF_AN_ACCOUNT : Number.MAX_SAFE_INTEGER),
  ]);
  assertNoWait(passage.waitMs);
  const [held = 0] = await ctx.counters.waits([keys.pair]);
  if (held > 0) await ctx.counters.hold(`locked:${keys.account}`, held);
  return { pair: keys.pair, others: [keys.address, keys.account] };
}

/** Takes the failures of this name at this address back: the last attempt was the right one. */
export async function succeeded(ctx: Context, { pair, others }: Attempt): Promise<void> {
  await ctx.counters.takeBack(pair, others);
}

/** Until when each of the names must wait at some address; null for one that need not. */
export async function waitsOf(ctx: Context, names: readonly string[]): Promise<(Date | null)[]> {
  const waits = await ctx.counters.waits(names.map((name) => `locked:password:${hashed(ctx, name)}`));
  return waits.map((waitMs) => (waitMs > 0 ? new Date(ctx.now().getTime() + waitMs) : null));
}

/** Forgets every failure in a name, wherever it was. */
export async function forgetFailures(ctx: Context, name: string): Promise<void> {
  for (const secret of ['password', 'code'] as const) {
    const account = `${secret}:${hashed(ctx, name)}`;
    await ctx.counters.count(`generation:${account}`, DAY_MS);
    await ctx.counters.forget(account);
    await ctx.counters.forget(`locked:${account}`);
  }
}

/** Whether something may be done once more for a name: so many times within a time that begins with the first. */
export async function isWithinQuota(
  ctx: Context,
  what: string,
  name: string,
  most: number,
  windowMs: number,
): Promise<boolean> {
  return (await ctx.counters.count(`quota:${what}:${hashed(ctx, name)}`, windowMs)).count <= most;
}

function assertNoWait(waitMs: number): void {
  if (waitMs > 0) throw protectionErrors.too_many_attempts({ seconds: Math.ceil(waitMs / 1000) });
}
