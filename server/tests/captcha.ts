import { createHash } from 'node:crypto';
import type { Client } from './harness.ts';

interface Drawn {
  readonly id: string;
  readonly challenge: string;
  readonly difficulty: number;
}

/** Finds the solution of a proof of work, or with `wrong` a number that is none. */
export function solve({ id, challenge, difficulty }: Drawn, wrong = false): { id: string; solution: string } {
  for (let n = 0; ; n++) {
    const bits = createHash('sha256').update(`${challenge}:${n}`).digest('hex');
    const solved = BigInt(`0x${bits}`) >> BigInt(256 - difficulty) === 0n;
    if (solved !== wrong) return { id, solution: String(n) };
  }
}

/** Draws a proof of work and solves it. */
export async function solvedCaptcha(client: Client, name: string, remoteAddress?: string) {
  const options = remoteAddress === undefined ? {} : { remoteAddress };
  return solve((await client.get('auth/captcha', { query: { for: name }, ...options })).body.data);
}
