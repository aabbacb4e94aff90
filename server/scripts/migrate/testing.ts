import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Entity } from '#core/entity.ts';
import { type Database, type Dialect, openDatabase } from '#extensions/database/index.ts';
import { createTestDatabase } from '#extensions/database/testing.ts';
import { dialects } from './make.ts';
import { migrationSource } from './migration-source.ts';

/** A folder for migrations that only a test needs. */
export interface TestFolder {
  readonly path: string;
  /** Writes one migration by hand, the same for every dialect. */
  write(name: string, up: readonly string[], down?: readonly string[]): Promise<void>;
  remove(): void;
}

export function testFolder(): TestFolder {
  const path = mkdtempSync(join(tmpdir(), 'migrations-test-'));
  writeFileSync(join(path, 'package.json'), '{"type":"module"}');
  return {
    path,
    async write(name, up, down = []) {
      for (const dialect of dialects) {
        await mkdir(join(path, dialect), { recursive: true });
        writeFileSync(join(path, dialect, `${name}.ts`), migrationSource({ up, down }));
      }
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** Does `work` on an empty database of its own, which is gone afterwards. */
export async function onTestDatabase(
  dialect: Dialect,
  entities: readonly Entity[],
  work: (database: Database, url: string) => Promise<void>,
): Promise<void> {
  const { url, drop } = await createTestDatabase(dialect);
  const database = await openTestDatabase(url, entities);
  try {
    await work(database, url);
  } finally {
    await database.close();
    await drop();
  }
}

export function openTestDatabase(url: string, entities: readonly Entity[]): Promise<Database> {
  return openDatabase({ url, poolMin: 0, poolMax: 3, acquireTimeoutMs: 5000 }, entities);
}
