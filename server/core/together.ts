import { setImmediate as endOfTurn } from 'node:timers/promises';

/**
 * Does at once what is asked for within one turn of the event loop: `work` is given all of it, and answers in the same order. An answer
 * may be a promise, so that one can fail without the others; when `work` itself rejects, everybody hears it. Where `isAlone` says that
 * nothing else will be asked for, the end of the turn is not waited for.
 */
export function together<In, Out>(
  work: (asked: readonly In[]) => Promise<readonly (Out | Promise<Out>)[]>,
  isAlone: () => boolean = () => false,
): (asked: In) => Promise<Out> {
  let waiting: In[] = [];
  let turn: ReturnType<typeof work> | undefined;
  async function workOff() {
    await endOfTurn();
    const asked = waiting;
    waiting = [];
    turn = undefined;
    return work(asked);
  }
  return async (asked) => {
    if (waiting.length === 0 && isAlone()) return (await work([asked]))[0] as Out;
    const place = waiting.push(asked) - 1;
    turn ??= workOff();
    return (await turn)[place] as Out;
  };
}
