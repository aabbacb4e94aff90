import { uptime, version } from 'node:process';
import type { Context } from '#core/context.ts';
import { instanceName as instance } from '#core/instance.ts';
import type { Interval, Tally } from '#core/request-stats.ts';
import { dayBounds, hourBounds, isTimeZone } from '#core/time-zone.ts';
import * as crud from './dashboard.crud.ts';
import { dashboardErrors } from './dashboard.errors.ts';
import type {
  CountPoint,
  OwnFigures,
  ProcessFigures,
  RequestFigures,
  RequestTally,
  SignInFigures,
  SignInPoint,
  UserFigures,
  ZoneQuery,
} from './dashboard.schema.ts';

const DAYS = 30;
const HOURS = 24;
const MOST_ROUTES = 100;

function zoneOf({ tz = 'UTC' }: ZoneQuery): string {
  if (!isTimeZone(tz)) throw dashboardErrors.time_zone_unknown().on('tz');
  return tz;
}

const total = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0);

/** The second half of the counts as a series, and the sum of the first half: the same time before. */
function halves(bounds: readonly Date[], counts: readonly number[]): { points: CountPoint[]; before: number } {
  const half = counts.length / 2;
  const points = counts
    .slice(half)
    .map((count, index) => ({ from: (bounds[half + index] as Date).toISOString(), count }));
  return { points, before: total(counts.slice(0, half)) };
}

/** What everybody may know: about themselves. Throws `dashboard.time_zone_unknown`, as the others do that take a zone. */
export async function getOwnFigures(ctx: Context, query: ZoneQuery): Promise<OwnFigures> {
  const { userId, deptId } = ctx.actor;
  const bounds = dayBounds(zoneOf(query), ctx.now(), DAYS);
  const days = await signIns(ctx, bounds, userId);
  const { live_sessions } = await crud.countLiveSessions(ctx, userId);
  const previous = await crud.findSignInBefore(ctx, userId, ctx.caller.sessionId ?? '');
  return {
    roles: await crud.listRolesOf(ctx, userId),
    dept_name: deptId === null ? null : ((await crud.findOwnDept(ctx, deptId))?.name ?? null),
    live_sessions,
    previous_sign_in: previous
      ? { at: previous.created_at.toISOString(), address: previous.address, user_agent: previous.user_agent }
      : null,
    sign_in_days: days,
  };
}

/** The users in the caller's data scope. */
export async function getUserFigures(ctx: Context, query: ZoneQuery): Promise<UserFigures> {
  const bounds = dayBounds(zoneOf(query), ctx.now(), 2 * DAYS);
  const counted = await crud.countUsers(ctx);
  const { points, before } = halves(bounds, await crud.countNewUsers(ctx, bounds));
  return { ...counted, new_days: points, new_before: before };
}

async function signIns(ctx: Context, bounds: readonly Date[], userId?: number): Promise<SignInPoint[]> {
  const counts = await crud.countSignIns(ctx, bounds, userId);
  return bounds.slice(0, -1).map((from, index) => ({
    from: from.toISOString(),
    succeeded: counts.get('signed-in')?.[index] ?? 0,
    refused: counts.get('refused')?.[index] ?? 0,
  }));
}

/** The sign-ins of the users in the caller's data scope; attempts in the name of nobody are seen by who sees everybody. */
export async function getSignInFigures(ctx: Context, query: ZoneQuery): Promise<SignInFigures> {
  const zone = zoneOf(query);
  const hours = await signIns(ctx, hourBounds(zone, ctx.now(), 2 * HOURS));
  return {
    ...(await crud.countLiveSessions(ctx)),
    days: await signIns(ctx, dayBounds(zone, ctx.now(), DAYS)),
    hours: hours.slice(HOURS),
    before_hours: total(hours.slice(0, HOURS).map(({ succeeded }) => succeeded)),
  };
}

function toTally(tally: Tally): RequestTally {
  return {
    count: tally.count,
    client_errors: tally.clientErrors,
    server_errors: tally.serverErrors,
    p50_ms: tally.percentile(0.5),
    p95_ms: tally.percentile(0.95),
  };
}

const toPoint = ({ from, tally }: Interval) => ({ from: new Date(from).toISOString(), tally: toTally(tally) });

/** What this process has answered. */
export function getRequestFigures(ctx: Context): RequestFigures {
  const figures = ctx.requests.figures();
  return {
    instance,
    since: new Date(figures.since).toISOString(),
    last_hour: toTally(figures.lastHour),
    hour_before: toTally(figures.hourBefore),
    minutes: figures.minutes.map(toPoint),
    hours: figures.hours.map(toPoint),
    routes: figures.routes
      .slice(0, MOST_ROUTES)
      .map(({ method, path, tally }) => ({ method, path, tally: toTally(tally) })),
  };
}

/** What this process uses. */
export function getProcessFigures(ctx: Context): ProcessFigures {
  return {
    instance,
    node_version: version,
    uptime_seconds: Math.floor(uptime()),
    samples: ctx.process.samples().map(({ at, rss, heapUsed, loopDelayMs, utilization }) => ({
      at: at.toISOString(),
      rss_bytes: rss,
      heap_bytes: heapUsed,
      loop_delay_ms: Math.round(loopDelayMs * 100) / 100,
      utilization: Math.round(utilization * 10_000) / 10_000,
    })),
  };
}
