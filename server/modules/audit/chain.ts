import { createHash } from 'node:crypto';
import { type ChainRow, HASHED_COLUMNS } from './audit.entity.ts';

/** What the first row is chained to. */
export const GENESIS = '0'.repeat(64);

/** A place in the chain and the hash that belongs to it. */
export interface Place {
  readonly sequence: number;
  readonly hash: string;
}

export const BEGINNING: Place = { sequence: 0, hash: GENESIS };

/** Not before any place that the column can hold on every database. */
export const LAST_PLACE = 2_147_483_647;

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

export type Purpose = 'seal' | 'cut' | 'head';

/** What is signed of a place in the chain. A signature made for one purpose is worth nothing for another. */
export function signedText(purpose: Purpose, sequence: number, hash: string, at: Date): string {
  return `fastify-vue3-admin audit ${purpose}\n${sequence}\n${hash}\n${at.toISOString()}`;
}
