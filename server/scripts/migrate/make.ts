import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Entity } from '#core/entity.ts';
import type { Dialect } from '#extensions/database/index.ts';
import { MigrationError } from '#extensions/database/migration-error.ts';
import { migrationNames } from '#extensions/database/migration-files.ts';
import type { Rename } from './comparator.ts';
import { migrationSource } from './migration-source.ts';
import { diffSnapshot, type SchemaDiff } from './schema-diff.ts';

export const dialects: readonly Dialect[] = ['sqlite', 'mysql', 'postgresql'];

export interface MakeOptions {
  readonly folder: string;
  readonly entities: readonly Entity[];
  readonly name: string;
  readonly renames?: readonly Rename[];
  readonly now?: Date;
}

export interface Made {
  /** The files of the migration, relative to the folder; none when the entities are what the snapshots say. */
  readonly files: string[];
  /** What rows lose by it. */
  readonly losses: string[];
}

/**
 * Writes the migration from the stored snapshots to the entities, for the three dialects or for none. Needs no database.
 *
 * @throws {MigrationError} when the name is not in snake case, the change would fail on a table with rows, or a rename is wrong
 */
export async function makeMigration({
  folder,
  entities,
  name,
  renames = [],
  now = new Date(),
}: MakeOptions): Promise<Made> {
  if (!/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(name)) {
    throw new MigrationError(`"${name}" is not a name in snake case, such as add_user_locale.`);
  }
  const unknown = renames.find(({ table }) => !entities.some((entity) => entity.table === table));
  if (unknown) throw new MigrationError(`There is no table "${unknown.table}".`);
  const diffs = await diffAll(folder, entities, renames);
  const refusals = distinct(diffs.flatMap(({ diff }) => diff.refusals));
  if (refusals.length > 0)
    throw new MigrationError(`No migration was written:\n${refusals.map((r) => `  - ${r}`).join('\n')}`);
  if (diffs.every(({ diff, snapshot }) => diff.up.length === 0 && diff.snapshot === snapshot))
    return { files: [], losses: [] };
  const stamped = `${timestamp(now)}_${name}`;
  await refuseOlder(folder, stamped);
  const files = diffs.flatMap(({ dialect, diff }) => [
    { path: join(dialect, `${stamped}.ts`), content: migrationSource(diff) },
    { path: join(dialect, 'snapshot.json'), content: diff.snapshot },
  ]);
  await writeTogether(folder, files);
  const written = files.map(({ path }) => path).filter((path) => path.endsWith('.ts'));
  return { files: written, losses: distinct(diffs.flatMap(({ diff }) => diff.losses)) };
}

/** Compares the entities with the snapshot of every dialect. */
export async function diffAll(
  folder: string,
  entities: readonly Entity[],
  renames: readonly Rename[] = [],
): Promise<{ dialect: Dialect; snapshot: string | undefined; diff: SchemaDiff }[]> {
  return Promise.all(
    dialects.map(async (dialect) => {
      const file = join(folder, dialect, 'snapshot.json');
      const snapshot = existsSync(file) ? await readFile(file, 'utf8') : undefined;
      return { dialect, snapshot, diff: await diffSnapshot(entities, dialect, snapshot, renames) };
    }),
  );
}

/** UTC, so that the order of names does not depend on where a developer sits. */
function timestamp(now: Date): string {
  return now.toISOString().replace(/\D/g, '').slice(0, 14);
}

async function refuseOlder(folder: string, stamped: string): Promise<void> {
  const newest = (await Promise.all(dialects.map((dialect) => migrationNames(folder, dialect)))).flat().sort().at(-1);
  if (newest !== undefined && newest.slice(0, 14) >= stamped.slice(0, 14)) {
    throw new MigrationError(
      `The clock says ${stamped.slice(0, 14)}, which is not after ${newest}. Wait, or correct the clock.`,
    );
  }
}

/** All files or none: when one cannot be written, the others become again what they were. */
async function writeTogether(folder: string, files: readonly { path: string; content: string }[]): Promise<void> {
  const targets = await Promise.all(
    files.map(async ({ path, content }) => {
      const target = join(folder, path);
      return { target, content, before: existsSync(target) ? await readFile(target, 'utf8') : undefined };
    }),
  );
  try {
    for (const { target, content } of targets) {
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, content);
    }
  } catch (error) {
    const undone = targets.map(({ target, before }) =>
      before === undefined ? rm(target, { force: true }) : writeFile(target, before),
    );
    await Promise.allSettled(undone);
    throw error;
  }
}

const distinct = (texts: readonly string[]): string[] => [...new Set(texts)];
