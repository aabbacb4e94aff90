import { closeSync, openSync } from 'node:fs';
import { backup, DatabaseSync } from 'node:sqlite';
import { parseDatabaseUrl } from './url.ts';

const PAGES_AT_ONCE = 1000;

/** The file of an SQLite URL, as written there; null for another database. */
export function sqliteFileOf(url: string): string | null {
  const address = parseDatabaseUrl(url);
  return address.dialect === 'sqlite' ? address.file : null;
}

/**
 * Copies a database while others use it, a thousand pages at a time so that nobody waits. The copy may be read by its owner alone: it
 * holds the same secrets. `onProgress` may throw to stop. Rejects when the copy cannot be written.
 */
export async function backUpSqlite(
  file: string,
  target: string,
  onProgress: (donePages: number, totalPages: number) => void,
): Promise<void> {
  closeSync(openSync(target, 'wx', 0o600));
  const source = new DatabaseSync(file, { readOnly: true });
  try {
    await backup(source, target, {
      rate: PAGES_AT_ONCE,
      progress: ({ totalPages, remainingPages }) => onProgress(totalPages - remainingPages, totalPages),
    });
  } finally {
    source.close();
  }
}
