import { search } from './search.ts';

export interface Task {
  readonly challenge: string;
  readonly difficulty: number;
}

/** How many numbers were tried, or the solution. */
export type Report = { readonly tried: number } | { readonly solution: string };

addEventListener('message', ({ data: { challenge, difficulty } }: MessageEvent<Task>) => {
  const searching = search(challenge, difficulty);
  for (;;) {
    const step = searching.next();
    const report: Report = step.done ? { solution: step.value } : { tried: step.value };
    postMessage(report);
    if (step.done) return;
  }
});
