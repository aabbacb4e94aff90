import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Dialect } from './index.ts';

/** One step of the schema, one statement per entry. Its name sorts by the time it was made. */
export interface Migration {
  readonly name: string;
  readonly up: readonly string[];
  readonly down: readonly string[];
}

/** Where the migrations of the service are: a folder for each dialect. */
export const migrationsFolder = resolve(import.meta.dirname, '../../migrations');

const FILE_NAME = /^(\d{14}_[a-z0-9_]+)\.ts$/;

/** Lists the names of a dialect's migrations, oldest first, without loading them. A folder that is not there has none. */
export async function migrationNames(folder: string, dialect: Dialect): Promise<string[]> {
  const entries = await readdir(join(folder, dialect), { withFileTypes: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    },
  );
  return entries.flatMap((entry) => (entry.isDirectory() ? [] : (FILE_NAME.exec(entry.name)?.[1] ?? []))).sort();
}

/** Loads a migration. Throws Error when the file does not export `up` and `down` as lists of statements. */
export async function loadMigration(folder: string, dialect: Dialect, name: string): Promise<Migration> {
  const file = join(folder, dialect, `${name}.ts`);
  const { up, down } = (await import(pathToFileURL(file).href)) as Partial<Migration>;
  if (!isStatements(up) || !isStatements(down)) {
    throw new Error(`The migration ${file} must export "up" and "down" as arrays of SQL statements.`);
  }
  return { name, up, down };
}

function isStatements(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((statement) => typeof statement === 'string' && statement.trim() !== '');
}

/** A fingerprint of statements, to notice that a file was changed after it was applied. */
export function checksum(statements: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(statements)).digest('hex');
}
