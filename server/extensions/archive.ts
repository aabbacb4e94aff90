import type { FastifyBaseLogger } from 'fastify';
import { type Archive, noArchive } from '#core/archive.ts';

export interface ArchiveOptions {
  /** Of a MongoDB; empty for none. */
  readonly url: string;
  /** How long a row stays after it was archived; 0 for ever. */
  readonly days: number;
  readonly log: FastifyBaseLogger;
}

/** Opens the archive. The driver is loaded only where there is a MongoDB; that need not answer yet. Rejects for an address it cannot read. */
export async function openArchive(options: ArchiveOptions): Promise<Archive> {
  if (!options.url) return noArchive;
  const { openMongoArchive } = await import('./archive-mongo.ts');
  return openMongoArchive(options);
}
