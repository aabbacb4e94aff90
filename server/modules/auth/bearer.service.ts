import type { Actor } from '#core/access.ts';
import type { AccessCache, LiveKey, LiveSession, SessionState } from '#core/access-cache.ts';
import type { Context } from '#core/context.ts';
import { type AppError, accessErrors } from '#core/errors.ts';
import { getActor } from '../access/access.service.ts';
import { maySee, seesAs } from '../access/view-check.service.ts';
import {
  actorOfKey,
  addressRefused,
  findLiveKey,
  isUsableFrom,
  keyFromSnapshot,
  looksLikeKey,
} from '../api-key/key-check.service.ts';
import { endSessions, getSessionState } from '../session/session.service.ts';
import { authErrors } from './auth.errors.ts';
import type { AccessClaims, AccessTokens } from './token.ts';

/** Who sends a request: in a session, as another user in a session of their own, or by a key for machines. */
export interface Authenticated {
  readonly actor: Actor;
  readonly sessionId: string | null;
  readonly provenAt: number;
  readonly viewer: Actor | null;
  readonly apiKey: LiveKey | null;
}

/** Who sends a request, or why nobody does. */
export type Authentication = Authenticated | 'nobody' | 'inactive' | 'elsewhere';

type Person = Awaited<ReturnType<typeof getActor>>;

/** Answers from the snapshot alone when it can; undefined asks for `authenticate`, which reads the database. */
export function authenticateFromSnapshot(
  access: AccessCache,
  tokens: AccessTokens,
  bearer: string,
  now: Date,
  address: string | null,
): Authentication | undefined {
  if (looksLikeKey(bearer)) {
    const key = keyFromSnapshot(access, bearer);
    const owner = key && access.actor(key.userId);
    return key === null ? 'nobody' : key && owner !== undefined ? judgeKey(key, owner, now, address) : undefined;
  }
  const claims = tokens.verify(bearer);
  if (!claims) return 'nobody';
  const session = access.session(claims.sid);
  const actor = access.actor(Number(claims.sub));
  if (session === undefined || actor === undefined) return undefined;
  if (session === 'ended' || session.viewedUserId === null) return judge(claims, session, actor, now);
  const viewer = access.actor(session.userId);
  return viewer !== undefined && seesAs(session, viewer, actor)
    ? judge(claims, session, actor, now, viewer)
    : undefined;
}

/** Who a bearer token stands for, by what is stored now: the session must live, the user exist and be active. */
export async function authenticate(
  ctx: Context,
  tokens: AccessTokens,
  bearer: string,
  address: string | null,
): Promise<Authentication> {
  if (looksLikeKey(bearer)) {
    const key = await findLiveKey(ctx, bearer);
    return key ? judgeKey(key, await getActor(ctx, key.userId), ctx.now(), address) : 'nobody';
  }
  const claims = tokens.verify(bearer);
  if (!claims) return 'nobody';
  const session = await getSessionState(ctx, claims.sid);
  const actor = await getActor(ctx, Number(claims.sub));
  if (session === 'ended' || session.viewedUserId === null) return judge(claims, session, actor, ctx.now());
  const viewer = await getActor(ctx, session.userId);
  const judged = judge(claims, session, actor, ctx.now(), viewer);
  if (typeof judged !== 'string' && judged.viewer && (await maySee(ctx, session, judged.viewer, judged.actor)))
    return judged;
  // Whoever of the two has lost rights gets them back without this session.
  await endSessions(ctx, [claims.sid], 'may not be viewed any more');
  return 'nobody';
}

function judge(
  claims: AccessClaims,
  session: SessionState,
  actor: Person,
  now: Date,
  viewer: Person = null,
): Authentication {
  if (actor === 'inactive') return 'inactive';
  if (actor === null || session === 'ended') return 'nobody';
  if (subjectOf(session) !== actor.userId || session.expiresAt <= now.getTime()) return 'nobody';
  if (session.viewedUserId !== null && (viewer === null || viewer === 'inactive')) return 'nobody';
  return {
    actor,
    sessionId: claims.sid,
    provenAt: session.provenAt,
    viewer: viewer === 'inactive' ? null : viewer,
    apiKey: null,
  };
}

const subjectOf = ({ userId, viewedUserId }: LiveSession) => viewedUserId ?? userId;

function judgeKey(apiKey: LiveKey, owner: Person, now: Date, address: string | null): Authentication {
  if (owner === 'inactive') return 'inactive';
  if (owner === null || apiKey.expiresAt <= now.getTime()) return 'nobody';
  if (!isUsableFrom(apiKey, address)) return 'elsewhere';
  // A key proves nothing but itself, so nothing that asks for a fresh proof is open to it.
  return {
    actor: actorOfKey(apiKey, owner),
    sessionId: null,
    provenAt: Number.NEGATIVE_INFINITY,
    viewer: null,
    apiKey,
  };
}

/** What a route says to somebody who is not signed in, who has been disabled, or whose key is for other addresses. */
export function refusalOf(authentication: Extract<Authentication, string>): AppError {
  if (authentication === 'elsewhere') return addressRefused();
  return authentication === 'inactive' ? authErrors.inactive_user() : accessErrors.unauthenticated();
}
