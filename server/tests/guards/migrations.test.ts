import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { col } from '#core/entity.ts';
import { loadMigration, migrationNames, migrationsFolder } from '#extensions/database/migration-files.ts';
import { entities } from '#modules/index.ts';
import { dialects, diffAll } from '../../scripts/migrate/make.ts';

describe('the migrations of the repository', () => {
  it('lead to the entities, on every dialect', async () => {
    for (const { dialect, snapshot, diff } of await diffAll(migrationsFolder, entities)) {
      assert.deepEqual(diff.up, [], `npm run migrate -- make <name> is missing for ${dialect}`);
      assert.equal(diff.snapshot, snapshot, dialect);
    }
  });

  it('would be found missing for a new column (the guard bites)', async () => {
    const [first, ...others] = entities;
    const changed = { ...first!, columns: { ...first!.columns, guard_probe: col.text(5).nullable() } };
    for (const { dialect, diff } of await diffAll(migrationsFolder, [changed, ...others])) {
      assert.match(diff.up.join(), /guard_probe/, dialect);
    }
  });

  it('have the same names on every dialect, and each a way up and a way down', async () => {
    const [reference = [], ...others] = await Promise.all(
      dialects.map((dialect) => migrationNames(migrationsFolder, dialect)),
    );
    assert.ok(reference.length > 0);
    for (const names of others) assert.deepEqual(names, reference);
    for (const dialect of dialects) {
      for (const name of reference) {
        const { up, down } = await loadMigration(migrationsFolder, dialect, name);
        assert.ok(up.length > 0 && down.length > 0, `${dialect}/${name}`);
      }
      const strays = readdirSync(join(migrationsFolder, dialect)).filter(
        (entry) => entry !== 'snapshot.json' && !reference.includes(entry.replace(/\.ts$/, '')),
      );
      assert.deepEqual(strays, [], `files in ${dialect} that no migration is made of`);
    }
  });

  it('never switch foreign keys themselves, which SQLite ignores inside a transaction', async () => {
    for (const name of await migrationNames(migrationsFolder, 'sqlite')) {
      const { up, down } = await loadMigration(migrationsFolder, 'sqlite', name);
      assert.doesNotMatch([...up, ...down].join('\n'), /pragma|\bbegin\b|\bcommit\b/i, name);
    }
  });
});
