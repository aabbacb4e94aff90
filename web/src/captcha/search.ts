import { firstWord } from './sha256.ts';

/** Numbers tried between two reports of progress. */
const SLICE = 8192;

/** Looks for the number whose hash together with the challenge begins with `difficulty` zero bits; yields how many it has tried. */
export function* search(challenge: string, difficulty: number): Generator<number, string> {
  for (let n = 0; ; n++) {
    if (Math.clz32(firstWord(`${challenge}:${n}`)) >= difficulty) return String(n);
    if (n % SLICE === SLICE - 1) yield n + 1;
  }
}
