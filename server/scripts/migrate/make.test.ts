import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { col, defineEntity, type Entity } from '#core/entity.ts';
import { makeMigration } from './make.ts';
import { migrationSource } from './migration-source.ts';
import { splitStatements } from './statements.ts';
import { type TestFolder, testFolder } from './testing.ts';

const things = (columns: Entity['columns']): Entity =>
  defineEntity({
    table: 'things',
    columns: { id: col.id(), ...columns },
    scope: { none: 'test' },
    audit: { none: 'test' },
  });

describe('make', () => {
  let folder: TestFolder;
  let clock = Date.UTC(2030, 0, 1);
  const make = (entities: readonly Entity[], renames: Parameters<typeof makeMigration>[0]['renames'] = []) => {
    clock += 1000;
    return makeMigration({ folder: folder.path, entities, name: 'change', renames, now: new Date(clock) });
  };
  const listing = (): string[] => readdirSync(folder.path, { recursive: true }).map(String).sort();

  beforeEach(() => {
    folder = testFolder();
  });
  afterEach(() => folder.remove());

  it('writes a file and a snapshot for each dialect under one name, and nothing when nothing changed', async () => {
    const { files } = await make([things({ name: col.text(20) })]);
    assert.deepEqual(
      files.map((file) => file.split('/')[0]),
      ['sqlite', 'mysql', 'postgresql'],
    );
    assert.equal(new Set(files.map((file) => file.split('/')[1])).size, 1);
    const before = listing();
    assert.deepEqual(await make([things({ name: col.text(20) })]), { files: [], losses: [] });
    assert.deepEqual(listing(), before);
  });

  it('refuses a column that rows could not fill, and writes nothing', async () => {
    await make([things({ name: col.text(20).nullable() })]);
    const before = listing();
    await assert.rejects(make([things({ name: col.text(20).nullable(), code: col.text(9) })]), /things\.code is new/);
    await assert.rejects(make([things({ name: col.text(20) })]), /things\.name took null until now/);
    assert.deepEqual(listing(), before);
  });

  it('never guesses a rename: a column that went is dropped, and it says so', async () => {
    await make([things({ first: col.text(20).nullable() })]);
    const { files, losses } = await make([things({ second: col.text(20).nullable() })]);
    assert.deepEqual(losses, ['drops the column things.first with its values']);
    for (const file of files) {
      const source = readFileSync(join(folder.path, file), 'utf8');
      assert.match(source, /add column|add `second`|add "second"/, file);
      assert.doesNotMatch(source, /rename/, file);
    }
  });

  it('refuses a rename that is none', async () => {
    await make([things({ first: col.text(20).nullable() })]);
    const rename = (from: string, to: string) => [{ table: 'things', from, to }];
    const changed = [things({ second: col.integer().nullable() })];
    await assert.rejects(make(changed, rename('first', 'second')), /differ in type/);
    await assert.rejects(make(changed, rename('other', 'second')), /must be gone from the entity/);
    await assert.rejects(make(changed, [{ table: 'nothing', from: 'a', to: 'b' }]), /no table "nothing"/);
  });

  it('leaves every folder as it was when one of them cannot be written', async () => {
    await make([things({})]);
    const before = listing();
    const snapshot = readFileSync(join(folder.path, 'sqlite/snapshot.json'), 'utf8');
    clock += 1000;
    const stamp = new Date(clock + 1000).toISOString().replace(/\D/g, '').slice(0, 14);
    mkdirSync(join(folder.path, `postgresql/${stamp}_change.ts`));
    await assert.rejects(make([things({ name: col.text(20).nullable() })]), /EISDIR/);
    assert.deepEqual(listing(), [...before, `postgresql/${stamp}_change.ts`].sort());
    assert.equal(readFileSync(join(folder.path, 'sqlite/snapshot.json'), 'utf8'), snapshot);
  });

  it('refuses names that are not in snake case, and a clock behind the newest migration', async () => {
    const entities = [things({})];
    for (const name of ['Initial', '1st', 'a-b', 'a__b', '']) {
      await assert.rejects(makeMigration({ folder: folder.path, entities, name }), /snake case/, name);
    }
    await folder.write('29990101000000_future', ['select 1']);
    await assert.rejects(make(entities), /not after 29990101000000_future/);
  });

  it('refuses foreign keys to nowhere, ids of another type, and defaults that databases write differently', async () => {
    await assert.rejects(make([things({ other_id: col.ref('others') })]), /no entity declares/);
    await assert.rejects(make([things({ other_id: col.textRef('things', 36) })]), /different types/);
    await assert.rejects(make([things({ name: col.text(9).default("it's") })]), /must not hold quotes/);
    await assert.rejects(make([things({}), things({})]), /Two entities/);
  });

  it('is not misled by a folder whose snapshot was lost', async () => {
    await make([things({})]);
    writeFileSync(join(folder.path, 'mysql/snapshot.json'), '');
    await assert.rejects(make([things({})]), SyntaxError);
  });
});

describe('the source of a migration', () => {
  it('holds any statement unchanged', async () => {
    const up = [
      'select 1',
      `select 'it''s', "x"`,
      "update t set a = '\\\\', b = 'line\nend' where c = `d`",
      'é'.repeat(130),
    ];
    const source = migrationSource({ up, down: [] });
    const loaded = await import(
      `data:text/javascript,${encodeURIComponent(source.replaceAll(': readonly string[]', ''))}`
    );
    assert.deepEqual(loaded.up, up);
    assert.deepEqual(loaded.down, []);
  });

  it('is split at the ends of statements, not inside of literals', () => {
    assert.deepEqual(splitStatements("a;\nb 'x;\ny';\n\nc;\n"), ['a', "b 'x;\ny'", 'c']);
    assert.throws(() => splitStatements("a 'open;\nb;\n"), /does not end/);
  });
});
