import { createHash, randomBytes } from 'node:crypto';
import type { Context } from '#core/context.ts';
import * as crud from './challenge.crud.ts';
import type { Factor } from './challenge.entity.ts';
import { challengeErrors } from './challenge.errors.ts';

export type { Factor };

/** How a sign-in began, and what it has proven so far. */
export interface SignInProof {
  /** `password`, `passkey`, or `oidc:<provider>`. */
  readonly method: string;
  readonly factors: readonly Factor[];
}

/** A challenge as its owner gets it, once. Any one of `wanted` finishes it. */
export interface OpenedChallenge {
  readonly token: string;
  readonly wanted: readonly Factor[];
  readonly expiresIn: number;
}

/** A challenge somebody may try to answer now. */
export interface LiveChallenge {
  readonly id: number;
  readonly userId: number;
  readonly proof: SignInProof;
  readonly wanted: readonly Factor[];
  readonly createdAt: Date;
}

const LIFETIME_SECONDS = 300;
/** With six digits and three codes valid at a time, five attempts guess right once in 66,000 challenges. */
const MOST_ATTEMPTS = 5;

const sha256 = (value: string) => createHash('sha256').update(value).digest('hex');
const originOf = ({ caller }: Context) => sha256(`${caller.address}\n${caller.userAgent}`);

/** Stores what a sign-in has proven, and what it still has to. Runs inside the caller's transaction. */
export async function openChallenge(
  ctx: Context,
  userId: number,
  proof: SignInProof,
  wanted: readonly Factor[],
): Promise<OpenedChallenge> {
  const token = randomBytes(32).toString('base64url');
  await crud.insertChallenge(ctx, {
    token_hash: sha256(token),
    user_id: userId,
    method: proof.method,
    proven: proof.factors.join(','),
    wanted: wanted.join(','),
    origin_hash: originOf(ctx),
    created_at: ctx.now(),
    expires_at: new Date(ctx.now().getTime() + LIFETIME_SECONDS * 1000),
  });
  return { token, wanted, expiresIn: LIFETIME_SECONDS };
}

/**
 * The challenge behind a token. Throws `challenge.invalid` for one that is unknown, expired, used, worn out, or sent from another
 * address or browser.
 */
export async function getChallenge(ctx: Context, token: string): Promise<LiveChallenge> {
  return toLive(await getRow(ctx, token));
}

/**
 * Takes up a challenge and counts the attempt, whatever comes of it; call it outside a transaction, so that a failure counts.
 * Throws `challenge.invalid`, also for the second of two at the same time.
 */
export async function attemptChallenge(ctx: Context, token: string): Promise<LiveChallenge> {
  const row = await getRow(ctx, token);
  if (!(await crud.countAttempt(ctx, row.id, row.attempts))) throw challengeErrors.invalid();
  return toLive(row);
}

type ChallengeRow = NonNullable<Awaited<ReturnType<typeof crud.findChallenge>>>;

async function getRow(ctx: Context, token: string): Promise<ChallengeRow> {
  const row = await crud.findChallenge(ctx, sha256(token));
  if (!row || row.used_at || row.expires_at <= ctx.now()) throw challengeErrors.invalid();
  if (row.attempts >= MOST_ATTEMPTS || row.origin_hash !== originOf(ctx)) throw challengeErrors.invalid();
  return row;
}

function toLive(row: ChallengeRow): LiveChallenge {
  return {
    id: row.id,
    userId: row.user_id,
    proof: { method: row.method, factors: row.proven.split(',').filter(Boolean) as Factor[] },
    wanted: row.wanted.split(',') as Factor[],
    createdAt: row.created_at,
  };
}

/** Ends a challenge that was answered rightly; it works once. Throws `challenge.invalid` for the second of two at the same time. */
export async function closeChallenge(ctx: Context, challenge: LiveChallenge): Promise<void> {
  if (!(await crud.useChallenge(ctx, challenge.id))) throw challengeErrors.invalid();
}

/** Removes the challenges that have expired; tells how many. */
export function removeExpiredChallenges(ctx: Context): Promise<number> {
  return crud.deleteChallengesBefore(ctx, ctx.now());
}
