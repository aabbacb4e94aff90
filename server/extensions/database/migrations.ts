import type { Kysely } from 'kysely';
import type { Database } from './index.ts';
import { MigrationError } from './migration-error.ts';
import { checksum, loadMigration, migrationNames, migrationsFolder } from './migration-files.ts';
import { type ExclusiveOptions, type ExclusiveSession, onlyOne } from './migration-lock.ts';
import {
  type Applied,
  type MigrationSchema,
  type Progress,
  readApplied,
  readProgress,
  readState,
} from './migration-state.ts';

export { MigrationError } from './migration-error.ts';

export interface MigrateOptions extends Partial<ExclusiveOptions> {
  /** Holds a folder for each dialect; the service's own one if left out. */
  readonly folder?: string;
}

const LOCK_TIMEOUT_MS = 60_000;

const plain = ({ kysely }: Database): Kysely<MigrationSchema> => kysely as unknown as Kysely<MigrationSchema>;

const exclusive = ({ lockTimeoutMs = LOCK_TIMEOUT_MS, log = () => {} }: MigrateOptions): ExclusiveOptions => ({
  lockTimeoutMs,
  log,
});

/**
 * Applies the pending migrations, all or up to `to`. Any number of processes may call it at once: one migrates, the
 * others wait. With nothing pending it costs one select and a look into the folder.
 *
 * @throws {MigrationError} when a statement fails, the lock is not free in time, or database and files do not match
 */
export async function migrateUp(
  database: Database,
  options: MigrateOptions & { readonly to?: string } = {},
): Promise<{ applied: string[] }> {
  const { folder = migrationsFolder, to } = options;
  const names = await migrationNames(folder, database.dialect);
  if (to !== undefined && !names.includes(to)) throw new MigrationError(`There is no migration "${to}".`);
  const pendingIn = async (connection: Kysely<MigrationSchema>): Promise<string[]> => {
    const { applied, pending } = await readState(connection, names);
    refusePartlyReverted(applied);
    return pending.filter((name) => to === undefined || name <= to);
  };
  if ((await pendingIn(plain(database))).length === 0) return { applied: [] };
  return onlyOne(database, exclusive(options), async (session) => {
    const pending = await pendingIn(session.kysely);
    if (pending.length === 0) return { applied: [] };
    return { applied: await run(database, folder, names, session, pending.at(-1)) };
  });
}

/**
 * Takes back the newest migrations, one unless `steps` says more.
 *
 * @throws {MigrationError} as `migrateUp` does
 */
export async function migrateDown(
  database: Database,
  options: MigrateOptions & { readonly steps?: number } = {},
): Promise<{ reverted: string[] }> {
  const { folder = migrationsFolder, steps = 1 } = options;
  const names = await migrationNames(folder, database.dialect);
  return onlyOne(database, exclusive(options), async (session) => {
    const { applied, pending } = await readState(session.kysely, names);
    if (applied.length === 0 || steps < 1) return { reverted: [] };
    refusePartlyApplied(pending, await readProgress(session.kysely));
    const target = applied.at(-1 - steps)?.name;
    return { reverted: await run(database, folder, names, session, target) };
  });
}

async function run(
  database: Database,
  folder: string,
  names: readonly string[],
  session: ExclusiveSession,
  target: string | undefined,
): Promise<string[]> {
  const migrations = await Promise.all(names.map((name) => loadMigration(folder, database.dialect, name)));
  const { runMigrations } = await import('./migration-run.ts');
  session.backUp();
  return runMigrations(session.kysely, { migrations, target, isAtomic: session.isAtomic });
}

function refusePartlyReverted(applied: readonly Applied[]): void {
  const half = applied.find(({ direction }) => direction === 'down');
  if (half) {
    throw new MigrationError(
      `${half.name} was reverted only in part. Run "npm run migrate -- down" to finish that first.`,
    );
  }
}

function refusePartlyApplied(pending: readonly string[], progress: Map<string, Progress>): void {
  const half = pending.find((name) => progress.get(name)?.direction === 'up');
  if (half) {
    throw new MigrationError(`${half} was applied only in part. Run "npm run migrate -- up" to finish that first.`);
  }
}

export interface MigrationStatus {
  readonly name: string;
  /** `changed`: applied, but the file holds other statements now. `missing`: applied, but there is no file. */
  readonly state: 'applied' | 'pending' | 'partly applied' | 'partly reverted' | 'changed' | 'missing';
  readonly appliedAt: Date | null;
}

/** Tells of every migration, in files or in the database, what became of it; oldest first. Changes nothing. */
export async function migrationStatus(database: Database, options: MigrateOptions = {}): Promise<MigrationStatus[]> {
  const { folder = migrationsFolder } = options;
  const names = await migrationNames(folder, database.dialect);
  const applied = new Map((await readApplied(plain(database))).map((row) => [row.name, row]));
  const progress = await readProgress(plain(database));
  const all = [...new Set([...names, ...applied.keys()])].sort();
  return Promise.all(
    all.map(async (name): Promise<MigrationStatus> => {
      const row = applied.get(name);
      if (!row)
        return { name, state: progress.get(name)?.direction === 'up' ? 'partly applied' : 'pending', appliedAt: null };
      const appliedAt = new Date(row.timestamp);
      if (!names.includes(name)) return { name, state: 'missing', appliedAt };
      if (row.direction === 'down') return { name, state: 'partly reverted', appliedAt };
      const { up } = await loadMigration(folder, database.dialect, name);
      return { name, state: row.checksum && row.checksum !== checksum(up) ? 'changed' : 'applied', appliedAt };
    }),
  );
}
