import { closeSync, openSync, readdirSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { MigrationError } from './migration-error.ts';

const KEPT_BACKUPS = 3;

/** A copy of an SQLite file, beside it. */
export interface Backup {
  readonly path: string;
  /** Removes it, because the change it was made for did not happen. */
  discard(): void;
}

/**
 * Copies the database as its last commit left it; another connection may hold the write lock meanwhile.
 *
 * @throws {MigrationError} when the copy cannot be written; nothing is left of it then
 */
export function backUp(file: string): Backup {
  const time = new Date().toISOString().replace(/[-:.Z]/g, '');
  const path = `${file}.bak-${time}`;
  const discard = (): void => rmSync(path, { force: true });
  const reader = new DatabaseSync(file, { readOnly: true });
  try {
    // It holds the same secrets as the database, so nobody may read it who may not read that.
    closeSync(openSync(path, 'wx', statSync(file).mode & 0o777));
    reader.prepare('vacuum into ?').run(path);
  } catch (error) {
    discard();
    const reason = (error as Error).message;
    throw new MigrationError(`The database was not migrated: its backup ${path} could not be written: ${reason}`, {
      cause: error,
    });
  } finally {
    reader.close();
  }
  return { path, discard };
}

/** Removes all copies but the newest three. */
export function removeOldBackups(file: string): void {
  const prefix = `${basename(file)}.bak-`;
  const isBackup = (entry: string): boolean =>
    entry.startsWith(prefix) && /^\d{8}T\d{9}$/.test(entry.slice(prefix.length));
  const backups = readdirSync(dirname(file)).filter(isBackup).sort().reverse();
  for (const old of backups.slice(KEPT_BACKUPS)) rmSync(join(dirname(file), old), { force: true });
}
