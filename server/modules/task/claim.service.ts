import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from '#core/context.ts';
import type { AnyTaskHandler } from '#core/task.ts';
import { together } from '#core/together.ts';
import * as claim from './claim.crud.ts';
import { isLimited } from './queue.service.ts';
import { released } from './state.service.ts';
import * as work from './work.crud.ts';

export interface Claimant {
  readonly instance: string;
  readonly leaseMs: number;
}

interface Candidate {
  readonly id: number;
  readonly handler: string;
  readonly key: string | null;
  readonly job_id: number | null;
}

/** Looking at more than there is room for finds something to do behind tasks that have to wait for others of their kind. */
const CANDIDATES_PER_PLACE = 4;
const MOST_CANDIDATES = 200;

/** How much too early an offer may come. */
const EARLY_AT_MOST_MS = 1000;

/** One lock row for each handler that limits how many of its tasks run at once. */
export async function prepareLocks(ctx: Context): Promise<void> {
  const there = new Set((await claim.listLocks(ctx)).map(({ handler }) => handler));
  for (const name of ctx.handlers.keys()) {
    if (there.has(name)) continue;
    try {
      await claim.insertLock(ctx, name);
    } catch (error) {
      // Another instance that starts at the same moment may have added it.
      if (!(await claim.listLocks(ctx)).some(({ handler }) => handler === name)) throw error;
    }
  }
}

/**
 * Takes up to `places` of the tasks that may run now, in the order in which they should; no other instance gets those as well. They come in
 * groups, each as soon as it is taken: what was taken before something failed is somebody's to do.
 */
export async function* claimTasks(
  ctx: Context,
  places: number,
  claimant: Claimant,
  limitedOnly = false,
): AsyncGenerator<claim.TakenTask[]> {
  let left = places;
  const candidates = await findCandidates(ctx, places, limitedOnly);
  for (const group of groupsInOrder(ctx, candidates)) {
    if (left <= 0) return;
    const taken = await takeGroup(ctx, group, left, claimant);
    left -= taken.length;
    if (taken.length > 0) yield taken;
  }
}

/** More tasks than there are places for, first come those that should run first. What cannot run now is left out, so that it holds up no other. */
async function findCandidates(ctx: Context, places: number, limitedOnly: boolean): Promise<readonly Candidate[]> {
  const names = [...ctx.handlers.keys()];
  if (places <= 0 || names.length === 0) return [];
  const most = Math.min(MOST_CANDIDATES, places * CANDIDATES_PER_PLACE);
  if (limitedOnly) return claim.listAvailableLimited(ctx, await findFull(ctx), names, limitedNames(ctx), most);
  const candidates = await claim.listAvailable(ctx, names, most);
  if (!candidates.some((candidate) => isLimited(ctx, candidate))) return candidates;
  const full = await findFull(ctx);
  return full.handlers.length + full.keys.length > 0 ? claim.listAvailableBut(ctx, full, names, most) : candidates;
}

async function findFull(ctx: Context): Promise<claim.Full> {
  const running = await claim.countRunning(ctx);
  const inAll = new Map<string, number>();
  for (const { handler, count } of running) inAll.set(handler, (inAll.get(handler) ?? 0) + Number(count));
  return {
    handlers: limitedNames(ctx).filter(
      (name) => (inAll.get(name) ?? 0) >= (ctx.handlers.get(name)?.concurrency ?? Number.POSITIVE_INFINITY),
    ),
    keys: running.flatMap(({ handler, key, job_id, count }) =>
      key !== null && Number(count) >= mostOfKey(ctx, { handler, job_id }) ? [{ handler, key }] : [],
    ),
  };
}

export function limitedNames(ctx: Context): string[] {
  return [...ctx.handlers.keys()].filter((name) => ctx.handlers.get(name)?.concurrency !== undefined);
}

/** How many tasks of a key may run at once. Runs of a job share a key when they must not overlap, whatever the handler says of other keys. */
function mostOfKey(ctx: Context, { handler, job_id }: Pick<Candidate, 'handler' | 'job_id'>): number {
  return job_id === null ? (ctx.handlers.get(handler)?.concurrencyPerKey ?? 1) : 1;
}

/** Tasks beside each other in their order that are taken in one way: those that wait for nobody, or those of one handler. */
function groupsInOrder(ctx: Context, candidates: readonly Candidate[]): Candidate[][] {
  const groups: Candidate[][] = [];
  let last: string | null | undefined;
  for (const candidate of candidates) {
    const way = isLimited(ctx, candidate) ? candidate.handler : null;
    if (way === last) groups.at(-1)?.push(candidate);
    else groups.push([candidate]);
    last = way;
  }
  return groups;
}

function takeGroup(
  ctx: Context,
  group: readonly Candidate[],
  places: number,
  claimant: Claimant,
): Promise<claim.TakenTask[]> {
  const [first] = group;
  if (first && isLimited(ctx, first)) return claimLimited(ctx, first.handler, group, places, claimant);
  const ids = group.slice(0, places).map(({ id }) => id);
  return take(ctx, ids, claimant);
}

/** Takes a task that was offered, if it may run now and need not wait for others. */
export type TakeOffered = (taskId: number) => Promise<claim.TakenTask | undefined>;

/** Those that are offered in one turn of the event loop are taken by one statement; one at once where `isIdle` says that nothing else goes on. */
export function takeOfferedTogether(ctx: Context, claimant: Claimant, isIdle: () => boolean): TakeOffered {
  const takeAll = together(async (ids: readonly number[]) => {
    const taken = new Map((await take(ctx, ids, claimant)).map((task) => [task.id, task]));
    return ids.map((id) => {
      const task = taken.get(id);
      // Offered twice it is still one.
      taken.delete(id);
      return task;
    });
  }, isIdle);
  return async (taskId) => {
    const task = (await takeAll(taskId)) ?? (await takeSoon(ctx, taskId, claimant));
    if (!task || (ctx.handlers.has(task.handler) && !isLimited(ctx, task))) return task;
    // Another version of the program has offered it: here nobody knows its handler, or may run so many of it.
    const back = { ...released(ctx.now()), attempt: task.attempt - 1 };
    await work.updateHeld(ctx, { id: task.id, leaseToken: task.lease_token as string, changes: back });
    return undefined;
  };
}

/** Timers and clocks differ by a little; what is offered much too early was moved meanwhile, and is offered again. */
async function takeSoon(ctx: Context, taskId: number, claimant: Claimant): Promise<claim.TakenTask | undefined> {
  const waiting = await claim.findQueued(ctx, taskId);
  const early = waiting ? waiting.available_at.getTime() - ctx.now().getTime() : EARLY_AT_MOST_MS + 1;
  if (early > EARLY_AT_MOST_MS) return undefined;
  await sleep(Math.max(1, early));
  return (await take(ctx, [taskId], claimant))[0];
}

function take(ctx: Context, ids: readonly number[], { instance, leaseMs }: Claimant) {
  const until = new Date(ctx.now().getTime() + leaseMs);
  return claim.takeTasks(ctx, ids, { token: randomUUID(), until, instance });
}

/** One instance at a time decides about the tasks of a handler, so that two of them together never take more than it allows. */
function claimLimited(
  ctx: Context,
  name: string,
  candidates: readonly Candidate[],
  places: number,
  claimant: Claimant,
): Promise<claim.TakenTask[]> {
  return ctx.inTransaction(async (ctx) => {
    if (!(await claim.lockHandler(ctx, name))) throw new Error(`the handler ${name} has no lock row`);
    const { concurrency = Number.POSITIVE_INFINITY } = ctx.handlers.get(name) as AnyTaskHandler;
    const running = await claim.listRunningKeys(ctx, name);
    let room = Math.min(places, concurrency - running.length);
    const perKey = new Map<string, number>();
    for (const key of running) if (key !== null) perKey.set(key, (perKey.get(key) ?? 0) + 1);
    const chosen: number[] = [];
    for (const candidate of candidates) {
      if (room <= 0) break;
      if (candidate.key !== null) {
        const count = perKey.get(candidate.key) ?? 0;
        if (count >= mostOfKey(ctx, candidate)) continue;
        perKey.set(candidate.key, count + 1);
      }
      chosen.push(candidate.id);
      room -= 1;
    }
    return chosen.length > 0 ? take(ctx, chosen, claimant) : [];
  });
}
