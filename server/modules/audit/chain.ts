import { createHash } from 'node:crypto';
import { type ChainRow, HASHED_COLUMNS } from './audit.entity.ts';

/** What the first row is chained to. */
export const GENESIS = '0'.repeat(64);

/** The hash of a row at its place, which depends on every row before it. */
export function chainHash(previous: string, sequence: number, row: ChainRow): string {
  const content = HASHED_COLUMNS.map((column) => {
    const value = row[column];
    return value instanceof Date ? value.toISOString() : value;
  });
  return createHash('sha256')
    .update(JSON.stringify([previous, sequence, content]))
    .digest('hex');
}

/** What is signed of a place in the chain. A signature made for one purpose is worth nothing for another. */
export function signedText(purpose: 'seal' | 'cut' | 'head', sequence: number, hash: string, at: Date): string {
  return `fastify-vue3-admin audit ${purpose}\n${sequence}\n${hash}\n${at.toISOString()}`;
}
