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

/** Takes up to `places` of the tasks that may run now; no other instance gets those as well. */
export async function claimTasks(
  ctx: Context,
  places: number,
  claimant: Claimant,
  limitedOnly = false,
): Promise<claim.TakenTask[]> {
  const names = [...ctx.handlers.keys()];
  if (places <= 0 || names.length === 0) return [];
  const most = Math.min(MOST_CANDIDATES, places * CANDIDATES_PER_PLACE);
  const limitedNames = names.filter((name) => ctx.handlers.get(name)?.concurrency !== undefined);
  const candidates = limitedOnly
    ? await claim.listAvailableLimited(ctx, names, limitedNames, most)
    : await claim.listAvailable(ctx, names, most);
  if (candidates.length === 0) return [];
  const taken: claim.TakenTask[] = [];
  const free = candidates.filter((candidate) => !isLimited(ctx, candidate)).slice(0, places);
  if (free.length > 0)
    taken.push(
      ...(await take(
        ctx,
        free.map(({ id }) => id),
        claimant,
      )),
    );
  const limited = Map.groupBy(
    candidates.filter((candidate) => isLimited(ctx, candidate)),
    ({ handler }) => handler,
  );
  for (const [handler, waiting] of limited) {
    if (taken.length >= places) break;
    taken.push(...(await claimLimited(ctx, handler, waiting, places - taken.length, claimant)));
  }
  return taken;
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
    const { concurrency = Number.POSITIVE_INFINITY, concurrencyPerKey = 1 } = ctx.handlers.get(name) as AnyTaskHandler;
    const running = await claim.listRunningKeys(ctx, name);
    let room = Math.min(places, concurrency - running.length);
    const perKey = new Map<string, number>();
    for (const key of running) if (key !== null) perKey.set(key, (perKey.get(key) ?? 0) + 1);
    const chosen: number[] = [];
    for (const candidate of candidates) {
      if (room <= 0) break;
      if (candidate.key !== null) {
        const count = perKey.get(candidate.key) ?? 0;
        if (count >= concurrencyPerKey) continue;
        perKey.set(candidate.key, count + 1);
      }
      chosen.push(candidate.id);
      room -= 1;
    }
    return chosen.length > 0 ? take(ctx, chosen, claimant) : [];
  });
}
